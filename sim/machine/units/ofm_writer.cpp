#include "machine/units/ofm_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"

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
    npu_->observer.set(Flag::write_in_flight, true, now);
    npu_->port_of_region(run.op->ofm.region).submit(Channel::ofm, chunk.transfer, now);
}

Time OfmWriter::act(Time now) {
    while (staged() > 0 && chunks_[static_cast<std::size_t>(accepted_)].transfer.accepted <= now) {
        const Chunk& chunk = chunks_[static_cast<std::size_t>(accepted_)];
        ++accepted_;
        if (npu_->output_unit.wants_bank()) npu_->scheduler->wake(UnitId::output_unit, now);
        if (chunk.frees) npu_->mac_array.free_accumulators(now);
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
    if (staged() > 0) {
        next = std::min(next, chunks_[static_cast<std::size_t>(accepted_)].transfer.accepted);
    }
    return next;
}

std::string OfmWriter::describe() const {
    return fmt::format("ofm_writer has {} chunks in flight, {} not yet accepted", chunks_.size(),
                       staged());
}

}  // namespace u65sim::machine
