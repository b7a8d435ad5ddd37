// Steps of make_report, each joining one kind of thing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/report.hpp>

namespace u65sim::report {

/// The label of every operation record, in the records' order; null where the stream's producer
/// left none.
std::vector<const CommandLabel*> labels_of(const CompiledNetwork& network,
                                           const Simulation& simulation);

struct OperatorRows {
    std::vector<OperatorReport> rows;
    std::vector<std::int32_t> row_of;  ///< of every operation record
};

/// One row an operator, in order of first issue; one row a kernel where there are no labels, the
/// DMAs before it counted with it.
OperatorRows operator_rows(const Simulation& simulation,
                           const std::vector<const CommandLabel*>& labels,
                           std::int64_t peak_macs_per_cycle);

/// Gives each row its operator's bound, and what keeps it from there.
void add_bounds(std::vector<OperatorReport>& rows, const LowerBound& bound);

/// The cycles charged to an operation: those in which it was the oldest unfinished kernel. Without
/// gap from a segment's first kernel on; none for DMAs.
struct Charge {
    Cycles start{0}, end{0};
};
std::vector<Charge> charged_cycles(const Simulation& simulation);

/// Buffers in memory, constants aside, with the cycles between which each place was theirs.
std::vector<LiveRange> live_ranges(const CompiledNetwork& network, const Target& target,
                                   const Simulation& simulation,
                                   const std::vector<const CommandLabel*>& labels);

/// What each unit did when; empty when the simulation kept no timeline.
Timeline timeline(const Simulation& simulation, const std::vector<std::int32_t>& row_of);

/// Feature maps in DRAM, with when they were first written and the traffic they caused.
std::vector<SpillEvent> spill_events(const CompiledNetwork& network, const Simulation& simulation,
                                     const std::vector<const CommandLabel*>& labels);

/// What traffic cost `crowded`: `alone` is the same network's report without it.
Contention contention(const Report& crowded, const Report& alone);

/// Puts the NPU's time and its range into the whole inference.
void set_npu_time(WholeInference& inference, double ms, double low_ms, double high_ms);

/// What the figures take for granted, as sentences.
std::vector<std::string> assumptions(const CompiledNetwork& network, const Target& target,
                                     double host_ms);

/// Hash of what runs: command streams and constants.
std::uint64_t content_hash(const CompiledNetwork& network);

/// Of so many cycles at a clock; 0 where there is none.
double milliseconds(Cycles cycles, Hertz clock);

/// Driver calls and CPU operators of one inference, milliseconds.
double host_time_ms(const CompiledNetwork& network, const HostTime& host);

}  // namespace u65sim::report
