// Feature maps that outgrow the arena.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "blocks/section.hpp"
#include "report/format.hpp"

namespace u65sim::blocks {
namespace {

using report::readable;

/// Change of the cycles an element, in percent, above which latency counts as rising.
constexpr double rises_above = 15.0;

/// Mean cycles and bytes of DRAM traffic an element of a block's output; index 0 where nothing
/// spills, 1 where something does.
struct Means {
    std::array<double, 2> cycles{}, bytes{};
    std::array<int, 2> count{};
    const BlockPoint* first_spill = nullptr;

    void add(const BlockPoint& point, double elements) {
        const std::size_t spilled = point.spills > 0 ? 1 : 0;
        cycles[spilled] += static_cast<double>(point.cycles.count()) / elements;
        bytes[spilled] += static_cast<double>(point.dram_bytes.count()) / elements;
        ++count[spilled];
        if (first_spill == nullptr && spilled == 1) first_spill = &point;
    }
    void finish() {
        for (std::size_t i = 0; i < 2; ++i) {
            cycles[i] /= std::max(count[i], 1);
            bytes[i] /= std::max(count[i], 1);
        }
    }
    [[nodiscard]] bool known() const { return count[0] > 0 && count[1] > 0; }
    /// Percent; where both are known.
    [[nodiscard]] double change() const { return 100.0 * (cycles[1] / cycles[0] - 1); }
};

double elements_of(const BlockShape& shape) {
    return static_cast<double>(shape.height) * shape.width * shape.channels;
}

Means means_of(const std::string& name, const BlockStudy& sizes,
               const std::vector<BlockShape>& shapes, report::ChartSeries& series) {
    Means means;
    for (const BlockShape& shape : shapes) {
        const BlockPoint* point = sizes.find(name, shape);
        if (point == nullptr) continue;
        const double elements = elements_of(shape);
        series.points.push_back({elements / 1024,
                                 static_cast<double>(point->cycles.count()) / elements,
                                 fmt::format("{}; {} spilled, {} over DRAM", point_title(*point),
                                             point->spills, readable(point->dram_bytes))});
        means.add(*point, elements);
    }
    means.finish();
    return means;
}

std::string row(const std::string& name, const Means& means) {
    const auto shown = [&](const std::array<double, 2>& values, std::size_t i) {
        return means.count[i] > 0 ? fmt::format("{:.3f}", values[i]) : std::string{"-"};
    };
    return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name,
                       means.first_spill != nullptr ? to_string(means.first_spill->shape) : "none",
                       shown(means.cycles, 0), shown(means.cycles, 1),
                       means.known() ? fmt::format("{:+.0f} %", means.change()) : "-",
                       shown(means.bytes, 0), shown(means.bytes, 1));
}

}  // namespace

Section arena_section(const Source& source) {
    std::vector<BlockShape> shapes;
    for (std::int32_t side = 24; side <= 128; side += 4) shapes.push_back({side, side, 64});
    const std::vector<std::string> blocks{"basic_residual",      "inverted_bottleneck",
                                          "bottleneck_residual", "depthwise_separable",
                                          "standard_3x3",        "standard_1x1"};
    const BlockStudy sizes = source.study(blocks, shapes);
    report::Chart lines{.title = "Cycles an element of output, 64 channels, map growing",
                        .x_label = "size of one feature map, KiB",
                        .y_label = "NPU cycles an output element"};
    std::string rows, rising, flat;
    for (const std::string& name : blocks) {
        report::ChartSeries series{.name = name, .points = {}};
        const Means means = means_of(name, sizes, shapes, series);
        lines.series.push_back(series);
        if (means.known()) {
            std::string& list = means.change() > rises_above ? rising : flat;
            list += fmt::format("{}{} ({:+.0f} %)", list.empty() ? "" : ", ", name, means.change());
        }
        rows += row(name, means);
    }
    const std::string arena = readable(source.target.sram.size);
    Section section;
    section.claim =
        texts().fill(rising.empty() ? "arena claim fails"
                     : flat.empty() ? "arena claim"
                                    : "arena claim in part",
                     fmt::arg("arena", arena), fmt::arg("rising", rising), fmt::arg("flat", flat));
    section.text =
        texts().fill("arena", fmt::arg("arena", arena),
                     fmt::arg("plot", section.add_plot("blocks-arena.svg", lines)),
                     fmt::arg("map", readable(Bytes{78 * 78 * 64})), fmt::arg("rows", rows));
    return section;
}

}  // namespace u65sim::blocks
