#include "compile/plan/slice_places.hpp"

#include <algorithm>
#include <numeric>

#include "base/rounding.hpp"

namespace u65sim::compiler {

void SlicePlacer::set_neighbours(std::span<const Lifetime> items, std::int32_t first,
                                 std::int32_t last) {
    near_.clear();
    for (const Lifetime& item : items) {
        if (!item.is_placed() || item.first > last || first > item.last) continue;
        // They are few: a sort would take longer.
        near_.insert(std::upper_bound(
                         near_.begin(), near_.end(), item,
                         [](const Lifetime& a, const Lifetime& b) { return a.offset < b.offset; }),
                     item);
    }
}

std::int64_t SlicePlacer::neighbour_bytes() const {
    return std::accumulate(near_.begin(), near_.end(), std::int64_t{0},
                           [](std::int64_t sum, const Lifetime& item) { return sum + item.size; });
}

void SlicePlacer::divide(std::int32_t time, std::size_t parts) {
    begins_.clear();
    const auto count = static_cast<std::int32_t>(parts);
    for (std::int32_t part = 0; part <= count; ++part) {
        begins_.push_back(first_of(time) + (part * fine + count - 1) / count);
    }
}

void SlicePlacer::take_near(std::int64_t smallest) {
    taken_.clear();
    const std::size_t parts = begins_.size() - 1;
    std::size_t block = 0;  // of those that all slices meet: the last one, plus one
    for (const Lifetime& item : near_) {
        const std::int64_t end = round_up(item.offset + item.size, allocation_alignment);
        const bool meets_all = item.first < begins_[1] && item.last >= begins_[parts - 1];
        if (meets_all && block > 0 && item.offset - taken_[block - 1].end < smallest) {
            // Nothing fits between the two: one stands for both.
            taken_[block - 1].end = std::max(taken_[block - 1].end, end);
            continue;
        }
        taken_.push_back({item.offset, end, item.first, item.last});
        if (!meets_all) continue;
        block = taken_.size();
    }
}

std::int64_t SlicePlacer::lowest_fit(const Lifetime& item) const {
    std::int64_t at = 0;
    for (const Taken& other : taken_) {
        if (other.first > item.last || item.first > other.last) continue;
        if (at + item.size <= other.offset) break;
        at = std::max(at, other.end);
    }
    return at;
}

void SlicePlacer::add(const Lifetime& place) {
    places_.push_back(place);
    const auto behind = std::upper_bound(
        taken_.begin(), taken_.end(), place.offset,
        [](std::int64_t offset, const Taken& other) { return offset < other.offset; });
    taken_.insert(behind, {place.offset, round_up(place.offset + place.size, allocation_alignment),
                           place.first, place.last});
}

std::span<const Lifetime> SlicePlacer::earliest(SliceTimes times,
                                                std::span<const std::int64_t> sizes) {
    divide(times.time, sizes.size());
    take_near(*std::min_element(sizes.begin(), sizes.end()));
    places_.clear();
    const auto before = static_cast<std::size_t>(times.time - times.from);
    std::size_t lowest = 0;
    for (std::size_t part = 0; part < sizes.size(); ++part) {
        std::size_t low = lowest;
        std::size_t high = before + part + 1;
        Lifetime found;
        // Mostly there is room where the slice before begins.
        for (std::size_t middle = low; low < high; middle = (low + high) / 2) {
            const std::int32_t begin =
                middle < before ? first_of(times.from + static_cast<std::int32_t>(middle))
                                : begins_[middle - before];
            Lifetime trial{sizes[part], begin, begins_[part + 1] - 1, no_offset};
            trial.offset = lowest_fit(trial);
            if (trial.offset + trial.size <= limit_) {
                found = trial;
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        if (!found.is_placed()) return {};
        if (low > lowest) {
            // No later slice begins before this one: what is over by then stands in no way.
            std::erase_if(taken_, [&](const Taken& other) { return other.last < found.first; });
        }
        lowest = low;
        add(found);
    }
    return places_;
}

std::span<const Lifetime> SlicePlacer::in_turns(SliceTimes times,
                                                std::span<const std::int64_t> sizes, bool twice) {
    divide(times.time, sizes.size());
    take_near(*std::min_element(sizes.begin(), sizes.end()));
    places_.clear();
    for (std::size_t part = 0; part < sizes.size(); ++part) {
        Lifetime place{sizes[part], begin_of(times, part, twice), begins_[part + 1] - 1, no_offset};
        place.offset = lowest_fit(place);
        if (place.offset + place.size > limit_) return {};
        add(place);
    }
    return places_;
}

std::int32_t SlicePlacer::begin_of(SliceTimes times, std::size_t part, bool twice) const {
    return part == 0 ? first_of(times.from) + times.later : begins_[twice ? part - 1 : part];
}

std::int64_t SlicePlacer::bytes_at(std::int32_t position) const {
    std::int64_t bytes = 0;
    for (const auto* items : {&near_, &places_}) {
        for (const Lifetime& item : *items) {
            if (item.first <= position && position <= item.last) {
                bytes += round_up(item.size, allocation_alignment);
            }
        }
    }
    return bytes;
}

std::span<const Lifetime> SlicePlacer::counted_in_turns(SliceTimes times,
                                                        std::span<const std::int64_t> sizes,
                                                        bool twice) {
    divide(times.time, sizes.size());
    places_.clear();
    for (std::size_t part = 0; part < sizes.size(); ++part) {
        places_.push_back({sizes[part], begin_of(times, part, twice), begins_[part + 1] - 1, 0});
    }
    std::vector<std::int32_t> begins;
    for (const Lifetime& place : places_) begins.push_back(place.first);
    for (const Lifetime& item : near_) begins.push_back(std::max(item.first, places_[0].first));
    const bool fits = std::all_of(begins.begin(), begins.end(), [&](std::int32_t position) {
        return bytes_at(position) <= limit_;
    });
    if (!fits) places_.clear();
    return places_;
}

}  // namespace u65sim::compiler
