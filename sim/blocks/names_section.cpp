// A block's configuration against its name.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "blocks/section.hpp"

namespace u65sim::blocks {
namespace {

/// Shapes by the block that is first or last there.
using Places = std::map<std::string, std::vector<std::string>>;

/// Fastest and slowest of the bottleneck and residual blocks at each shape.
std::pair<Places, Places> extremes(const BlockStudy& wide) {
    Places fastest, slowest;
    for (const BlockShape& shape : block_sweep()) {
        std::vector<const BlockPoint*> residual;
        for (const BlockPoint* point : by_time(wide, shape)) {
            if (point->block.find("bottleneck") != std::string::npos ||
                point->block.find("residual") != std::string::npos) {
                residual.push_back(point);
            }
        }
        if (residual.empty()) continue;
        fastest[residual.front()->block].push_back(to_string(shape));
        slowest[residual.back()->block].push_back(to_string(shape));
    }
    return {fastest, slowest};
}

std::string list(const Places& places) {
    std::string text;
    for (const auto& [name, shapes] : places) {
        text += fmt::format("- {}: {} ({}{})\n", name, shapes.size(), shapes.front(),
                            shapes.size() > 1 ? " to " + shapes.back() : "");
    }
    return text;
}

/// Least and most cycles a MAC of every block.
std::map<std::string, std::pair<double, double>> ranges(const BlockStudy& wide) {
    std::map<std::string, std::pair<double, double>> range;
    for (const BlockPoint& point : wide.points) {
        if (point.macs.count() == 0) continue;
        auto [at, is_new] =
            range.try_emplace(point.block, point.cycles_per_mac(), point.cycles_per_mac());
        at->second.first = std::min(at->second.first, point.cycles_per_mac());
        at->second.second = std::max(at->second.second, point.cycles_per_mac());
    }
    return range;
}

/// Pairs of blocks of which each is faster than the other at some shape.
std::size_t swapping_pairs(const BlockStudy& wide) {
    std::set<std::pair<std::string, std::string>> faster;
    for (const BlockPoint& a : wide.points) {
        for (const BlockPoint& b : wide.points) {
            if (a.asked == b.asked && a.cycles < b.cycles) faster.insert({a.block, b.block});
        }
    }
    std::size_t swapping = 0;
    for (const auto& [a, b] : faster) swapping += a < b && faster.contains({b, a}) ? 1 : 0;
    return swapping;
}

}  // namespace

Section names_section(const Source& source) {
    std::string rows, widest_name;
    double widest = 0;
    for (const auto& [name, ends] : ranges(source.wide)) {
        const double times = ends.second / ends.first;
        if (times > widest) {
            widest = times;
            widest_name = name;
        }
        rows += fmt::format("| {} | {:.4f} | {:.4f} | {:.1f} |\n", name, ends.first, ends.second,
                            times);
    }
    const auto [fastest, slowest] = extremes(source.wide);
    const std::size_t names = block_list().size();
    Section section;
    section.claim = texts().fill("names claim", fmt::arg("swapping", swapping_pairs(source.wide)),
                                 fmt::arg("pairs", names * (names - 1) / 2),
                                 fmt::arg("widest_name", widest_name), fmt::arg("widest", widest));
    section.text = texts().fill("names", fmt::arg("rows", rows), fmt::arg("fastest", list(fastest)),
                                fmt::arg("slowest", list(slowest)));
    return section;
}

}  // namespace u65sim::blocks
