#include "explain.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace u65sim::cli {

namespace {

/// The number behind `words`; none where they are not there.
std::optional<std::int64_t> number_behind(std::string_view line, std::string_view words) {
    const std::size_t at = line.find(words);
    if (at == std::string_view::npos) return std::nullopt;
    line.remove_prefix(at + words.size());
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    return error == std::errc{} ? std::optional{value} : std::nullopt;
}

/// All numbers of a line that are followed by "cycles", or by "with" and "where" as alternatives.
std::vector<std::int64_t> alternatives(std::string_view line) {
    std::vector<std::int64_t> values;
    std::size_t at = 0;
    while ((at = line.find_first_of("0123456789", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_not_of("0123456789", at), line.size());
        const std::string_view behind = line.substr(end);
        if (behind.starts_with(" cycles") || behind.starts_with(" with ")) {
            std::int64_t value = 0;
            std::from_chars(line.data() + at, line.data() + end, value);
            values.push_back(value);
        }
        at = end;
    }
    return values;
}

struct Reason {
    std::int64_t stake = 0;  ///< cycles
    std::string text;
};

struct Group {
    std::string title;
    std::vector<Reason> reasons;

    [[nodiscard]] std::int64_t total() const {
        return std::accumulate(
            reasons.begin(), reasons.end(), std::int64_t{0},
            [](std::int64_t sum, const Reason& each) { return sum + each.stake; });
    }
    void sort() {
        std::stable_sort(reasons.begin(), reasons.end(),
                         [](const Reason& a, const Reason& b) { return a.stake > b.stake; });
    }
};

class Reasons {
public:
    void add(std::string_view line) {
        if (line.find("spilled: ") != std::string_view::npos) {
            const auto cost = number_behind(line, "predicted to take ");
            spilled_.reasons.push_back({cost.value_or(0), "map " + std::string{line}});
        } else if (line.starts_with("because ")) {
            sort_in(std::string{line.substr(8)});
        }
    }

    std::string write() {
        std::string out;
        for (Group* group : {&spilled_, &weights_, &decisions_, &times_}) {
            if (group->reasons.empty()) continue;
            group->sort();
            out += fmt::format("{}{}: {}, {} cycles together\n", out.empty() ? "" : "\n",
                               group->title, group->reasons.size(), group->total());
            std::size_t idle = 0;
            for (const Reason& each : group->reasons) {
                if (each.stake == 0) {
                    ++idle;
                } else {
                    out += fmt::format("{:>10}  {}\n", each.stake, each.text);
                }
            }
            if (idle > 0) out += fmt::format("{:>10}  {} others\n", 0, idle);
        }
        return out + conclusion();
    }

private:
    void sort_in(std::string text) {
        if (text.starts_with("time of ")) {
            times_.reasons.push_back({number_behind(text, "alone: ").value_or(0), std::move(text)});
        } else if (const auto waits = number_behind(text, "which waits ")) {
            weights_.reasons.push_back({*waits, std::move(text)});
        } else {
            const auto values = alternatives(text);
            const auto [least, most] = std::minmax_element(values.begin(), values.end());
            const std::int64_t stake = values.empty() ? 0 : *most - *least;
            decisions_.reasons.push_back({stake, std::move(text)});
        }
    }

    [[nodiscard]] std::string conclusion() const {
        const std::int64_t all = times_.total();
        const auto share = [&](std::int64_t part) {
            return all > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(all) : 0.0;
        };
        const Group& larger = spilled_.total() > weights_.total() ? spilled_ : weights_;
        if (larger.total() == 0) {
            return "\nNo map is spilled and no weights are waited for: operators take their own "
                   "time.\n";
        }
        const Reason& first = larger.reasons.front();
        return fmt::format(
            "\nMost is lost by {}: {} cycles, {:.1f} % beyond the {} that the operators take "
            "alone.\nThe largest of them takes {} of it: {}\n",
            &larger == &spilled_ ? "spilled maps" : "weights that are waited for", larger.total(),
            share(larger.total()), all, first.stake, first.text.substr(0, first.text.find(':')));
    }

    Group spilled_{"Spilled maps, by the cycles they are predicted to cost", {}},
        weights_{"Weights, by the cycles they are waited for", {}},
        decisions_{"Alternatives, by the cycles between the best and the worst", {}},
        times_{"Operators, by the cycles they are predicted to take alone", {}};
};

}  // namespace

std::string explained(const std::string& dump) {
    Reasons reasons;
    for (std::size_t at = 0; at < dump.size();) {
        const std::size_t end = std::min(dump.find('\n', at), dump.size());
        reasons.add(std::string_view{dump}.substr(at, end - at));
        at = end + 1;
    }
    return reasons.write();
}

}  // namespace u65sim::cli
