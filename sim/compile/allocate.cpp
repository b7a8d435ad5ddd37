#include "compile/allocate.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

namespace u65sim::compiler {

namespace {

std::int64_t align(std::int64_t value) {
    return (value + allocation_alignment - 1) / allocation_alignment * allocation_alignment;
}

std::int64_t top_of(std::span<const Lifetime> items) {
    std::int64_t top = 0;
    for (const auto& item : items) {
        if (item.offset >= 0) top = std::max(top, item.offset + item.size);
    }
    return top;
}

std::int64_t total_alive_during(std::span<const Lifetime> items, const Lifetime& item) {
    std::int64_t sum = 0;
    for (const auto& other : items) {
        if (other.meets(item)) sum += align(other.size);
    }
    return sum;
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

}  // namespace

Packer::Packer(std::span<Lifetime> items) : items_(items) {
    using Pair = std::pair<std::uint32_t, std::uint32_t>;
    std::vector<Pair> pairs;
    pairs.reserve(items.size() * 4);
    begins_.assign(items.size() + 1, 0);
    for (std::size_t i = 0; i < items.size(); ++i) {
        for (std::size_t j = i + 1; j < items.size(); ++j) {
            if (!items[i].meets(items[j])) continue;
            pairs.emplace_back(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j));
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
}

template <class Before>
std::int64_t Packer::find(std::size_t item, std::int64_t limit, Before before) {
    taken_.clear();
    for (const auto other : beside(item)) {
        const Lifetime& there = items_[other];
        if (there.offset < 0 || !before(other)) continue;
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
    if (items_[moved].offset < 0) return false;
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

std::int64_t place_all(std::span<Lifetime> items, std::int64_t limit) {
    constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max() / 2;
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<std::int64_t> urgency(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        urgency[i] = total_alive_during(items, items[i]);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (urgency[a] != urgency[b]) return urgency[a] > urgency[b];
        if (items[a].size != items[b].size) return items[a].size > items[b].size;
        return items[a].first < items[b].first;
    });
    Packer packer(items);
    const auto pack = [&](std::span<const std::size_t> turn) {
        for (auto& item : items) item.offset = -1;
        packer.place(turn, no_limit);
    };
    pack(order);
    std::int64_t best = top_of(items);
    const std::int64_t bound = lower_bound(items);
    std::vector<Lifetime> kept(items.begin(), items.end());
    std::mt19937 random(1);
    int idle = 0;
    for (int round = 0; round < 2000 && idle < 300 && best > bound && best > limit; ++round) {
        // What ends highest should have come before one of those that pushed it up.
        std::size_t highest = 0;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (items[i].offset + items[i].size > items[highest].offset + items[highest].size) {
                highest = i;
            }
        }
        std::vector<std::size_t> below;
        std::size_t own = 0;
        for (std::size_t position = 0; position < order.size(); ++position) {
            if (order[position] == highest) {
                own = position;
                break;
            }
            if (items[order[position]].meets(items[highest])) below.push_back(position);
        }
        if (below.empty()) break;
        const std::size_t other = below[random() % below.size()];
        auto trial = order;
        std::swap(trial[own], trial[other]);
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
