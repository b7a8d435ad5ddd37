// Sets of byte ranges over all regions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace u65sim::machine::functional {

struct Interval {
    int region = 0;
    std::uint64_t begin = 0, end = 0;
};

/// Ranges collected in any order; sorted and merged by normalise() before they are compared.
class IntervalSet {
public:
    void add(int region, std::uint64_t begin, std::uint64_t end) {
        if (begin >= end) return;
        if (!ranges_.empty()) {
            Interval& last = ranges_.back();
            if (last.region == region && begin >= last.begin && begin <= last.end) {
                last.end = std::max(last.end, end);
                return;
            }
        }
        ranges_.push_back({region, begin, end});
    }
    void normalise() {
        std::sort(ranges_.begin(), ranges_.end(), [](const Interval& a, const Interval& b) {
            return std::tie(a.region, a.begin) < std::tie(b.region, b.begin);
        });
        std::vector<Interval> merged;
        for (const Interval& range : ranges_) {
            if (!merged.empty() && merged.back().region == range.region &&
                range.begin <= merged.back().end) {
                merged.back().end = std::max(merged.back().end, range.end);
            } else {
                merged.push_back(range);
            }
        }
        ranges_ = std::move(merged);
    }
    /// The first bytes that both sets hold; both must be normalised.
    [[nodiscard]] std::optional<Interval> first_common(const IntervalSet& other) const {
        auto a = ranges_.begin();
        auto b = other.ranges_.begin();
        while (a != ranges_.end() && b != other.ranges_.end()) {
            if (a->region == b->region && a->begin < b->end && b->begin < a->end) {
                return Interval{a->region, std::max(a->begin, b->begin), std::min(a->end, b->end)};
            }
            if (std::tie(a->region, a->end) < std::tie(b->region, b->end)) {
                ++a;
            } else {
                ++b;
            }
        }
        return std::nullopt;
    }
    void clear() { ranges_.clear(); }

private:
    std::vector<Interval> ranges_;
};

}  // namespace u65sim::machine::functional
