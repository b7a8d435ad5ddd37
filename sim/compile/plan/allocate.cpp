#include "compile/plan/allocate.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <queue>
#include <random>

namespace u65sim::compiler {

namespace {

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max() / 2;

std::int64_t align(std::int64_t value) {
    return (value + allocation_alignment - 1) / allocation_alignment * allocation_alignment;
}

std::int64_t top_of(std::span<const Lifetime> items) {
    std::int64_t top = 0;
    for (const auto& item : items) {
        if (item.is_placed()) top = std::max(top, item.offset + item.size);
    }
    return top;
}

/// For each item the bytes of all that meet it, itself included.
std::vector<std::int64_t> alive_during(std::span<const Lifetime> items) {
    // What began by its end, less what ended before it began.
    using Sums = std::vector<std::pair<std::int32_t, std::int64_t>>;
    const auto sums = [&](std::int32_t Lifetime::*time) {
        Sums all;
        for (const auto& item : items) {
            if (item.first <= item.last) all.emplace_back(item.*time, align(item.size));
        }
        std::sort(all.begin(), all.end());
        for (std::size_t i = 1; i < all.size(); ++i) all[i].second += all[i - 1].second;
        return all;
    };
    const auto until = [](const Sums& all, std::int32_t time) {  // up to and with `time`
        const auto behind =
            std::upper_bound(all.begin(), all.end(), time,
                             [](std::int32_t at, const auto& entry) { return at < entry.first; });
        return behind == all.begin() ? 0 : std::prev(behind)->second;
    };
    const Sums begun = sums(&Lifetime::first);
    const Sums ended = sums(&Lifetime::last);
    std::vector<std::int64_t> result;
    for (const auto& item : items) {
        result.push_back(until(begun, item.last) - until(ended, item.first - 1));
    }
    return result;
}

/// Lowest aligned offset for `size` bytes between taken ranges, which are in any order.
std::int64_t lowest_gap(std::span<const std::pair<std::int64_t, std::int64_t>> taken,
                        std::int64_t size) {
    std::int64_t at = 0;
    // Nothing below the end of a range that stands in the way is free.
    for (bool moved = true; moved;) {
        moved = false;
        for (const auto& [begin, end] : taken) {
            if (at + size <= begin || end <= at) continue;
            at = align(end);
            moved = true;
        }
    }
    return at;
}

/// Indices of items by the time they begin.
std::vector<std::uint32_t> by_start(std::span<const Lifetime> items) {
    std::vector<std::uint32_t> order(items.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return items[a].first < items[b].first;
    });
    return order;
}

/// Free ranges of a memory without end, the lowest first.
class FreeRanges {
public:
    void take(std::int64_t begin, std::int64_t end) {
        auto range = begins_.upper_bound(begin);
        if (range != begins_.begin()) --range;
        while (range != begins_.end() && range->first < end) {
            const auto [from, to] = *range;
            range = begins_.erase(range);
            if (from < begin) begins_.emplace(from, std::min(begin, to));
            if (to > end) range = begins_.emplace(std::max(end, from), to).first;
        }
    }
    void give(std::int64_t begin, std::int64_t end) {
        auto range = begins_.emplace(begin, end).first;
        const auto behind = std::next(range);
        if (behind != begins_.end() && behind->first == end) {
            range->second = behind->second;
            begins_.erase(behind);
        }
        if (range == begins_.begin()) return;
        const auto before = std::prev(range);
        if (before->second != begin) return;
        before->second = range->second;
        begins_.erase(range);
    }
    /// Takes the lowest that is large enough; -1: none below `limit`.
    std::int64_t find(std::int64_t size, std::int64_t limit) {
        for (const auto& [begin, end] : begins_) {
            if (begin + size > limit) return -1;
            if (end - begin < size) continue;
            const std::int64_t at = begin;
            take(at, at + size);
            return at;
        }
        return -1;
    }

private:
    std::map<std::int64_t, std::int64_t> begins_{{0, no_limit}};  ///< and ends
};

}  // namespace

