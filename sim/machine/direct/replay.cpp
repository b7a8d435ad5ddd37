#include "machine/direct/replay.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/hash.hpp"
#include "machine/direct/command_digest.hpp"
#include "machine/memory/bandwidth_cap.hpp"

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

/// With what caps have granted.
StateKey key_of(const StateKey& state, std::span<const std::int32_t> grants) {
    LongHasher hasher;
    hasher.append(&state, sizeof state);
    hasher.append(grants.data(), grants.size_bytes());
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

Replay::Replay(Npu& npu, ReplayCache& cache, const std::vector<stream::Command>& commands,
               bool takes_free)
    : npu_(&npu),
      cache_(&cache),
      takes_free_(takes_free),
      commands_(digests_of(commands, npu.channels.hardware.target)),
      writer_(of_operations(commands_, npu.channels.probe.records())) {}

/// The first operation that something may still happen to.
std::int64_t Replay::oldest_record() const {
    std::int64_t oldest = npu_->units.parser.next_operation();
    if (npu_->channels.kernels.issued() > 0) {
        oldest = std::min(oldest, npu_->channels.kernels.oldest_operation());
    }
    return std::min(oldest, npu_->channels.dmas.oldest_operation(oldest));
}

template <class Each, class EachTime>
void Replay::visit(std::int64_t first, std::int64_t last, const Each& each, const EachTime& time) {
    npu_->channels.probe.for_each_sum(each);
    npu_->units.axi0.for_each_sum(each);
    npu_->units.axi1.for_each_sum(each);
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

void Replay::begin(const Boundary& boundary, Time now) {
    Beginning& beginning = beginning_;
    beginning.valid = true;
    beginning.boundary = boundary;
    for (BandwidthCap* cap : caps()) cap->watch(now);
    beginning.time = now;
    beginning.words_left = npu_->units.parser.words_left();
    beginning.command = npu_->units.parser.next_command();
    beginning.kernels = npu_->channels.kernels.issued();
    beginning.operations = npu_->units.parser.next_operation();
    beginning.events = events_;
    beginning.first_record = oldest_record();
    beginning.sums.clear();
    visit(
        beginning.first_record, beginning.operations,
        [&](const auto& sum) { beginning.sums.push_back(value_of(sum)); },
        [&](const Cycles& time) { beginning.sums.push_back(time.count()); });
}

/// What the segment that ends now has changed.
void Replay::insert(const StateKey& end, Time now) {
    const Beginning& beginning = beginning_;
    ReplaySegment segment;
    const std::size_t next = npu_->units.parser.next_command();
    const std::size_t behind = std::min(next + 1, commands_.size());
    segment.commands.assign(commands_.begin() + static_cast<std::ptrdiff_t>(beginning.command),
                            commands_.begin() + static_cast<std::ptrdiff_t>(behind));
    segment.words_left = beginning.words_left;
    segment.words_requested = beginning.words_left - npu_->units.parser.words_left();
    segment.duration = now - beginning.time;
    segment.executed = next - beginning.command;
    segment.kernels = npu_->channels.kernels.issued() - beginning.kernels;
    segment.operations = npu_->units.parser.next_operation() - beginning.operations;
    segment.events = events_ - beginning.events;
    segment.first_record = beginning.first_record - beginning.operations;
    segment.end = end;
    keep_caps(segment);
    changes_.clear();
    std::uint32_t index = 0;
    // Records behind those of the beginning began with nothing in them.
    const auto before = [&] {
        return index < beginning.sums.size() ? beginning.sums[index] : std::int64_t{0};
    };
    visit(
        beginning.first_record, npu_->units.parser.next_operation(),
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
    const Boundary& from = beginning.boundary;
    if (segment.is_free) {
        cache_->insert(from.state, std::move(segment));
    } else if (from.with_grants) {
        cache_->insert(*from.with_grants, std::move(segment));
    }
}

/// The end of a segment, and what it asked of caps: one that none held up fits where they have
/// granted other beats, too.
void Replay::keep_caps(ReplaySegment& segment) const {
    const std::span<const std::int32_t> words = writer_.words();
    const auto state = words.first(state_words_);
    segment.end_state.assign(state.begin(), state.end());
    const auto all = caps();
    segment.is_free =
        takes_free_ && !beginning_.boundary.is_known && all[0]->was_free() && all[1]->was_free();
    if (segment.is_free) segment.demand = {all[0]->demand(), all[1]->demand()};
    segment.from_grants = beginning_.boundary.with_grants;
    if (!segment.from_grants) return;
    const auto grants = words.subspan(state_words_);
    segment.end_grants.assign(grants.begin(), grants.end());
}

void Replay::apply(const ReplaySegment& segment, Time now) {
    const std::int64_t next = npu_->units.parser.next_operation();
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
    npu_->units.parser.skip(segment.executed, segment.operations, segment.words_requested);
    events_ += segment.events;
}

bool Replay::is_as_simulated(const ReplaySegment& segment, const Boundary& boundary) {
    return segment.from_grants && segment.from_grants == boundary.with_grants;
}

void Replay::apply_to_caps(const ReplaySegment& segment, const Boundary& from, Time end) {
    const bool is_known = is_as_simulated(segment, from);
    StateReader reader{segment.end_grants, base(end)};
    for (BandwidthCap* cap : caps()) {
        if (!is_known) {
            cap->count(end);
        } else if (!segment.finishes()) {
            cap->pass(reader);
        }
    }
}

bool Replay::caps_pass(const ReplaySegment& segment, Time now) const {
    const auto all = caps();
    return all[0]->passes(segment.demand[0], now) && all[1]->passes(segment.demand[1], now);
}

/// The segment that follows, first of those that no cap held up.
std::shared_ptr<const ReplaySegment> Replay::find(Boundary& boundary, Time now) {
    const CommandParser& parser = npu_->units.parser;
    const ReplayCache::Rest rest{std::span{commands_}.subspan(parser.next_command()),
                                 parser.words_left(), parser.words_a_piece()};
    std::shared_ptr<const ReplaySegment> segment;
    boundary.with_grants = with_grants(boundary.state, now);
    if (takes_free_) segment = cache_->find(boundary.state, rest);
    if (segment != nullptr && !is_as_simulated(*segment, boundary) && !caps_pass(*segment, now)) {
        boundary.is_known = true;
        segment = nullptr;
    }
    if (segment == nullptr && boundary.with_grants) {
        segment = cache_->find(*boundary.with_grants, rest);
    }
    cache_->count(segment != nullptr);
    return segment;
}

StateBase Replay::base(Time now) const {
    return {now, npu_->channels.kernels.issued(), npu_->units.parser.next_operation(),
            npu_->channels.weights.requested()};
}

StateKey Replay::write_state(Time now) {
    writer_.begin(base(now));
    if (!npu_->finished()) npu_->pass(writer_);
    state_words_ = writer_.words().size();
    const StateKey key = key_of(writer_.words());
    for (BandwidthCap* cap : caps()) cap->pass(writer_);
    return key;
}

/// None where it is not known for certain what caps have granted.
std::optional<StateKey> Replay::with_grants(const StateKey& state, Time now) {
    writer_.begin(base(now));
    for (BandwidthCap* cap : caps()) {
        if (!cap->is_certain(now)) return std::nullopt;
        cap->pass(writer_);
    }
    return key_of(state, writer_.words());
}

bool Replay::is_doubtful() const {
    const auto all = caps();
    return all[0]->is_doubtful() || all[1]->is_doubtful();
}

void Replay::at_boundary(Time& now, Time limit) {
    Probe& probe = npu_->channels.probe;
    probe.settle(now);
    kernels_ = npu_->channels.kernels.issued();
    Boundary boundary{write_state(now)};
    if (beginning_.valid && writer_.complete() && !is_doubtful()) insert(boundary.state, now);
    beginning_.valid = false;
    if (!writer_.complete() || npu_->finished()) {
        for (BandwidthCap* cap : caps()) cap->watch_no_more();
        probe.resume(now);
        return;
    }

    std::shared_ptr<const ReplaySegment> last;
    while (const auto segment = find(boundary, now)) {
        if (limit - now < segment->duration) break;
        apply(*segment, now);
        now += segment->duration;
        apply_to_caps(*segment, boundary, now);
        boundary = {segment->end, {}, false};
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
            {now, npu_->channels.kernels.issued(), npu_->units.parser.next_operation(), 0}};
        npu_->pass(reader);
    }
    begin(boundary, now);
    probe.resume(now);
}

}  // namespace u65sim::machine
