// What units tell of their work: gives every cycle one cause, keeps records and counters.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// What units do or wait for, in the order in which the machine's cause is chosen.
enum class Flag : std::uint8_t {
    mac_computes,
    output_computes,
    mac_waits_weights,
    output_waits_scales,
    mac_waits_ifm,
    output_waits_buffer,
    write_in_flight,
    loader_waits_blockdep,
    parser_waits_kernel,  ///< limit of outstanding kernels
    loader_waits_layout,
    parser_waits_dma,
    parser_waits_dma_slot,
    parser_waits_kernels,
    parser_waits_words,
    mac_waits_accumulator,
    mac_works,  ///< a job is in the MAC array, computing or waiting for its weights
    weights_in_flight,
    ifm_in_flight,
    scales_in_flight,
    dma_in_flight,
    weights_wait_buffer,
};
inline constexpr std::size_t flag_count = static_cast<std::size_t>(Flag::weights_wait_buffer) + 1;
/// "unit.state"
std::string_view to_string(Flag flag);

class Probe {
public:
    /// Starts a run. `records` are those of its operations, in stream order, with what is known of
    /// them before.
    void reset(bool timeline, std::vector<OperationRecord> records);

    // What happens to an operation.
    void issued(std::uint32_t operation, std::int64_t blocks, Time now) {
        records_[operation].issue = Cycles{now};
        records_[operation].blocks = blocks;
    }
    /// Its first data is moved; later calls change nothing.
    void started(std::uint32_t operation, Time now) {
        OperationRecord& record = records_[operation];
        if (record.start.count() == 0) record.start = Cycles{now};
    }
    void ended(std::uint32_t operation, Time now) { records_[operation].end = Cycles{now}; }
    /// The MAC array was in a job for `time` cycles, and computed for `cycles` of them.
    void mac_worked(std::uint32_t operation, int element_bytes, std::int64_t cycles, Time time) {
        records_[operation].mac_busy += Cycles{cycles};
        (element_bytes == 1   ? work_.mac_8bit
         : element_bytes == 2 ? work_.mac_16bit
                              : work_.mac_32bit) += time;
    }
    void output_worked(std::uint32_t operation, int element_bytes, std::int64_t cycles) {
        records_[operation].output_busy += Cycles{cycles};
        (element_bytes == 1 ? work_.output_8bit : work_.output_16bit) += cycles;
    }
    /// Traffic of an operation, for its unit to count in.
    PortTraffic& traffic(std::uint32_t operation, int port) {
        return records_[operation].ports[static_cast<std::size_t>(port)];
    }
    /// Traffic of an operation's maps: IFM, IFM2 if there is one, OFM.
    std::vector<RegionTraffic>& maps(std::uint32_t operation) { return records_[operation].maps; }

    [[nodiscard]] std::vector<OperationRecord>& records() { return records_; }
    [[nodiscard]] const std::vector<OperationRecord>& records() const { return records_; }
    /// Cycles by element size, for PMU events.
    struct Work {
        std::int64_t mac_8bit = 0, mac_16bit = 0, mac_32bit = 0, output_8bit = 0, output_16bit = 0;
    };
    [[nodiscard]] const Work& work() const { return work_; }

    void set(Flag flag, bool on, Time now) {
        const auto bit = std::uint32_t{1} << static_cast<unsigned>(flag);
        if (((flags_ & bit) != 0) == on) return;
        flags_ ^= bit;
        times_[static_cast<std::size_t>(flag)] += on ? -now : now;
        const int cause = std::countr_zero((flags_ & cause_flags) | no_cause);
        if (cause == cause_) return;
        account(now);
        cause_ = cause;
    }
    /// The oldest unfinished kernel from now on; negative: none yet.
    void set_oldest(std::int64_t operation, Time now);
    /// Completes all sums at the end of a run.
    void finish(Time now);
    /// Brings all sums up to `now`; resume() before anything else is observed.
    void settle(Time now);
    void resume(Time now);
    /// All sums are settled, and no flag is up.
    void restart(Time now) {
        flags_ = 0;
        cause_ = cause_count;
        last_ = now;
    }
    /// What its future depends on, for writing or reading, while its sums are settled.
    template <class State>
    void pass(State& state) {
        state.number(flags_);
        if constexpr (State::reading) {
            cause_ = std::countr_zero((flags_ & cause_flags) | no_cause);
            last_ = state.base().now;
        }
    }
    /// Calls `each` with every sum but those of records.
    template <class Each>
    void for_each_sum(const Each& each) {
        for (Cycles& cycles : causes_) each(cycles);
        for (std::int64_t& cycles : times_) each(cycles);
        for (std::int64_t* cycles : {&work_.mac_8bit, &work_.mac_16bit, &work_.mac_32bit,
                                     &work_.output_8bit, &work_.output_16bit}) {
            each(*cycles);
        }
    }

    [[nodiscard]] const CauseCycles& causes() const { return causes_; }
    /// Cycles in which the flag was up.
    [[nodiscard]] std::int64_t time(Flag flag) const {
        return times_[static_cast<std::size_t>(flag)];
    }
    /// Keeps that a unit was at work, if anybody wants to know. Touching intervals of the same work
    /// become one; what overlaps an earlier one of the same track is cut off.
    void interval(const Interval& work) {
        if (timeline_wanted_) keep(work);
    }
    /// The same for a unit that moves no data itself.
    void interval(UnitId unit, std::uint32_t operation, std::int32_t block, Time start, Time end) {
        interval({.unit = static_cast<std::uint16_t>(unit),
                  .operation = operation,
                  .block = block,
                  .start = Cycles{start},
                  .end = Cycles{end}});
    }
    /// A unit's request, granted at `now` by one of the two ports, has all its times. Those of one
    /// cycle are kept port by port, whichever acted first.
    void request(int port, const Interval& work, Time now) {
        if (now != granted_at_) keep_granted();
        granted_at_ = now;
        granted_[static_cast<std::size_t>(port)].push_back(work);
    }
    [[nodiscard]] bool is_up(Flag flag) const {
        return (flags_ >> static_cast<unsigned>(flag) & 1U) != 0;
    }
    /// Record of the oldest unfinished kernel; negative: none yet.
    [[nodiscard]] std::int64_t oldest() const { return oldest_; }
    [[nodiscard]] bool wants_timeline() const { return timeline_wanted_; }
    /// Everything kept, by unit, direction and start. Only after the run.
    [[nodiscard]] std::vector<Interval> take_timeline();

private:
    /// Flags up to this one can be the machine's cause.
    static constexpr unsigned cause_count = static_cast<unsigned>(Flag::parser_waits_words) + 1;
    static constexpr std::uint32_t no_cause = std::uint32_t{1} << cause_count;
    static constexpr std::uint32_t cause_flags = no_cause - 1;
    void account(Time now);
    void keep(const Interval& work);
    void keep_granted();

    std::uint32_t flags_ = 0;
    int cause_ = 0;  ///< the lowest flag that is up and can be one, or behind them all
    Time last_ = 0;  ///< cycles before it have been given their cause
    std::int64_t oldest_ = -1;
    CauseCycles causes_{};
    /// Cycles in which each flag was up; less the cycle since which, for those that are.
    std::array<std::int64_t, flag_count> times_{};
    std::vector<OperationRecord> records_;
    Work work_;
    bool timeline_wanted_ = false;
    std::array<std::vector<Interval>, 2 * unit_count> tracks_;  ///< by unit and direction
    Time granted_at_ = -1;
    std::array<std::vector<Interval>, 2> granted_;  ///< requests of that cycle, by port
};

}  // namespace u65sim::machine
