#include "machine/direct/replay_cache.hpp"

#include <algorithm>

namespace u65sim::machine {

namespace {

/// Size of a generation. A current one that exceeds it becomes the previous one, which is dropped.
constexpr std::size_t generation_bytes = std::size_t{16} << 20;

/// The hit rate is judged after so many lookups. Where it is below one in `least_hit_share`, seven
/// times as many runs as made them bypass the cache. Inserting costs about a twelfth of simulating
/// (measured).
constexpr std::uint64_t judged_lookups = 8192;
constexpr std::uint64_t least_hit_share = 10;
constexpr std::uint64_t bypass_factor = 7;

std::size_t bytes_of(const ReplaySegment& segment) {
    constexpr std::size_t overhead = 128;  // of maps and allocations, about
    return sizeof segment + overhead + segment.commands.size() * sizeof(CommandDigest) +
           segment.changes.size() * sizeof(Change) + segment.demand[0].bytes() +
           segment.demand[1].bytes() +
           (segment.end_state.size() + segment.end_grants.size()) * sizeof(std::int32_t);
}

/// The end of a stream does not show to a run that asks for less than is left.
bool same_words(const ReplaySegment& segment, std::int64_t left, std::int64_t piece) {
    const std::int64_t seen = segment.words_requested + piece;
    return left == segment.words_left || (left >= seen && segment.words_left >= seen);
}

}  // namespace

bool ReplayCache::wants_run() {
    const std::lock_guard lock(mutex_);
    if (recent_lookups_ >= judged_lookups) {
        if (recent_hits_ * least_hit_share < recent_lookups_) {
            runs_to_skip_ = bypass_factor * recent_runs_;
        }
        recent_lookups_ = recent_hits_ = recent_runs_ = 0;
    }
    if (runs_to_skip_ > 0) {
        --runs_to_skip_;
        return false;
    }
    ++recent_runs_;
    return true;
}

void ReplayCache::count(bool is_hit) {
    ++lookups;
    if (is_hit) ++hits;
    const std::lock_guard lock(mutex_);
    ++recent_lookups_;
    if (is_hit) ++recent_hits_;
}

bool ReplayCache::wants_free_segments() {
    constexpr std::uint64_t judged_runs = 64;
    const std::lock_guard lock(mutex_);
    if (++free_runs_ >= judged_runs) {
        free_runs_ /= 2;
        doubtful_runs_ /= 2;
    }
    return doubtful_runs_ * 8 <= free_runs_;
}

void ReplayCache::count_doubtful_run() {
    const std::lock_guard lock(mutex_);
    ++doubtful_runs_;
}

std::shared_ptr<const ReplaySegment> ReplayCache::find(const StateKey& state, const Rest& rest) {
    const std::span<const CommandDigest> commands = rest.commands;
    const auto fits = [&](const Entry& one) {
        const std::size_t seen = one->commands.size();
        const bool saw_the_end = seen == one->executed;
        return (saw_the_end ? seen == commands.size() : seen <= commands.size()) &&
               std::equal(one->commands.begin(), one->commands.end(), commands.begin()) &&
               same_words(*one, rest.words_left, rest.words_a_piece);
    };
    const std::lock_guard lock(mutex_);
    for (Map* map : {&current_, &previous_}) {
        const auto place = map->find(state);
        if (place == map->end()) continue;
        auto& all = place->second;
        const auto found = std::find_if(all.begin(), all.end(), fits);
        if (found == all.end()) continue;
        Entry segment = *found;
        if (map == &previous_) {
            all.erase(found);
            if (all.empty()) previous_.erase(place);
            add(state, segment);
        }
        return segment;
    }
    return nullptr;
}

void ReplayCache::insert(const StateKey& state, ReplaySegment segment) {
    auto entry = std::make_shared<const ReplaySegment>(std::move(segment));
    const std::lock_guard lock(mutex_);
    add(state, std::move(entry));
}

void ReplayCache::add(const StateKey& state, Entry segment) {
    current_bytes_ += bytes_of(*segment);
    current_[state].push_back(std::move(segment));
    if (current_bytes_ <= generation_bytes) return;
    previous_ = std::exchange(current_, {});
    current_bytes_ = 0;
}

}  // namespace u65sim::machine
