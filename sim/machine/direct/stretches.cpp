#include "machine/direct/stretches.hpp"

#include <algorithm>

namespace u65sim::machine {

namespace {

/// Half of what may be kept. When so much is young, all that is old goes and the young is old.
constexpr std::size_t most_young = std::size_t{8} << 20;

/// Where not one in so many is known of so many stretches, so many times the runs that they were of
/// are left alone. Keeping costs a twelfth of simulating, about (measured).
constexpr std::uint64_t enough_to_judge = 8192;
constexpr std::uint64_t least_known = 10;
constexpr std::uint64_t skipped = 7;

std::size_t bytes_of(const Stretch& stretch) {
    constexpr std::size_t overhead = 128;  // of maps and allocations, about
    return sizeof stretch + overhead + stretch.commands.size() * sizeof(CommandDigest) +
           stretch.changes.size() * sizeof(Change) +
           stretch.end_state.size() * sizeof(std::int32_t);
}

/// The end of a stream does not show to a run that asks for less than is left.
bool same_words(const Stretch& stretch, std::int64_t left, std::int64_t piece) {
    const std::int64_t seen = stretch.words_asked + piece;
    return left == stretch.words_left || (left >= seen && stretch.words_left >= seen);
}

}  // namespace

bool Stretches::wants_run() {
    const std::lock_guard lock(mutex_);
    if (lately_asked_ >= enough_to_judge) {
        if (lately_known_ * least_known < lately_asked_) runs_to_skip_ = skipped * lately_runs_;
        lately_asked_ = lately_known_ = lately_runs_ = 0;
    }
    if (runs_to_skip_ > 0) {
        --runs_to_skip_;
        return false;
    }
    ++lately_runs_;
    return true;
}

std::shared_ptr<const Stretch> Stretches::find(const StateKey& state,
                                               std::span<const CommandDigest> commands,
                                               std::int64_t words_left,
                                               std::int64_t words_a_piece) {
    const auto fits = [&](const Known& one) {
        const std::size_t seen = one->commands.size();
        const bool saw_the_end = seen == one->executed;
        return (saw_the_end ? seen == commands.size() : seen <= commands.size()) &&
               std::equal(one->commands.begin(), one->commands.end(), commands.begin()) &&
               same_words(*one, words_left, words_a_piece);
    };
    ++asked;
    const std::lock_guard lock(mutex_);
    ++lately_asked_;
    for (Map* map : {&young_, &old_}) {
        const auto place = map->find(state);
        if (place == map->end()) continue;
        auto& all = place->second;
        const auto found = std::find_if(all.begin(), all.end(), fits);
        if (found == all.end()) continue;
        ++lately_known_;
        Known stretch = *found;
        if (map == &old_) {
            all.erase(found);
            if (all.empty()) old_.erase(place);
            keep(state, stretch);
        }
        return stretch;
    }
    return nullptr;
}

void Stretches::insert(const StateKey& state, Stretch stretch) {
    auto known_now = std::make_shared<const Stretch>(std::move(stretch));
    const std::lock_guard lock(mutex_);
    keep(state, std::move(known_now));
}

void Stretches::keep(const StateKey& state, Known stretch) {
    young_bytes_ += bytes_of(*stretch);
    young_[state].push_back(std::move(stretch));
    if (young_bytes_ <= most_young) return;
    old_ = std::exchange(young_, {});
    young_bytes_ = 0;
}

}  // namespace u65sim::machine
