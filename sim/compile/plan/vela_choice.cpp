#include "compile/plan/vela_choice.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace u65sim::compiler {

namespace {

/// Maps that are weighed against each other at most.
constexpr std::size_t most_together = 20;

class VelaChoice {
public:
    VelaChoice(std::span<const Lifetime> must, std::span<const Lifetime> maps,
               std::span<const double> accesses, std::int64_t limit)
        : maps_(maps), accesses_(accesses), limit_(limit), stays_(maps.size(), true) {
        for (const auto items : {must, maps}) {
            for (const Lifetime& item : items) moments_.push_back(item.first);
        }
        std::sort(moments_.begin(), moments_.end());
        moments_.erase(std::unique(moments_.begin(), moments_.end()), moments_.end());
        needed_.assign(moments_.size(), 0);
        for (const Lifetime& item : must) add(needed_, item, item.size);
    }

    std::vector<bool> run() {
        taken_ = needed_;
        for (const Lifetime& map : maps_) add(taken_, map, map.size);
        std::vector<std::size_t> rivals;
        for (std::size_t i = 0; i < maps_.size(); ++i) {
            if (maps_[i].size > limit_) {
                stays_[i] = false;
                add(taken_, maps_[i], -maps_[i].size);
            }
        }
        for (std::size_t i = 0; i < maps_.size(); ++i) {
            if (stays_[i] && most(taken_, maps_[i]) > limit_) rivals.push_back(i);
        }
        std::stable_sort(rivals.begin(), rivals.end(), [&](std::size_t a, std::size_t b) {
            return maps_[a].first < maps_[b].first;
        });
        for (const std::size_t i : rivals) add(taken_, maps_[i], -maps_[i].size);
        compete(rivals);
        for (std::size_t i = 0; i < maps_.size(); ++i) {
            if (!fits_alone(i)) stays_[i] = false;
        }
        return stays_;
    }

private:
    using Bytes = std::vector<std::int64_t>;  ///< alive at each moment

    [[nodiscard]] std::size_t index_of(std::int32_t time) const {
        return static_cast<std::size_t>(std::lower_bound(moments_.begin(), moments_.end(), time) -
                                        moments_.begin());
    }

    void add(Bytes& bytes, const Lifetime& item, std::int64_t size) const {
        const std::size_t end = index_of(item.last + 1);
        for (std::size_t at = index_of(item.first); at < end; ++at) bytes[at] += size;
    }

    [[nodiscard]] std::int64_t most(const Bytes& bytes, const Lifetime& item) const {
        std::int64_t result = 0;
        const std::size_t end = index_of(item.last + 1);
        for (std::size_t at = index_of(item.first); at < end; ++at) {
            result = std::max(result, bytes[at]);
        }
        return result;
    }

    [[nodiscard]] bool fits_alone(std::size_t map) const {
        return most(needed_, maps_[map]) + maps_[map].size <= limit_;
    }

    /// Splits rivals into groups that do not meet, or are large enough, and decides each.
    void compete(const std::vector<std::size_t>& rivals) {
        std::size_t begin = 0;
        std::int32_t until = 0;
        for (std::size_t i = 0; i <= rivals.size(); ++i) {
            const bool apart = i > begin && (i == rivals.size() || i - begin >= most_together ||
                                             maps_[rivals[i]].first > until);
            if (apart) {
                decide({rivals.begin() + static_cast<std::ptrdiff_t>(begin),
                        rivals.begin() + static_cast<std::ptrdiff_t>(i)});
                begin = i;
            }
            if (i == rivals.size()) break;
            until = i == begin ? maps_[rivals[i]].last : std::max(until, maps_[rivals[i]].last);
        }
    }

    void decide(std::vector<std::size_t> group) {
        group_ = std::move(group);
        best_ = -1;
        in_.assign(group_.size(), false);
        rest_.assign(group_.size() + 1, 0);
        for (std::size_t i = group_.size(); i-- > 0;) {
            rest_[i] = rest_[i + 1] + accesses_[group_[i]];
        }
        // Those that never fit stand in the way of each other alone.
        ghosts_ = taken_;
        for (std::size_t at = 0; at < ghosts_.size(); ++at) ghosts_[at] -= needed_[at];
        explore(0, 0);
        for (std::size_t i = 0; i < group_.size(); ++i) {
            stays_[group_[i]] = chosen_[i];
            if (chosen_[i] && fits_alone(group_[i])) {
                add(taken_, maps_[group_[i]], maps_[group_[i]].size);
            }
        }
    }

    void explore(std::size_t at, double sum) {
        if (sum + rest_[at] <= best_) return;
        if (at == group_.size()) {
            best_ = sum;
            chosen_ = in_;
            return;
        }
        const Lifetime& map = maps_[group_[at]];
        const bool counts = fits_alone(group_[at]);
        if (most(ghosts_, map) + map.size <= limit_ &&
            (!counts || most(taken_, map) + map.size <= limit_)) {
            in_[at] = true;
            add(ghosts_, map, map.size);
            if (counts) add(taken_, map, map.size);
            explore(at + 1, sum + accesses_[group_[at]]);
            if (counts) add(taken_, map, -map.size);
            add(ghosts_, map, -map.size);
            in_[at] = false;
        }
        explore(at + 1, sum);
    }

    std::span<const Lifetime> maps_;
    std::span<const double> accesses_;
    const std::int64_t limit_;
    std::vector<bool> stays_;
    std::vector<std::int32_t> moments_;  ///< at which something begins
    Bytes needed_, taken_;               ///< by what must be there; with the maps that stay
    Bytes ghosts_;                       ///< by maps alone, with those that never fit
    std::vector<std::size_t> group_;     ///< that is decided
    std::vector<double> rest_;           ///< accesses from each of the group on
    std::vector<bool> in_, chosen_;
    double best_ = -1;
};

}  // namespace

std::vector<bool> choose_as_vela(std::span<const Lifetime> must, std::span<const Lifetime> maps,
                                 std::span<const double> accesses, std::int64_t limit) {
    return VelaChoice{must, maps, accesses, limit}.run();
}

}  // namespace u65sim::compiler
