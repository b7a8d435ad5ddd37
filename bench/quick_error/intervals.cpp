#include "intervals.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

namespace quick_error {

namespace {

using namespace u65sim;
using oracle::QuickClass;
using oracle::QuickError;

/// Networks fewer than these tell nothing about their tails, families fewer than these nothing
/// about another one (chosen).
constexpr std::size_t least_networks = 5, least_families = 3;
/// Networks of a family outside of the interval on either side, of those fitted (chosen).
constexpr double tail = 0.02;
/// How much wider the interval is for networks that were not measured (chosen).
constexpr double wider = 1.5;
/// The same of the range that a search relies on, over all networks of a class (chosen).
constexpr double far_tail = 0.002, margin = 2.0;

/// What lies so much farther from one.
double beyond(double ratio, double factor) { return 1.0 + (ratio - 1.0) * factor; }

using Class = std::tuple<MemoryMode, std::int32_t, QuickClass>;

/// Samples of one class.
struct Members {
    std::map<std::string, std::vector<double>> fitted;  ///< ratios, by family
    std::vector<double> all;                            ///< kept out ones among them
    std::vector<const Sample*> kept_out;
};

/// The families that have enough networks of a class, and what the others have together.
std::vector<std::vector<double>> groups_of(const Members& members) {
    std::vector<std::vector<double>> groups;
    std::vector<double> others;
    for (const auto& [family, ratios] : members.fitted) {
        if (ratios.size() >= least_networks) {
            groups.push_back(ratios);
        } else {
            others.insert(others.end(), ratios.begin(), ratios.end());
        }
    }
    if (others.size() >= least_networks) groups.push_back(others);
    return groups;
}

/// What the tails of each group need.
QuickError row_of_groups(const std::vector<std::vector<double>>& groups) {
    QuickError row;
    for (const std::vector<double>& ratios : groups) {
        row.low = std::min(row.low, beyond(quantile(ratios, tail), wider));
        row.high = std::max(row.high, beyond(quantile(ratios, 1 - tail), wider));
        row.networks += static_cast<std::int32_t>(ratios.size());
    }
    return row;
}

/// Classes that few families tell about are taken to be as hard as the hardest one of the same
/// memories and cores.
void widen_little_known(std::vector<QuickError>& rows, const std::vector<std::size_t>& families) {
    const std::vector<QuickError> measured = rows;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (families[i] >= least_families) continue;
        for (const QuickError& other : measured) {
            if (other.mode != rows[i].mode || other.cores != rows[i].cores) continue;
            rows[i].low = std::min(rows[i].low, other.low);
            rows[i].high = std::max(rows[i].high, other.high);
        }
        rows[i].least = std::min(rows[i].least, rows[i].low);
        rows[i].most = std::max(rows[i].most, rows[i].high);
    }
}

/// The share of the networks kept out that a row holds.
void set_coverage(QuickError& row, const Members& members) {
    const std::vector<QuickError> alone{row};
    const auto held = std::count_if(
        members.kept_out.begin(), members.kept_out.end(),
        [&](const Sample* sample) { return is_held(alone, *sample, sample->ratio()); });
    row.coverage = static_cast<double>(held) /
                   static_cast<double>(std::max<std::size_t>(members.kept_out.size(), 1));
}

const QuickError& row_of(const std::vector<QuickError>& rows, const Sample& sample) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const QuickError& row) {
        return row.mode == sample.mode && row.cores == sample.cores && row.kind == sample.kind;
    });
    if (found != rows.end()) return *found;
    return *std::max_element(rows.begin(), rows.end(),
                             [](const QuickError& a, const QuickError& b) {
                                 return a.most - a.least < b.most - b.least;
                             });
}

}  // namespace

double quantile(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::lround(part * last))];
}

bool is_held(const std::vector<QuickError>& rows, const Sample& sample, double ratio) {
    const QuickError& row = row_of(rows, sample);
    return row.low <= ratio && ratio <= row.high;
}

std::vector<QuickError> fit_intervals(const std::vector<Space>& spaces,
                                      const std::set<std::string>& left_out) {
    std::map<Class, Members> classes;
    for (const Space& space : spaces) {
        if (left_out.count(space.family) > 0) continue;
        for (const Sample& sample : space.samples) {
            Members& members = classes[{sample.mode, sample.cores, sample.kind}];
            members.all.push_back(sample.ratio());
            if (sample.is_kept_out()) {
                members.kept_out.push_back(&sample);
            } else {
                members.fitted[sample.family].push_back(sample.ratio_by_others());
            }
        }
    }
    std::vector<QuickError> rows;
    std::vector<std::size_t> families;
    for (const auto& [key, members] : classes) {
        const auto groups = groups_of(members);
        if (groups.empty()) continue;
        QuickError row = row_of_groups(groups);
        std::tie(row.mode, row.cores, row.kind) = key;
        row.least = std::min(row.low, beyond(quantile(members.all, far_tail), margin));
        row.most = std::max(row.high, beyond(quantile(members.all, 1 - far_tail), margin));
        rows.push_back(row);
        families.push_back(groups.size());
    }
    widen_little_known(rows, families);
    for (QuickError& row : rows) set_coverage(row, classes.at({row.mode, row.cores, row.kind}));
    return rows;
}

}  // namespace quick_error