bool has_room_for_two(std::span<const Lifetime> items, std::int32_t time, std::int64_t size,
                      std::int64_t limit) {
    std::vector<Lifetime> there;
    std::copy_if(items.begin(), items.end(), std::back_inserter(there), [&](const Lifetime& item) {
        return item.is_placed() && item.first <= time && time <= item.last;
    });
    std::sort(there.begin(), there.end(),
              [](const Lifetime& a, const Lifetime& b) { return a.offset < b.offset; });
    there.push_back({0, time, time, limit});
    std::int64_t from = 0, room = 0;
    for (const Lifetime& item : there) {
        room += std::max<std::int64_t>(0, item.offset - from) / size;
        from = std::max(from, align(item.offset + item.size));
    }
    return room >= 2;
}

bool is_crowded(std::span<const Lifetime> items) {
    constexpr std::size_t most_pairs = 4'000'000;
    std::vector<std::int32_t> starts;
    for (const auto& item : items) starts.push_back(item.first);
    std::sort(starts.begin(), starts.end());
    std::size_t pairs = 0;
    for (const auto& item : items) {
        // Those that begin while it lives.
        const auto from = std::lower_bound(starts.begin(), starts.end(), item.first);
        const auto to = std::upper_bound(starts.begin(), starts.end(), item.last);
        if (from < to) pairs += static_cast<std::size_t>(to - from);
    }
    return pairs > most_pairs;
}

void place_by_time(std::span<Lifetime> items, std::int64_t limit) {
    FreeRanges free;
    for (const auto& item : items) {
        if (item.is_placed()) free.take(item.offset, align(item.offset + item.size));
    }
    using End = std::pair<std::int32_t, std::uint32_t>;
    std::priority_queue<End, std::vector<End>, std::greater<>> alive;
    for (const std::uint32_t i : by_start(items)) {
        Lifetime& item = items[i];
        for (; !alive.empty() && alive.top().first < item.first; alive.pop()) {
            const Lifetime& past = items[alive.top().second];
            free.give(past.offset, past.offset + std::max(align(past.size), allocation_alignment));
        }
        if (item.is_placed()) continue;
        const std::int64_t size = std::max(align(item.size), allocation_alignment);
        item.offset = free.find(size, limit);
        if (item.is_placed()) alive.emplace(item.last, i);
    }
}

Packer::Packer(std::span<Lifetime> items) : items_(items) {
    using Pair = std::pair<std::uint32_t, std::uint32_t>;
    std::vector<Pair> pairs;
    pairs.reserve(items.size() * 4);
    begins_.assign(items.size() + 1, 0);
    const std::vector<std::uint32_t> starts = by_start(items);
    for (std::size_t turn = 0; turn < starts.size(); ++turn) {
        const std::uint32_t i = starts[turn];
        for (std::size_t later = turn + 1; later < starts.size(); ++later) {
            const std::uint32_t j = starts[later];
            if (items[j].first > items[i].last) break;
            if (!items[i].meets(items[j])) continue;
            pairs.emplace_back(i, j);
            ++begins_[i + 1];
            ++begins_[j + 1];
        }
    }
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    meets_.resize(begins_.back());
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    for (const auto& [i, j] : pairs) {
        meets_[next[i]++] = j;
        meets_[next[j]++] = i;
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        std::sort(meets_.begin() + static_cast<std::ptrdiff_t>(begins_[i]),
                  meets_.begin() + static_cast<std::ptrdiff_t>(begins_[i + 1]));
    }
}

template <class Before>
std::int64_t Packer::find(std::size_t item, std::int64_t limit, Before before) {
    taken_.clear();
    for (const auto other : beside(item)) {
        const Lifetime& there = items_[other];
        if (!there.is_placed() || !before(other)) continue;
        taken_.emplace_back(there.offset, there.offset + there.size);
    }
    const std::int64_t at = lowest_gap(taken_, items_[item].size);
    return at + items_[item].size <= limit ? at : -1;
}

void Packer::place(std::span<const std::size_t> order, std::int64_t limit) {
    for (const auto item : order) {
        const std::int64_t at = find(item, limit, [](std::size_t) { return true; });
        if (at >= 0) items_[item].offset = at;
    }
}

