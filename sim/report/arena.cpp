// What lives in the SRAM over time, as a drawing.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <u65sim/report.hpp>

#include "report/format.hpp"
#include "report/svg.hpp"

namespace u65sim {

namespace {

constexpr double width = 960, height = 360, left = 76, top = 40;

/// The colours of a report's page.
constexpr const char* style =
    "text{font:11px system-ui,sans-serif;fill:#222}.back{fill:#fff}.plot{fill:#f4f4f4;stroke:#888}"
    ".grid{stroke:#ddd}.tick{fill:#555}.name{fill:#1c2024;pointer-events:none}.map{fill:#b9c6e4}"
    ".weights{fill:#e69f00}.state{fill:#8a7cc2}.box{stroke:#fff;stroke-width:.5}"
    ".missed{fill:#d55e00;fill-opacity:.13;stroke:#d55e00;stroke-dasharray:4 3}"
    ".limit{stroke:#222;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e9ec}.back{fill:#14181b}.plot{fill:#1d2227}"
    ".grid{stroke:#2a3036}.tick{fill:#a3adb7}.box{stroke:#14181b}.limit{stroke:#e6e9ec}"
    ".missed+.name{fill:#e6e9ec}}";

std::string_view style_of(Placement::Kind kind) {
    switch (kind) {
        case Placement::Kind::weight_buffer:
            return "weights";
        case Placement::Kind::variable:
            return "state";
        default:
            return "map";
    }
}

/// A buffer between two positions in the order of execution, both its own.
struct Box {
    std::string name;
    std::string_view style;
    std::int32_t first = 0, last = 0;
    std::int64_t offset = 0, size = 0;
};

bool meet(const Box& a, const Box& b) { return a.first <= b.last && b.first <= a.last; }

std::vector<Box> boxes_of(const CompiledNetwork& network, int region) {
    std::vector<Box> boxes;
    for (const Placement& each : network.placements) {
        if (each.region != region) continue;
        boxes.push_back({each.name, style_of(each.kind), each.first_use, each.last_use,
                         each.offset.count(), each.size.count()});
    }
    // Where spilled maps would have lived: above all that is there meanwhile.
    for (const SpilledMap& spill : network.spills) {
        if (spill.placement < 0) continue;
        const Placement& place = network.placements.at(static_cast<std::size_t>(spill.placement));
        Box box{place.name, "missed", place.first_use, place.last_use, 0, place.size.count()};
        for (const Box& other : boxes) {
            if (meet(box, other)) box.offset = std::max(box.offset, other.offset + other.size);
        }
        boxes.push_back(std::move(box));
    }
    return boxes;
}

/// The drawing's scales.
class Arena {
public:
    Arena(const std::vector<Box>& boxes, std::int64_t capacity) : capacity_(capacity) {
        most_ = std::max<std::int64_t>(capacity, 1);
        for (const Box& box : boxes) {
            last_ = std::max(last_, box.last + 1);
            most_ = std::max(most_, box.offset + box.size);
        }
    }
    [[nodiscard]] double x(double position) const { return left + width * position / last_; }
    [[nodiscard]] double y(std::int64_t bytes) const {
        return top + height * (1 - static_cast<double>(bytes) / static_cast<double>(most_));
    }

    [[nodiscard]] std::string axes() const {
        std::string svg =
            fmt::format("<rect class=\"plot\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
                        left, top, width, height);
        std::int64_t step = 1024;
        while (most_ / step > 8) step *= 2;
        for (std::int64_t bytes = 0; bytes <= most_; bytes += step) {
            svg += fmt::format(
                "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n"
                "<text class=\"tick\" x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
                left, left + width, y(bytes), left - 6, y(bytes) + 4,
                report::readable(Bytes{bytes}));
        }
        for (const double position : report::round_ticks(0, last_, 10)) {
            if (position > last_) continue;
            svg += fmt::format(
                "<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g}</text>\n",
                x(position), top + height + 16, position);
        }
        return svg;
    }

    [[nodiscard]] std::string limit() const {
        return fmt::format(
            "<line class=\"limit\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n", left,
            left + width, y(capacity_));
    }

    /// With its name where that has room.
    [[nodiscard]] std::string drawn(const Box& box) const {
        const double across = x(box.last + 1) - x(box.first);
        const double up = y(box.offset) - y(box.offset + box.size);
        const std::string what = box.style == "missed" ? "SPILLED, would have reached" : "at";
        const std::int64_t where = box.style == "missed" ? box.offset + box.size : box.offset;
        std::string svg = fmt::format(
            "<rect class=\"box {}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\">"
            "<title>{}: {} B, {} {}, positions {} to {}</title></rect>\n",
            box.style, x(box.first), y(box.offset + box.size), across, up,
            report::escaped(box.name), box.size, what, where, box.first, box.last);
        const auto letters = static_cast<std::size_t>(std::max(0.0, (across - 6) / 6.2));
        if (up < 12 || letters < 6) return svg;
        return svg + fmt::format("<text class=\"name\" x=\"{:.2f}\" y=\"{:.2f}\">{}</text>\n",
                                 x(box.first) + 3, y(box.offset + box.size) + up / 2 + 4,
                                 report::escaped(report::elided(box.name, letters)));
    }

private:
    std::int64_t capacity_, most_ = 1;
    std::int32_t last_ = 1;
};

}  // namespace

std::string arena_svg(const CompiledNetwork& network) {
    const bool dedicated = network.target.memory_mode == MemoryMode::dedicated_sram;
    const std::vector<Box> boxes = boxes_of(network, dedicated ? region_fast : region_arena);
    const std::int64_t capacity = network.target.sram.size.count();
    const Arena arena{boxes, capacity};
    const double all_width = width + left + 20, all_height = height + top + 48;
    const Bytes used = dedicated ? network.fast_size : network.arena_size;
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\"><style>{2}</style>\n"
        "<rect class=\"back\" width=\"{0}\" height=\"{1}\"/>\n"
        "<text x=\"{3}\" y=\"16\">{4}: SRAM over the order of execution, {5} of {6} B used</text>\n"
        "<text x=\"{3}\" y=\"31\" class=\"tick\">blue: feature maps, orange: weights, violet: "
        "states{7}; the line is the capacity</text>\n",
        all_width, all_height, style, left, report::escaped(network.name), used.count(), capacity,
        network.spills.empty() ? "" : ", dashed: spilled maps, above what lived here meanwhile");
    svg += arena.axes();
    for (const Box& box : boxes) svg += arena.drawn(box);
    svg += arena.limit();
    return svg + fmt::format(
                     "<text class=\"tick\" x=\"{}\" y=\"{}\">position in the order of "
                     "execution</text>\n</svg>\n",
                     left, top + height + 34);
}

}  // namespace u65sim
