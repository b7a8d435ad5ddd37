#include "machine/units/mac_array.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/state.hpp"

namespace u65sim::machine {

void MacArray::reset() {
    busy_ = false;
    executed_ = available_ = 0;
    since_ = until_ = started_ = 0;
    computing_since_ = never;
}

/// Follows whether the array computes or its job waits for weights.
inline void MacArray::note_computing(bool computes, Time now) {
    if (computes == (computing_since_ != never)) return;
    if (computes) {
        computing_since_ = now;
        return;
    }
    const Job& job = ports_.input.oldest_job();
    ports_.probe.interval(UnitId::mac_array, ports_.kernels.run(job.kernel).operation,
                          job.block_number, computing_since_, now);
    computing_since_ = never;
}

/// What arrives while a job is in the array is seen when it is done.
inline void MacArray::set_busy(bool busy, Time now) {
    busy_ = busy;
    ports_.input.set_mac_busy(busy);
    ports_.accumulators.set_mac_busy(busy);
    ports_.probe.set(Flag::mac_works, busy, now);
}

/// More weights would let it go on at once. Those that come while it computes are seen when it has
/// used up the ones before.
inline void MacArray::wait_for_weights(bool waits, Time now) {
    ports_.weights.set_wanted(waits);
    ports_.probe.set(Flag::mac_waits_weights, waits, now);
}

Time MacArray::act(Time now) {
    while (true) {
        if (!busy_) {
            if (!start(now)) {
                if (!ports_.input.has_job()) return never;
                const Time loaded = ports_.input.next_job().loaded();
                return std::min(loaded > now ? loaded : never,
                                ports_.weights.wanted() ? ports_.weights.next_arrival() : never);
            }
            continue;
        }
        if (now < until_) return until_;
        // Advance by what has been possible, then see how far the weights allow to go.
        const Job& job = ports_.input.oldest_job();
        executed_ = std::min(available_, executed_ + (now - since_));
        since_ = now;
        const std::int64_t share = job.weight_end - job.weight_begin;
        const std::int64_t arrived =
            std::min(ports_.weights.arrived(now), job.weight_end) - job.weight_begin;
        available_ = arrived >= share ? job.mac_cycles : job.mac_cycles * arrived / share;
        if (executed_ == job.mac_cycles && arrived >= share) {
            finish(now);
            continue;
        }
        const bool computes = executed_ < available_;
        ports_.probe.set(Flag::mac_computes, computes, now);
        wait_for_weights(!computes, now);
        note_computing(computes, now);
        if (!computes) return ports_.weights.next_arrival();
        if (arrived < share) look_ahead(job, now);
        until_ = now + (available_ - executed_);
        return until_;
    }
}

/// Weights on their way whose arrival is known let the job go on without looking again.
void MacArray::look_ahead(const Job& job, Time now) {
    const std::int64_t share = job.weight_end - job.weight_begin;
    while (available_ < job.mac_cycles) {
        const auto arrival = ports_.weights.arrived_by(now + (available_ - executed_));
        const std::int64_t arrived = arrival.bytes - job.weight_begin;
        const bool all = arrived >= share;
        const std::int64_t available = all ? job.mac_cycles : job.mac_cycles * arrived / share;
        if ((!all && !arrival.certain) || available <= available_) return;
        available_ = available;
    }
}

/// Takes the next job if all it needs is there.
bool MacArray::start(Time now) {
    Probe& probe = ports_.probe;
    IfmBuffer& input = ports_.input;
    if (!input.has_job()) {
        probe.set(Flag::mac_waits_ifm, false, now);
        wait_for_weights(false, now);
        return false;
    }
    Job& job = input.next_job();
    const bool no_input = job.loaded() > now;
    probe.set(Flag::mac_waits_ifm, no_input, now);
    if (job.elementwise) return start_elementwise(job, no_input, now);
    const std::int64_t share = job.weight_end - job.weight_begin;
    const std::int64_t arrived = ports_.weights.arrived(now) - job.weight_begin;
    const bool no_weights = share > 0 && arrived <= 0;
    const bool no_accumulators = job.first_of_block && ports_.accumulators.all_used();
    wait_for_weights(no_weights, now);
    probe.set(Flag::mac_waits_accumulator, no_accumulators && !no_input && !no_weights, now);
    if (no_input || no_weights || no_accumulators) return false;

    input.take_job();
    if (job.first_of_block) ports_.accumulators.take();
    if (share > 0) ports_.weights.consume_to(job.weight_end, now);
    set_busy(true, now);
    executed_ = 0;
    available_ = 0;
    started_ = now;
    since_ = until_ = now + job.start_cycles;
    return true;
}

/// Elementwise blocks go on to the output unit, which frees their input.
bool MacArray::start_elementwise(Job& job, bool no_input, Time now) {
    ports_.weights.set_wanted(false);
    if (no_input) return false;
    ports_.input.take_job();
    ports_.output.add(job.block, now + job.start_cycles, true, now);
    return true;
}

void MacArray::finish(Time now) {
    Job& job = ports_.input.oldest_job();
    const KernelRun& run = ports_.kernels.run(job.kernel);
    ports_.probe.mac_worked(run.operation, bytes_of(run.op->ifm.type), job.mac_cycles,
                            now - started_);
    note_computing(false, now);
    ports_.probe.set(Flag::mac_computes, false, now);
    ports_.probe.set(Flag::mac_waits_weights, false, now);
    set_busy(false, now);
    if (job.last_of_block) {
        const Time delay = ports_.hardware.target.timing.block_output_delay.count();
        ports_.output.add(job.block, now + delay, false, now);
    }
    ports_.input.free_job(now);
}

std::string MacArray::describe() const {
    return fmt::format("mac_array is {}, {} of {} accumulator buffers in use",
                       busy_ ? "in a job" : "idle", ports_.accumulators.used(),
                       Accumulators::buffers);
}

template <class State>
void MacArray::pass(State& state) {
    state.number(busy_);
    if constexpr (State::reading) computing_since_ = never;  // timelines are not kept with states
    if (!busy_) return;
    state.number(executed_);
    state.number(available_);
    state.time(since_);
    state.due(until_);
    state.time(started_);
}

template void MacArray::pass(StateWriter&);
template void MacArray::pass(StateReader&);

}  // namespace u65sim::machine
