#include "machine/units/dma.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "machine/units/npu.hpp"
#include "machine/units/state.hpp"

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
}

/// Traffic of one end. Inner runs are taken to be aligned like the first.
timing::Access Dma::whole(const stream::DmaEnd& end, const stream::DmaOp& op) const {
    if (end.internal) return {static_cast<std::int64_t>(op.total_bytes()), 0, 0};
    const timing::BusShape& bus = npu_->port_of_region(end.region).rules().bus;
    if (end.packed) {
        return timing::run_access(end.address, static_cast<std::int64_t>(op.total_bytes()), bus);
    }
    return timing::run_access(end.address, static_cast<std::int64_t>(op.length), bus) * op.runs();
}

/// What follows from what the operation is.
void Dma::describe_run(Run& run) const {
    run.op = &npu_->dma_op(run.operation);
    run.read = whole(run.op->source, *run.op);
    run.write = whole(run.op->destination, *run.op);
    const std::int64_t bursts = std::max(run.read.bursts, run.write.bursts);
    run.chunks =
        std::clamp<std::int64_t>(ceil_div(std::max(run.read.beats, run.write.beats), chunk_beats),
                                 1, std::max<std::int64_t>(1, bursts));
}

void Dma::book(const stream::DmaOp& op, OperationRecord& record) const {
    const auto add = [&](const stream::DmaEnd& end, Channel channel) {
        if (end.internal) return;
        const timing::Access access = whole(end, op);
        count(record.ports[static_cast<std::size_t>(npu_->port_index(end.region))], channel,
              access);
        RegionTraffic traffic{end.region, Bytes{static_cast<std::int64_t>(end.address)}, Bytes{0},
                              Bytes{0}};
        (is_write(channel) ? traffic.write_bytes : traffic.read_bytes) = Bytes{access.bytes};
        record.maps.push_back(traffic);
    };
    add(op.source, Channel::dma_read);
    add(op.destination, Channel::dma_write);
}

void Dma::start(std::uint32_t operation, Time now) {
    Run& run = runs_.push();
    run.operation = operation;
    describe_run(run);
    npu_->started(operation, now);
    npu_->scheduler->wake(UnitId::dma, now);
}

/// The operation that chunk `index` of those in flight belongs to.
Dma::Run& Dma::run_of_chunk(std::size_t index) {
    std::size_t run = 0;
    auto position = static_cast<std::int64_t>(index) + runs_[0].done;
    while (position >= runs_[run].chunks) position -= runs_[run++].chunks;
    return runs_[run];
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
        prepare(chunk.read, run.read, run.read_requested);
        prepare(chunk.write, run.write, run.write_requested);
        if (run.op->source.internal) {
            chunk.read.accepted = chunk.read.done = now;
        } else {
            npu_->port_of_region(run.op->source.region).submit(Channel::dma_read, chunk.read, now);
        }
        return true;
    }
    return false;
}

Time Dma::act(Time now) {
    Time next = never;
    bool moved = true;
    while (moved) {
        moved = false;
        next = never;
        while (request(now)) {
        }
        for (std::size_t i = 0; i < chunks_.size(); ++i) {
            Chunk& chunk = chunks_[i];
            if (chunk.writing) continue;
            if (chunk.read.done > now) {
                next = chunk.read.done;
                break;  // later chunks arrive later
            }
            chunk.writing = true;
            const Run& run = run_of_chunk(i);
            if (run.op->destination.internal) {
                chunk.write.accepted = chunk.write.done = now;
            } else {
                npu_->port_of_region(run.op->destination.region)
                    .submit(Channel::dma_write, chunk.write, now);
            }
        }
        while (!chunks_.empty() && chunks_.front().writing && chunks_.front().write.done <= now) {
            Run& run = runs_.front();
            ++run.done;
            chunks_.pop();
            moved = true;
            if (run.done == run.chunks) {
                OperationRecord& record = npu_->operations[run.operation];
                record.end = Cycles{now};
                npu_->observer.interval(UnitId::dma, run.operation, -1, record.start.count(), now);
                runs_.pop();
                npu_->scheduler->wake(UnitId::command_parser, now);
            }
        }
    }
    if (!chunks_.empty() && chunks_.front().writing) {
        next = std::min(next, chunks_.front().write.done);
    }
    npu_->observer.set(Flag::dma_in_flight, !runs_.empty(), now);
    return next;
}

std::string Dma::describe() const {
    return fmt::format("dma has {} operations, {} chunks in flight", runs_.size(), chunks_.size());
}

template <class State>
void Dma::pass(State& state) {
    state.ring(runs_, [&](Run& run) {
        state.operation(run.operation);
        state.content(run.operation);
        if constexpr (State::reading) describe_run(run);
        state.number(run.requested);
        state.number(run.done);
        state.access(run.read_requested);
        state.access(run.write_requested);
    });
    state.ring(chunks_, [&](Chunk& chunk) {
        state.transfer(chunk.read);
        state.transfer(chunk.write);
        state.number(chunk.writing);
    });
}

template void Dma::pass(StateWriter&);
template void Dma::pass(StateReader&);

}  // namespace u65sim::machine
