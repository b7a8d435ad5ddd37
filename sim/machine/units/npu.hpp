// The NPU's units put together, free of any kernel: whoever carries it calls act() and wake().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/channels/channels.hpp"
#include "machine/units/axi_port.hpp"
#include "machine/units/command_parser.hpp"
#include "machine/units/dma.hpp"
#include "machine/units/ifm_loader.hpp"
#include "machine/units/mac_array.hpp"
#include "machine/units/ofm_writer.hpp"
#include "machine/units/output_unit.hpp"
#include "machine/units/scale_loader.hpp"
#include "machine/units/scheduler.hpp"
#include "machine/units/weight_loader.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// All units, each joined to the channels that its Ports name. No unit knows another.
class Npu {
public:
    explicit Npu(Scheduler& scheduler);
    Npu(const Npu&) = delete;
    Npu& operator=(const Npu&) = delete;

    /// Prepares a run of `commands`, which must outlive it; all units are to be woken at cycle 0.
    /// `words` is the stream's length, which the parser fetches. Throws InvalidConfig or
    /// InvalidStream.
    void load(const std::vector<stream::Command>& commands, std::int64_t words,
              const Target& target, const SimulateOptions& options);
    /// Lets one unit act at cycle `now`; returns when it next wants to.
    Time act(UnitId unit, Time now);
    [[nodiscard]] bool finished() const { return parser.finished(); }
    [[nodiscard]] Time finish_time() const { return parser.finish_time(); }
    /// All that its future depends on but the commands not yet executed, for writing or reading.
    /// The probe's sums must be settled; when reading, the base says what was issued.
    template <class State>
    void pass(State& state);
    /// All commands have been executed by `now`, and all sums are settled.
    void finish_settled(Time now);
    /// What the run measured. Only after it finished.
    Simulation result(std::uint64_t events);
    /// Which unit waits on what at `now`, when no unit is to act before.
    [[nodiscard]] std::string describe(Time now) const;

    Scheduler& scheduler;
    Channels channels;

    CommandParser parser;
    IfmLoader ifm_loader;
    WeightLoader weight_loader;
    ScaleLoader scale_loader;
    MacArray mac_array;
    OutputUnit output_unit;
    OfmWriter ofm_writer;
    Dma dma;
    AxiPort axi0, axi1;
};

}  // namespace u65sim::machine
