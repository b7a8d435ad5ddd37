#include "machine/units/dma.hpp"

#include <algorithm>
#include <cstddef>
#include <variant>

#include <fmt/format.h>

#include "machine/units/state.hpp"
#include "timing/dma_access.hpp"

namespace u65sim::machine {

namespace {

/// The first `index` of `parts` equal parts of a total.
timing::Access share(const timing::Access& whole, std::int64_t index, std::int64_t parts) {
    return {timing::share_of(whole.bytes, index, parts),
            timing::share_of(whole.beats, index, parts),
            timing::share_of(whole.bursts, index, parts)};
}

}  // namespace

void Dma::reset() {
    runs_.clear();
    chunks_.clear();
    writing_ = 0;
}

/// What follows from what the operation is.
void Dma::describe_run(Run& run) const {
    run.op = &std::get<stream::DmaOp>(*ports_.operations[run.operation]);
    const auto access = [&](const stream::DmaEnd& end) {
        return timing::dma_access(
            *run.op, end,
            end.internal ? timing::BusShape{} : ports_.memory.of_region(end.region).rules().bus);
    };
    run.read = access(run.op->source);
    run.write = access(run.op->destination);
    const std::int64_t bursts = std::max(run.read.bursts, run.write.bursts);
    run.chunks =
        std::clamp<std::int64_t>(ceil_div(std::max(run.read.beats, run.write.beats), chunk_beats),
                                 1, std::max<std::int64_t>(1, bursts));
}

void Dma::take_new_operations() {
    while (runs_.size() < ports_.queue.size()) {
        Run& run = runs_.push();
        run.operation = ports_.queue[runs_.size() - 1];
        describe_run(run);
    }
}

/// The operation that chunk `index` of those in flight belongs to, and its number there.
std::pair<Dma::Run&, std::int64_t> Dma::run_of_chunk(std::size_t index) {
    std::size_t run = 0;
    auto position = static_cast<std::int64_t>(index) + runs_[0].done;
    while (position >= runs_[run].chunks) position -= runs_[run++].chunks;
    return {runs_[run], position};
}

/// Asks for a chunk at one end of its operation's copy. `before` is what the chunks before moved.
void Dma::submit(Channel channel, const Run& run, const stream::DmaEnd& end, Transfer& transfer,
                 std::int64_t before, Time now) {
    if (end.internal) {
        transfer.accepted = transfer.done = now;
        return;
    }
    RequestPort& port = ports_.memory.of_region(end.region);
    port.submit(channel, transfer, now);
    if (port.wants_extents()) {
        port.describe(channel, transfer, Extent::of_copy(*run.op, end, before));
    }
}

/// Asks for the next chunk's read, of the oldest operation that has one left.
bool Dma::request(Time now) {
    if (chunks_.full()) return false;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
        Run& run = runs_[i];
        if (run.requested == run.chunks) continue;
        Chunk& chunk = chunks_.push();
        ++run.requested;
        const auto prepare = [&](Transfer& transfer, const timing::Access& all,
                                 timing::Access& before) {
            const timing::Access behind = share(all, run.requested, run.chunks);
            transfer.owner = UnitId::dma;
            transfer.operation = run.operation;
            transfer.awaits_answer = true;
            transfer.access = {behind.bytes - before.bytes, behind.beats - before.beats,
                               behind.bursts - before.bursts};
            before = behind;
        };
        const std::int64_t before = run.read_requested.bursts;
        prepare(chunk.read, run.read, run.read_requested);
        prepare(chunk.write, run.write, run.write_requested);
        submit(Channel::dma_read, run, run.op->source, chunk.read, before, now);
        return true;
    }
    return false;
}

/// Chunks that have been read are written, in order: later ones arrive later.
void Dma::submit_writes(Time now) {
    for (; writing_ < chunks_.size() && chunks_[writing_].read.done <= now; ++writing_) {
        const auto [run, number] = run_of_chunk(writing_);
        submit(Channel::dma_write, run, run.op->destination, chunks_[writing_].write,
               share(run.write, number, run.chunks).bursts, now);
    }
}

/// Takes out chunks whose writes have been answered; true: there were some.
bool Dma::finish_chunks(Time now) {
    bool some = false;
    for (; writing_ > 0 && chunks_.front().write.done <= now; --writing_) {
        Run& run = runs_.front();
        ++run.done;
        chunks_.pop();
        some = true;
        if (run.done == run.chunks) {
            const Time start = ports_.probe.records()[run.operation].start.count();
            ports_.probe.interval(UnitId::dma, run.operation, -1, start, now);
            runs_.pop();
            ports_.queue.finish(now);
        }
    }
    return some;
}

Time Dma::act(Time now) {
    take_new_operations();
    do {
        while (request(now)) {
        }
        submit_writes(now);
    } while (finish_chunks(now));
    ports_.probe.set(Flag::dma_in_flight, !runs_.empty(), now);
    Time next = never;
    if (writing_ < chunks_.size()) next = chunks_[writing_].read.done;
    if (writing_ > 0) next = std::min(next, chunks_.front().write.done);
    return next;
}

std::string Dma::describe() const {
    return fmt::format("dma has {} operations, {} chunks in flight", runs_.size(), chunks_.size());
}

template <class State>
void Dma::pass(State& state) {
    std::size_t index = 0;
    state.ring(runs_, [&](Run& run) {
        if constexpr (State::reading) {
            run.operation = ports_.queue[index++];
            describe_run(run);
        }
        state.number(run.requested);
        state.number(run.done);
        state.access(run.read_requested);
        state.access(run.write_requested);
    });
    state.ring(chunks_, [&](Chunk& chunk) {
        state.transfer(chunk.read);
        state.transfer(chunk.write);
    });
    state.number(writing_);
}

template void Dma::pass(StateWriter&);
template void Dma::pass(StateReader&);

}  // namespace u65sim::machine
