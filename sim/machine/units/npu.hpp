// The NPU as a whole, free of any kernel: whoever carries it calls act() for the unit that is due.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/channels/channels.hpp"
#include "machine/units/scheduler.hpp"
#include "machine/units/units.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// One machine of channels and units, which are somebody else's.
class Npu {
public:
    Npu(Scheduler& clock, Channels& between, const Units& of)
        : scheduler(clock), channels(between), units(of) {}
    Npu(const Npu&) = delete;
    Npu& operator=(const Npu&) = delete;

    /// Prepares a run of `commands`, which must outlive it; all units are to be woken at cycle 0.
    /// `words` is the stream's length, which the parser fetches. Throws InvalidConfig or
    /// InvalidStream. `ports` is what Channels::reset() takes.
    void load(const std::vector<stream::Command>& commands, std::int64_t words,
              const Target& target, const SimulateOptions& options, const PortMap* ports = nullptr);
    /// Lets one unit act at cycle `now`; returns when it next wants to.
    Time act(UnitId unit, Time now);
    [[nodiscard]] bool finished() const { return units.parser.finished(); }
    [[nodiscard]] Time finish_time() const { return units.parser.finish_time(); }
    /// All that its future depends on but the commands not yet executed and what caps have granted,
    /// for writing or reading. The probe's sums must be settled; when reading, the base says what
    /// was issued.
    template <class State>
    void pass(State& state);
    /// All commands have been executed by `now`, and all sums are settled.
    void finish_settled(Time now);
    /// PMU events by name, counted up to `now`, which no unit has passed.
    [[nodiscard]] std::vector<std::pair<std::string, std::int64_t>> counters(Time now);
    /// What the run measured. Only after it finished.
    Simulation result(std::uint64_t events);
    /// Which unit waits on what at `now`, when no unit is to act before.
    [[nodiscard]] std::string describe(Time now) const;

    Scheduler& scheduler;
    Channels& channels;
    Units units;
};

}  // namespace u65sim::machine
