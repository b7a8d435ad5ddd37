#include "blocks/section.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "blocks/embedded.hpp"
#include "report/format.hpp"

namespace u65sim::blocks {

using report::grouped;
using report::readable;

BlockStudy Source::study(const std::vector<std::string>& blocks,
                         const std::vector<BlockShape>& shapes, BlockEqual equal,
                         bool inside) const {
    BlockStudyOptions options;
    options.inside = inside;
    options.blocks = blocks;
    options.shapes = shapes;
    options.equal = equal;
    options.progress = progress;
    return study_blocks(target, options);
}

std::string Section::add_plot(const std::string& name, const report::Chart& chart) {
    plots.push_back({name, report::to_svg(chart)});
    return fmt::format("![{}]({})", chart.title, name);
}

const report::Texts& texts() {
    static const report::Texts all{document_texts()};
    return all;
}

std::string held(bool holds) { return holds ? "holds" : "does not hold"; }

double ratio(const BlockPoint& a, const BlockPoint& b) {
    return static_cast<double>(a.cycles.count()) / static_cast<double>(b.cycles.count());
}

double millions(Macs macs) { return static_cast<double>(macs.count()) / 1e6; }

std::string point_title(const BlockPoint& point) {
    return texts().fill(
        "point title", fmt::arg("block", point.block), fmt::arg("shape", to_string(point.shape)),
        fmt::arg("cycles", grouped(point.cycles.count())), fmt::arg("macs", millions(point.macs)),
        fmt::arg("cycles_per_mac", point.cycles_per_mac()), fmt::arg("bound_by", point.bound_by));
}

std::vector<const BlockPoint*> by_time(const BlockStudy& study, const BlockShape& asked) {
    std::vector<const BlockPoint*> points;
    for (const BlockPoint& point : study.points) {
        if (point.asked == asked) points.push_back(&point);
    }
    std::stable_sort(points.begin(), points.end(), [](const BlockPoint* a, const BlockPoint* b) {
        return a->cycles < b->cycles;
    });
    return points;
}

std::string table(const std::vector<const BlockPoint*>& points) {
    std::string out = texts().fill("table head") + '\n';
    for (const BlockPoint* point : points) {
        out += fmt::format(
            "| {} | {} | {:.2f} | {} | {} | {:.4f} | {:.1f} % | {} | {} | {} | {} |\n",
            point->block, to_string(point->shape), millions(point->macs),
            grouped(point->parameters), grouped(point->cycles.count()), point->cycles_per_mac(),
            100.0 * point->mac_utilization, readable(point->sram_bytes),
            readable(point->dram_bytes), point->spills, point->bound_by);
    }
    return out;
}

}  // namespace u65sim::blocks