bool Packer::advance(std::span<const Lifetime> known, const Turns& turns, std::size_t from,
                     std::size_t to, std::int64_t limit) {
    for (std::size_t i = 0; i < known.size(); ++i) items_[i].offset = known[i].offset;
    const std::size_t moved = turns.order[from];
    const auto before = [&](std::size_t turn) {
        return [&, turn = static_cast<std::int64_t>(turn)](std::size_t other) {
            return turns.of[other] < turn || other == moved;
        };
    };
    items_[moved].offset = find(moved, limit, before(to));
    if (!items_[moved].is_placed()) return false;
    // Only what stands beside something that moved can move itself.
    pushed_.assign(items_.size(), false);
    const auto push = [&](std::size_t item) {
        for (const auto other : beside(item)) pushed_[other] = true;
    };
    push(moved);
    for (std::size_t turn = to; turn < turns.order.size(); ++turn) {
        const std::size_t item = turns.order[turn];
        if (!pushed_[item] || item == moved) continue;
        items_[item].offset = find(item, limit, before(turn));
        if (items_[item].offset != known[item].offset) push(item);
    }
    return true;
}

std::int64_t lower_bound(std::span<const Lifetime> items) {
    // Most are alive where one begins: what begins and ends, in order of time.
    std::vector<std::pair<std::int32_t, std::int64_t>> changes;
    changes.reserve(items.size() * 2);
    for (const auto& item : items) {
        if (item.first > item.last) continue;
        changes.emplace_back(item.first, align(item.size));
        changes.emplace_back(item.last + 1, -align(item.size));
    }
    std::sort(changes.begin(), changes.end());
    std::int64_t alive = 0;
    std::int64_t most = 0;
    for (const auto& [time, by] : changes) {
        alive += by;
        most = std::max(most, alive);
    }
    return most;
}

namespace {

/// Rounds of place_all's search, and of those in a row that bring nothing (chosen: more seldom do).
constexpr int most_rounds = 2000, most_idle = 300;

/// The item that ends highest: its turn, and the turns before it of items it meets.
struct HighestItem {
    std::size_t turn = 0;
    std::vector<std::size_t> below;
};

/// What ends highest should have come before one of those that pushed it up.
HighestItem find_highest(std::span<const Lifetime> items, std::span<const std::size_t> order) {
    std::size_t highest = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].offset + items[i].size > items[highest].offset + items[highest].size) {
            highest = i;
        }
    }
    HighestItem found;
    for (std::size_t turn = 0; turn < order.size(); ++turn) {
        if (order[turn] == highest) {
            found.turn = turn;
            break;
        }
        if (items[order[turn]].meets(items[highest])) found.below.push_back(turn);
    }
    return found;
}

}  // namespace

std::int64_t place_all(std::span<Lifetime> items, std::int64_t limit) {
    if (is_crowded(items)) {
        for (auto& item : items) item.offset = no_offset;
        place_by_time(items, no_limit);
        return top_of(items);
    }
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const std::vector<std::int64_t> urgency = alive_during(items);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (urgency[a] != urgency[b]) return urgency[a] > urgency[b];
        if (items[a].size != items[b].size) return items[a].size > items[b].size;
        return items[a].first < items[b].first;
    });
    Packer packer(items);
    const auto pack = [&](std::span<const std::size_t> turn) {
        for (auto& item : items) item.offset = no_offset;
        packer.place(turn, no_limit);
    };
    pack(order);
    std::int64_t best = top_of(items);
    const std::int64_t bound = lower_bound(items);
    std::vector<Lifetime> kept(items.begin(), items.end());
    std::mt19937 random(1);
    int idle = 0;
    for (int round = 0; round < most_rounds && idle < most_idle && best > bound && best > limit;
         ++round) {
        const HighestItem highest = find_highest(items, order);
        if (highest.below.empty()) break;
        const std::size_t other = highest.below[random() % highest.below.size()];
        auto trial = order;
        std::swap(trial[highest.turn], trial[other]);
        pack(trial);
        const std::int64_t top = top_of(items);
        if (top <= best) {
            idle = top < best ? 0 : idle + 1;
            best = top;
            order = std::move(trial);
            std::copy(items.begin(), items.end(), kept.begin());
        } else {
            ++idle;
            std::copy(kept.begin(), kept.end(), items.begin());
        }
    }
    std::copy(kept.begin(), kept.end(), items.begin());
    return best;
}

}  // namespace u65sim::compiler
