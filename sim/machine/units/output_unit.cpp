#include "machine/units/output_unit.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

namespace {

/// Part `index` of `parts` of a total, so that all parts add up.
std::int64_t part(std::int64_t total, std::int64_t index, std::int64_t parts) {
    return total * (index + 1) / parts - total * index / parts;
}

}  // namespace

void OutputUnit::reset() {
    blocks_.clear();
    busy_ = computed_ = false;
    chunk_ = chunks_ = 0;
    chunk_begin_ = chunk_end_ = 0;
}

void OutputUnit::receive(const BlockWork& block, Time ready, bool elementwise, Time now) {
    Entry& entry = blocks_.push();
    entry.work = block;
    entry.ready = ready;
    entry.elementwise = elementwise;
    npu_->scheduler->wake(UnitId::output_unit, std::max(ready, now));
}

bool OutputUnit::start(Time now) {
    Entry& entry = blocks_.front();
    if (entry.ready > now) return false;
    const bool no_scales = entry.work.uses_scales && !npu_->scale_loader.next_arrived();
    npu_->observer.set(Flag::output_waits_scales, no_scales, now);
    if (no_scales) return false;
    if (entry.work.uses_scales) npu_->scale_loader.use_next(now);
    busy_ = true;
    computed_ = false;
    chunk_ = 0;
    chunks_ = std::min(std::max<std::int64_t>(1, ceil_div(entry.work.access.bytes, bank_bytes)),
                       std::max<std::int64_t>(1, entry.work.access.bursts));
    chunk_begin_ = now;
    chunk_end_ = now + part(entry.work.cycles, 0, chunks_);
    npu_->observer.set(Flag::output_computes, true, now);
    return true;
}

Time OutputUnit::act(Time now) {
    while (true) {
        if (!busy_) {
            if (blocks_.empty()) return never;
            if (!start(now)) return blocks_.front().ready > now ? blocks_.front().ready : never;
        }
        Entry& entry = blocks_.front();
        if (!computed_) {
            if (chunk_end_ > now) return chunk_end_;
            computed_ = true;
            npu_->observer.interval(UnitId::output_unit,
                                    npu_->kernel_run(entry.work.kernel).operation,
                                    entry.work.number, chunk_begin_, now);
        }
        const bool no_bank =
            npu_->ofm_writer.staged(now) >= staging_banks || npu_->ofm_writer.full();
        npu_->observer.set(Flag::output_computes, !no_bank, now);
        npu_->observer.set(Flag::output_waits_buffer, no_bank, now);
        if (no_bank) {
            npu_->ofm_writer.want_bank(now);
            return never;
        }

        const timing::Access& whole = entry.work.access;
        const bool last = chunk_ + 1 == chunks_;
        npu_->ofm_writer.write(
            {part(whole.bytes, chunk_, chunks_), part(whole.beats, chunk_, chunks_),
             part(whole.bursts, chunk_, chunks_)},
            entry.work, last, last && !entry.elementwise, now);
        computed_ = false;
        if (!last) {
            ++chunk_;
            chunk_begin_ = now;
            chunk_end_ = now + part(entry.work.cycles, chunk_, chunks_);
            continue;
        }
        const KernelRun& run = npu_->kernel_run(entry.work.kernel);
        npu_->operations[run.operation].output_busy += Cycles{entry.work.cycles};
        (bytes_of(run.op->ofm.type) == 1 ? npu_->counters.output_8bit
                                         : npu_->counters.output_16bit) += entry.work.cycles;
        npu_->observer.set(Flag::output_computes, false, now);
        const bool elementwise = entry.elementwise;
        busy_ = false;
        blocks_.pop();
        if (elementwise) npu_->mac_array.free_inputs(now);
    }
}

std::string OutputUnit::describe() const {
    return fmt::format("output_unit has {} blocks, {}", blocks_.size(),
                       !busy_      ? "none begun"
                       : computed_ ? "its chunk waits for a staging bank"
                                   : "one in work");
}

template <class State>
void OutputUnit::pass(State& state) {
    state.ring(blocks_, [&](Entry& entry) {
        entry.work.pass(state);
        state.due(entry.ready);
        state.number(entry.elementwise);
    });
    state.number(busy_);
    if (!busy_) return;
    state.number(computed_);
    state.number(chunk_);
    state.number(chunks_);
    state.due(chunk_end_);
}

template void OutputUnit::pass(StateWriter&);
template void OutputUnit::pass(StateReader&);

}  // namespace u65sim::machine
