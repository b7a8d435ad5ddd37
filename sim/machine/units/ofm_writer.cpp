#include "machine/units/ofm_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

void OfmWriter::reset() {
    chunks_.clear();
    accepted_ = 0;
}

void OfmWriter::write(const timing::Access& access, const BlockWork& block, bool last, bool frees,
                      Time now) {
    Chunk& chunk = chunks_.push();
    const KernelRun& run = npu_->kernel_run(block.kernel);
    chunk.transfer.owner = UnitId::ofm_writer;
    chunk.transfer.operation = run.operation;
    chunk.transfer.access = access;
    chunk.transfer.block = block.number;
    chunk.kernel = block.kernel;
    chunk.last = last;
    chunk.frees = frees;
    chunk.transfer.awaits_answer = !last;
    npu_->observer.set(Flag::write_in_flight, true, now);
    npu_->port_of_region(run.op->ofm.region).submit(Channel::ofm, chunk.transfer, now);
}

/// Sees which chunks have left their staging banks; true: some have.
bool OfmWriter::take_accepted(Time now) {
    const std::int64_t before = accepted_;
    while (accepted_ < static_cast<std::int64_t>(chunks_.size())) {
        const Chunk& chunk = chunks_[static_cast<std::size_t>(accepted_)];
        if (chunk.transfer.accepted > now) break;
        ++accepted_;
        if (chunk.frees) npu_->mac_array.free_accumulators(now);
    }
    return accepted_ > before;
}

std::int64_t OfmWriter::staged(Time now) {
    take_accepted(now);
    return static_cast<std::int64_t>(chunks_.size()) - accepted_;
}

void OfmWriter::want_bank(Time now) {
    if (staged(now) == 0) return;
    Transfer& next = chunks_[static_cast<std::size_t>(accepted_)].transfer;
    next.awaits_answer = false;
    if (next.accepted != never) npu_->scheduler->wake(UnitId::ofm_writer, next.accepted);
}

Time OfmWriter::act(Time now) {
    if (take_accepted(now) && npu_->output_unit.wants_bank()) {
        npu_->scheduler->wake(UnitId::output_unit, now);
    }
    const Time completion = npu_->target.timing.block_completion.count();
    const auto complete = [&](const Chunk& chunk) {
        if (chunk.transfer.done == never) return never;
        return chunk.transfer.done + (chunk.last ? completion : 0);
    };
    while (accepted_ > 0 && complete(chunks_.front()) <= now) {
        const Chunk& chunk = chunks_.front();
        if (chunk.last) {
            KernelRun& run = npu_->kernel_run(chunk.kernel);
            ++run.blocks_done;
            if (run.blocks_done == run.blocks) npu_->kernel_finished(chunk.kernel, now);
            npu_->scheduler->wake(UnitId::ifm_loader, now);
        }
        if (full() && npu_->output_unit.wants_bank()) {
            npu_->scheduler->wake(UnitId::output_unit, now);
        }
        --accepted_;
        chunks_.pop();
    }
    npu_->observer.set(Flag::write_in_flight, !chunks_.empty(), now);
    Time next = never;
    if (accepted_ > 0) next = complete(chunks_.front());
    Time left = 0;  // they leave in order, whichever port each takes
    for (auto i = static_cast<std::size_t>(accepted_); i < chunks_.size(); ++i) {
        const Transfer& transfer = chunks_[i].transfer;
        left = std::max(left, transfer.accepted);
        next = std::min(next, transfer.awaits_answer ? std::max(left, transfer.done) : left);
    }
    return next;
}

std::string OfmWriter::describe() const {
    return fmt::format("ofm_writer has {} chunks in flight, {} not yet accepted", chunks_.size(),
                       static_cast<std::int64_t>(chunks_.size()) - accepted_);
}

template <class State>
void OfmWriter::pass(State& state) {
    state.ring(chunks_, [&](Chunk& chunk) {
        state.transfer(chunk.transfer);
        state.kernel(chunk.kernel);
        state.number(chunk.last);
        if (chunk.last) state.time(chunk.transfer.done);  // its block is complete later
        state.number(chunk.frees);
    });
    state.number(accepted_);
}

template void OfmWriter::pass(StateWriter&);
template void OfmWriter::pass(StateReader&);

}  // namespace u65sim::machine
