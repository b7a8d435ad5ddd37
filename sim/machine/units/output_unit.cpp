#include "machine/units/output_unit.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/rounding.hpp"
#include "machine/units/state.hpp"

namespace u65sim::machine {

namespace {

/// Part `index` of `parts` of a total, so that all parts add up.
std::int64_t part(std::int64_t total, std::int64_t index, std::int64_t parts) {
    return total * (index + 1) / parts - total * index / parts;
}

}  // namespace

void OutputUnit::reset() {
    computed_ = false;
    chunk_ = chunks_ = 0;
    chunk_begin_ = chunk_end_ = 0;
}

/// Begins the oldest block if it may and its scale records are there.
bool OutputUnit::start(Time now) {
    const BlockQueue::Entry& entry = ports_.blocks.front();
    if (entry.ready > now) return false;
    const bool no_scales = entry.work.uses_scales && !ports_.scales.next_arrived();
    ports_.probe.set(Flag::output_waits_scales, no_scales, now);
    if (no_scales) return false;
    if (entry.work.uses_scales) ports_.scales.use_next(now);
    ports_.blocks.begin_front();
    const timing::Access& whole = entry.work.access;
    chunk_ = 0;
    chunks_ = std::min(std::max<std::int64_t>(1, ceil_div(whole.bytes, OfmStaging::bank_bytes)),
                       std::max<std::int64_t>(1, whole.bursts));
    begin_chunk(now);
    ports_.probe.set(Flag::output_computes, true, now);
    return true;
}

inline void OutputUnit::begin_chunk(Time now) {
    computed_ = false;
    chunk_begin_ = now;
    chunk_end_ = now + part(ports_.blocks.front().work.cycles, chunk_, chunks_);
}

/// Puts the current chunk into a staging bank and asks for its write.
void OutputUnit::write_chunk(Time now) {
    const BlockQueue::Entry& entry = ports_.blocks.front();
    const KernelRun& run = ports_.kernels.run(entry.work.kernel);
    const timing::Access& whole = entry.work.access;
    OfmStaging::Chunk& chunk = ports_.staging.add();
    chunk.kernel = entry.work.kernel;
    chunk.last = chunk_ + 1 == chunks_;
    chunk.frees = chunk.last && !entry.elementwise;
    Transfer& transfer = chunk.transfer;
    transfer.owner = UnitId::ofm_writer;
    transfer.operation = run.operation;
    transfer.block = entry.work.number;
    transfer.access = {part(whole.bytes, chunk_, chunks_), part(whole.beats, chunk_, chunks_),
                       part(whole.bursts, chunk_, chunks_)};
    transfer.awaits_answer = !chunk.last;
    ports_.probe.set(Flag::write_in_flight, true, now);
    RequestPort& port = ports_.memory.of_region(run.op->ofm.region);
    port.submit(Channel::ofm, transfer, now);
    if (port.wants_extents()) {
        port.describe(Channel::ofm, transfer,
                      Extent::of_box(run.op->ofm, run.traversal.block(entry.work.number),
                                     whole.bursts * chunk_ / chunks_));
    }
}

/// The oldest block's last chunk has left.
void OutputUnit::finish(Time now) {
    const BlockQueue::Entry& entry = ports_.blocks.front();
    const KernelRun& run = ports_.kernels.run(entry.work.kernel);
    ports_.probe.output_worked(run.operation, bytes_of(run.op->ofm.type), entry.work.cycles);
    ports_.probe.set(Flag::output_computes, false, now);
    const bool elementwise = entry.elementwise;
    ports_.blocks.pop();
    if (elementwise) ports_.input.free_job(now);
}

Time OutputUnit::act(Time now) {
    while (true) {
        if (!ports_.blocks.begun()) {
            if (ports_.blocks.empty()) return never;
            if (!start(now)) {
                const Time ready = ports_.blocks.front().ready;
                return ready > now ? ready : never;
            }
        }
        if (!computed_) {
            if (chunk_end_ > now) return chunk_end_;
            computed_ = true;
            const BlockWork& work = ports_.blocks.front().work;
            ports_.probe.interval(UnitId::output_unit, ports_.kernels.run(work.kernel).operation,
                                  work.number, chunk_begin_, now);
        }
        const bool no_bank = !ports_.staging.has_bank(now);
        ports_.probe.set(Flag::output_computes, !no_bank, now);
        ports_.probe.set(Flag::output_waits_buffer, no_bank, now);
        if (no_bank) {
            ports_.staging.want_bank(now);
            return never;
        }
        write_chunk(now);
        if (++chunk_ < chunks_) {
            begin_chunk(now);
        } else {
            finish(now);
        }
    }
}

std::string OutputUnit::describe() const {
    return fmt::format("output_unit has {} blocks, {}", ports_.blocks.size(),
                       !ports_.blocks.begun() ? "none begun"
                       : computed_            ? "its chunk waits for a staging bank"
                                              : "one in work");
}

template <class State>
void OutputUnit::pass(State& state) {
    if (!ports_.blocks.begun()) return;
    state.number(computed_);
    state.number(chunk_);
    state.number(chunks_);
    state.due(chunk_end_);
}

template void OutputUnit::pass(StateWriter&);
template void OutputUnit::pass(StateReader&);

}  // namespace u65sim::machine
