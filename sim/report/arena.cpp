// What lives in the SRAM over time, as a drawing.
#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include <u65sim/report.hpp>

#include "report/svg.hpp"

namespace u65sim {

namespace {

constexpr double width = 960, height = 360, left = 70, top = 30;

const char* colour(Placement::Kind kind) {
    switch (kind) {
        case Placement::Kind::weight_buffer:
            return "#e6a157";
        case Placement::Kind::variable:
            return "#8a7cc2";
        default:
            return "#5b94c9";
    }
}

}  // namespace

std::string arena_svg(const CompiledNetwork& network) {
    const bool dedicated = network.target.memory_mode == MemoryMode::dedicated_sram;
    const int region = dedicated ? region_fast : region_arena;
    std::int32_t last = 1;
    for (const auto& placement : network.placements) {
        if (placement.region == region) last = std::max(last, placement.last_use + 1);
    }
    const double across = width / last;
    const auto capacity =
        static_cast<double>(std::max<std::int64_t>(network.target.sram.size.count(), 1));
    const auto level = [&](std::int64_t bytes) {
        return top + height * (1 - static_cast<double>(bytes) / capacity);
    };
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
        "font-family=\"sans-serif\" font-size=\"11\">\n"
        "<text x=\"{}\" y=\"18\">{}: SRAM over the order of execution, {} of {} B used "
        "(blue: feature maps, orange: weights)</text>\n"
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#f4f4f4\" "
        "stroke=\"#888\"/>\n",
        width + left + 20, height + top + 40, left, report::escaped(network.name),
        dedicated ? network.fast_size.count() : network.arena_size.count(),
        network.target.sram.size.count(), left, top, width, height);
    for (int tick = 0; tick <= 4; ++tick) {
        const std::int64_t bytes = network.target.sram.size.count() * tick / 4;
        svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{} KiB</text>\n",
                           left - 6, level(bytes) + 4, bytes / 1024);
    }
    for (const auto& placement : network.placements) {
        if (placement.region != region) continue;
        const std::int64_t end = (placement.offset + placement.size).count();
        svg += fmt::format(
            "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\" "
            "stroke=\"#fff\" stroke-width=\"0.5\"><title>{}: {} B at {}, {} to {}</title></rect>\n",
            left + across * placement.first_use, level(end),
            across * (placement.last_use - placement.first_use + 1),
            level(placement.offset.count()) - level(end), colour(placement.kind),
            report::escaped(placement.name), placement.size.count(), placement.offset.count(),
            placement.first_use, placement.last_use);
    }
    svg += fmt::format("<text x=\"{}\" y=\"{}\">position 0 to {}</text>\n</svg>\n", left,
                       top + height + 18, last - 1);
    return svg;
}

}  // namespace u65sim
