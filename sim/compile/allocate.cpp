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

}  // namespace

std::int64_t lowest_fit(std::span<const Lifetime> items, const Lifetime& item) {
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    for (const auto& other : items) {
        if (&other != &item && other.offset >= 0 && other.meets(item)) {
            taken.emplace_back(other.offset, other.offset + other.size);
        }
    }
    std::sort(taken.begin(), taken.end());
    std::int64_t at = 0;
    for (const auto& [begin, end] : taken) {
        if (at + item.size <= begin) break;
        at = std::max(at, align(end));
    }
    return at;
}

void place_in_order(std::span<Lifetime> items, std::span<const std::size_t> order,
                    std::int64_t limit) {
    for (auto& item : items) item.offset = -1;
    for (const auto index : order) {
        Lifetime& item = items[index];
        const std::int64_t at = lowest_fit(items, item);
        if (at + item.size <= limit) item.offset = at;
    }
}

std::int64_t lower_bound(std::span<const Lifetime> items) {
    std::int64_t most = 0;
    for (const auto& item : items) {
        std::int64_t sum = 0;
        for (const auto& other : items) {
            if (other.first <= item.first && item.first <= other.last) sum += align(other.size);
        }
        most = std::max(most, sum);
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
    place_in_order(items, order, no_limit);
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
        place_in_order(items, trial, no_limit);
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
