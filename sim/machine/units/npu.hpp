// The NPU's units put together, free of any kernel: whoever carries it calls act() and wake().
#pragma once

#include <array>
#include <string>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/units/axi_port.hpp"
#include "machine/units/command_parser.hpp"
#include "machine/units/dma.hpp"
#include "machine/units/ifm_loader.hpp"
#include "machine/units/kernel_run.hpp"
#include "machine/units/mac_array.hpp"
#include "machine/units/observer.hpp"
#include "machine/units/ofm_writer.hpp"
#include "machine/units/output_unit.hpp"
#include "machine/units/scale_loader.hpp"
#include "machine/units/weight_loader.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::machine {

/// Everything the units share. Each unit changes only its own part and the queues it feeds.
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
    /// The observer's sums must be settled; when reading, the base says what was issued.
    template <class State>
    void pass(State& state);
    /// All commands have been executed by `now`, and all sums are settled.
    void finish_settled(Time now);
    /// What the run measured. Only after it finished.
    Simulation result(std::uint64_t events);
    /// Which unit waits on what at `now`, when no unit is to act before.
    [[nodiscard]] std::string describe(Time now) const;

    /// The run of kernel number `kernel` (counted in issue order); two are outstanding at most, the
    /// one before them stays readable.
    KernelRun& kernel_run(std::int64_t kernel) {
        return kernel_runs[static_cast<std::size_t>(kernel) % kernel_runs.size()];
    }
    /// Fills in what follows from the command of a run's operation.
    void describe_run(KernelRun& run) const;
    /// The DMA that an operation is.
    [[nodiscard]] const stream::DmaOp& dma_op(std::uint32_t operation) const;
    AxiPort& port_of_region(int region) { return port_index(region) == 0 ? axi0 : axi1; }
    AxiPort& port_of_commands() {
        return u65sim::port_of_commands(target.memory_mode) == 0 ? axi0 : axi1;
    }
    [[nodiscard]] int port_index(int region) const {
        return region_ports_[static_cast<std::size_t>(region)];
    }
    /// Counts traffic of an operation.
    void count(std::uint32_t operation, int port, Channel channel, const timing::Access& access);
    /// First data of an operation moved.
    void started(std::uint32_t operation, Time now);
    /// Record of the oldest unfinished kernel, issued or not, or the last; negative: none issued.
    [[nodiscard]] std::int64_t oldest_kernel() const;
    /// All blocks of `kernel` are written.
    void kernel_finished(std::int64_t kernel, Time now);

    Scheduler* scheduler;
    Target target;
    Architecture arch{};
    std::vector<OperationRecord> operations;
    std::vector<std::int64_t> operation_of_kernel;  ///< kernels in stream order
    std::array<KernelRun, 4> kernel_runs;
    std::int64_t kernels_issued = 0;
    std::int64_t kernels_finished = 0;

    Observer observer;
    CommandParser parser;
    IfmLoader ifm_loader;
    WeightLoader weight_loader;
    ScaleLoader scale_loader;
    MacArray mac_array;
    OutputUnit output_unit;
    OfmWriter ofm_writer;
    Dma dma;
    AxiPort axi0, axi1;

    /// Work counters for PMU events.
    struct Counters {
        std::int64_t mac_8bit = 0, mac_16bit = 0, mac_32bit = 0, output_8bit = 0, output_16bit = 0;
    } counters;

private:
    void add_record(const stream::Command& command, std::uint32_t index);
    [[nodiscard]] const stream::Action& action_of(std::uint32_t operation) const;

    const std::vector<stream::Command>* commands_ = nullptr;
    std::array<int, 8> region_ports_{};
};

}  // namespace u65sim::machine
