#include "machine/direct/replay.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/hash.hpp"
#include "machine/direct/command_digest.hpp"

namespace u65sim::machine {

namespace {

std::vector<CommandDigest> of_operations(const std::vector<CommandDigest>& commands,
                                         const std::vector<OperationRecord>& operations) {
    std::vector<CommandDigest> digests;
    digests.reserve(operations.size());
    for (const OperationRecord& record : operations) {
        digests.push_back(commands[record.command_index]);
    }
    return digests;
}

StateKey key_of(std::span<const std::int32_t> state) {
    LongHasher hasher;
    hasher.append(state.data(), state.size_bytes());
    const auto [first, second] = hasher.digest();
    return {first, second};
}

std::int64_t value_of(std::int64_t number) { return number; }
std::int64_t value_of(std::uint64_t number) { return static_cast<std::int64_t>(number); }
template <class Kind>
std::int64_t value_of(const Quantity<Kind>& quantity) {
    return quantity.count();
}

template <class Number>
void add_to(Number& number, std::int64_t by) {
    number = Number(value_of(number) + by);
}

}  // namespace

Replay::Replay(Npu& npu, ReplayCache& cache, const std::vector<stream::Command>& commands)
    : npu_(&npu),
      cache_(&cache),
      commands_(digests_of(commands, npu.channels.hardware.target)),
      writer_(of_operations(commands_, npu.channels.probe.records())) {}

/// The first operation that something may still happen to.
std::int64_t Replay::oldest_record() const {
    std::int64_t oldest = npu_->parser.next_operation();
    if (npu_->channels.kernels.issued() > 0) {
        oldest = std::min(oldest, npu_->channels.kernels.oldest_operation());
    }
    return std::min(oldest, npu_->channels.dmas.oldest_operation(oldest));
}

template <class Each, class EachTime>
void Replay::visit(std::int64_t first, std::int64_t last, const Each& each, const EachTime& time) {
    npu_->channels.probe.for_each_sum(each);
    npu_->axi0.for_each_sum(each);
    npu_->axi1.for_each_sum(each);
    for (std::int64_t i = first; i < last; ++i) {
        OperationRecord& record = npu_->channels.probe.records()[static_cast<std::size_t>(i)];
        for (Cycles* cycle : {&record.issue, &record.start, &record.end}) time(*cycle);
        if (record.is_dma) continue;  // its traffic was counted at load
        each(record.mac_busy);
        each(record.output_busy);
        each(record.blocks);
        for (PortTraffic& traffic : record.ports) for_each_number(traffic, each);
        for (Cycles& cycles : record.causes) each(cycles);
        for (RegionTraffic& map : record.maps) {
            each(map.read_bytes);
            each(map.write_bytes);
        }
    }
}

void Replay::begin(const StateKey& key, Time now) {
    Beginning& beginning = beginning_;
    beginning.valid = true;
    beginning.key = key;
    beginning.time = now;
    beginning.words_left = npu_->parser.words_left();
    beginning.command = npu_->parser.next_command();
    beginning.kernels = npu_->channels.kernels.issued();
    beginning.operations = npu_->parser.next_operation();
    beginning.events = events_;
    beginning.first_record = oldest_record();
    beginning.sums.clear();
    visit(
        beginning.first_record, beginning.operations,
        [&](const auto& sum) { beginning.sums.push_back(value_of(sum)); },
        [&](const Cycles& time) { beginning.sums.push_back(time.count()); });
}

/// What the segment that ends now has changed.
void Replay::insert(const StateKey& end, std::span<const std::int32_t> state, Time now) {
    const Beginning& beginning = beginning_;
    ReplaySegment segment;
    const std::size_t next = npu_->parser.next_command();
    const std::size_t behind = std::min(next + 1, commands_.size());
    segment.commands.assign(commands_.begin() + static_cast<std::ptrdiff_t>(beginning.command),
                            commands_.begin() + static_cast<std::ptrdiff_t>(behind));
    segment.words_left = beginning.words_left;
    segment.words_requested = beginning.words_left - npu_->parser.words_left();
    segment.duration = now - beginning.time;
    segment.executed = next - beginning.command;
    segment.kernels = npu_->channels.kernels.issued() - beginning.kernels;
    segment.operations = npu_->parser.next_operation() - beginning.operations;
    segment.events = events_ - beginning.events;
    segment.first_record = beginning.first_record - beginning.operations;
    segment.end = end;
    segment.end_state.assign(state.begin(), state.end());
    changes_.clear();
    std::uint32_t index = 0;
    // Records behind those of the beginning began with nothing in them.
    const auto before = [&] {
        return index < beginning.sums.size() ? beginning.sums[index] : std::int64_t{0};
    };
    visit(
        beginning.first_record, npu_->parser.next_operation(),
        [&](const auto& sum) {
            const std::int64_t by = value_of(sum) - before();
            if (by != 0) changes_.push_back({index, by});
            ++index;
        },
        [&](const Cycles& time) {
            if (time.count() != before()) {
                changes_.push_back({index, time.count() - beginning.time});
            }
            ++index;
        });
    segment.changes = changes_;
    cache_->insert(beginning.key, std::move(segment));
}

void Replay::apply(const ReplaySegment& segment, Time now) {
    const std::int64_t next = npu_->parser.next_operation();
    auto change = segment.changes.begin();
    std::uint32_t index = 0;
    const auto next_change = [&]() -> const Change* {
        const bool here = change != segment.changes.end() && change->index == index;
        ++index;
        return here ? &*change++ : nullptr;
    };
    visit(
        next + segment.first_record, next + segment.operations,
        [&](auto& sum) {
            if (const Change* changed = next_change()) add_to(sum, changed->by);
        },
        [&](Cycles& time) {
            if (const Change* changed = next_change()) time = Cycles{now + changed->by};
        });
    npu_->channels.kernels.skip(segment.kernels);
    npu_->parser.skip(segment.executed, segment.operations, segment.words_requested);
    events_ += segment.events;
}

void Replay::at_boundary(Time& now, Time limit) {
    Probe& probe = npu_->channels.probe;
    probe.settle(now);
    kernels_ = npu_->channels.kernels.issued();
    writer_.begin({now, npu_->channels.kernels.issued(), npu_->parser.next_operation(),
                   npu_->channels.weights.requested()});
    if (!npu_->finished()) npu_->pass(writer_);
    StateKey key = key_of(writer_.words());
    if (beginning_.valid && writer_.complete()) insert(key, writer_.words(), now);
    beginning_.valid = false;
    if (!writer_.complete() || npu_->finished()) {
        probe.resume(now);
        return;
    }

    std::shared_ptr<const ReplaySegment> last;
    const std::span<const CommandDigest> all{commands_};
    while (const auto segment =
               cache_->find(key, all.subspan(npu_->parser.next_command()),
                            npu_->parser.words_left(), npu_->parser.words_a_piece())) {
        if (limit - now < segment->duration) break;
        ++cache_->hits;
        apply(*segment, now);
        now += segment->duration;
        key = segment->end;
        last = segment;
        if (segment->finishes()) break;
    }
    if (last != nullptr) {
        kernels_ = npu_->channels.kernels.issued();
        npu_->scheduler.jump(now);
        if (last->finishes()) {
            npu_->finish_settled(now);
            return;
        }
        StateReader reader{
            last->end_state,
            {now, npu_->channels.kernels.issued(), npu_->parser.next_operation(), 0}};
        npu_->pass(reader);
    }
    begin(key, now);
    probe.resume(now);
}

}  // namespace u65sim::machine
