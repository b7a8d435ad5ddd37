#include "machine/units/mac_array.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

void MacArray::reset() {
    busy_ = waits_weights_ = false;
    accumulators_used_ = 0;
    executed_ = available_ = 0;
    since_ = until_ = started_ = 0;
    computing_since_ = never;
}

/// Follows whether the array computes or its job waits for weights.
void MacArray::note_computing(bool computes, Time now) {
    if (computes == (computing_since_ != never)) return;
    if (computes) {
        computing_since_ = now;
        return;
    }
    const Job& job = npu_->ifm_loader.oldest_job();
    npu_->observer.interval(UnitId::mac_array, npu_->kernel_run(job.kernel).operation,
                            job.block_number, computing_since_, now);
    computing_since_ = never;
}

void MacArray::free_accumulators(Time now) {
    --accumulators_used_;
    if (!busy_) npu_->scheduler->wake(UnitId::mac_array, now);
}

void MacArray::free_inputs(Time now) { npu_->ifm_loader.free_job(now); }

Time MacArray::act(Time now) {
    Observer& observer = npu_->observer;
    while (true) {
        if (!busy_) {
            if (!start(now)) {
                if (!npu_->ifm_loader.has_job()) return never;
                const Time loaded = npu_->ifm_loader.next_job().loaded();
                return std::min(loaded > now ? loaded : never,
                                waits_weights_ ? npu_->weight_loader.next_arrival() : never);
            }
            continue;
        }
        if (now < until_) return until_;
        // Advance by what has been possible, then see how far the weights allow to go.
        const Job& job = npu_->ifm_loader.oldest_job();
        executed_ = std::min(available_, executed_ + (now - since_));
        since_ = now;
        const std::int64_t share = job.weight_end - job.weight_begin;
        const std::int64_t arrived =
            std::min(npu_->weight_loader.arrived(now), job.weight_end) - job.weight_begin;
        available_ = arrived >= share ? job.mac_cycles : job.mac_cycles * arrived / share;
        if (executed_ == job.mac_cycles && arrived >= share) {
            finish(now);
            continue;
        }
        const bool computes = executed_ < available_;
        observer.set(Flag::mac_computes, computes, now);
        observer.set(Flag::mac_waits_weights, !computes, now);
        waits_weights_ = !computes;
        note_computing(computes, now);
        if (!computes) return npu_->weight_loader.next_arrival();
        if (arrived < share) look_ahead(job, now);
        until_ = now + (available_ - executed_);
        return until_;
    }
}

/// Weights on their way whose arrival is known let the job go on without looking again.
void MacArray::look_ahead(const Job& job, Time now) {
    const std::int64_t share = job.weight_end - job.weight_begin;
    while (available_ < job.mac_cycles) {
        const auto arrival = npu_->weight_loader.arrived_by(now + (available_ - executed_));
        const std::int64_t arrived = arrival.bytes - job.weight_begin;
        const bool all = arrived >= share;
        const std::int64_t available = all ? job.mac_cycles : job.mac_cycles * arrived / share;
        if ((!all && !arrival.certain) || available <= available_) return;
        available_ = available;
    }
}

/// Takes the next job if all it needs is there; elementwise blocks go on to the output unit.
bool MacArray::start(Time now) {
    Observer& observer = npu_->observer;
    IfmLoader& loader = npu_->ifm_loader;
    if (!loader.has_job()) {
        observer.set(Flag::mac_waits_ifm, false, now);
        observer.set(Flag::mac_waits_weights, false, now);
        waits_weights_ = false;
        return false;
    }
    Job& job = loader.next_job();
    const bool no_input = job.loaded() > now;
    observer.set(Flag::mac_waits_ifm, no_input, now);
    if (job.elementwise) {
        waits_weights_ = false;
        if (no_input) return false;
        loader.take_job();
        npu_->output_unit.receive(job.block, now + job.start_cycles, true, now);
        return true;
    }
    const std::int64_t share = job.weight_end - job.weight_begin;
    const std::int64_t arrived = npu_->weight_loader.arrived(now) - job.weight_begin;
    const bool no_weights = share > 0 && arrived <= 0;
    const bool no_accumulators = job.first_of_block && accumulators_used_ == accumulator_buffers;
    waits_weights_ = no_weights;
    observer.set(Flag::mac_waits_weights, no_weights, now);
    observer.set(Flag::mac_waits_accumulator, no_accumulators && !no_input && !no_weights, now);
    if (no_input || no_weights || no_accumulators) return false;

    loader.take_job();
    if (job.first_of_block) ++accumulators_used_;
    if (share > 0) npu_->weight_loader.consume_to(job.weight_end, now);
    busy_ = true;
    executed_ = 0;
    available_ = 0;
    started_ = now;
    since_ = until_ = now + job.start_cycles;
    observer.set(Flag::mac_works, true, now);
    return true;
}

void MacArray::finish(Time now) {
    Observer& observer = npu_->observer;
    Job& job = npu_->ifm_loader.oldest_job();
    const KernelRun& run = npu_->kernel_run(job.kernel);
    npu_->operations[run.operation].mac_busy += Cycles{job.mac_cycles};
    switch (bytes_of(run.op->ifm.type)) {
        case 1:
            npu_->counters.mac_8bit += now - started_;
            break;
        case 2:
            npu_->counters.mac_16bit += now - started_;
            break;
        default:
            npu_->counters.mac_32bit += now - started_;
    }
    note_computing(false, now);
    observer.set(Flag::mac_computes, false, now);
    observer.set(Flag::mac_waits_weights, false, now);
    observer.set(Flag::mac_works, false, now);
    busy_ = false;
    if (job.last_of_block) {
        npu_->output_unit.receive(job.block, now + npu_->target.timing.block_output_delay.count(),
                                  false, now);
    }
    npu_->ifm_loader.free_job(now);
}

std::string MacArray::describe() const {
    return fmt::format("mac_array is {}, {} of {} accumulator buffers in use",
                       busy_ ? "in a job" : "idle", accumulators_used_, accumulator_buffers);
}

template <class State>
void MacArray::pass(State& state) {
    state.number(busy_);
    state.number(waits_weights_);
    state.number(accumulators_used_);
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
