// A study of blocks as text, JSON and CSV.
#include <u65sim/blocks.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/format.hpp"

namespace u65sim {

using report::grouped;
using report::readable;

std::string BlockStudy::to_text() const {
    std::string out =
        fmt::format("blocks on {} at equal {}, {}, simulated by u65sim {}\n", target,
                    to_string(equal), inside ? "inside a network" : "each alone", u65sim_version);
    std::string group;
    for (const BlockPoint& point : points) {
        const std::string asked = to_string(point.asked);
        if (asked != group) {
            group = asked;
            out +=
                fmt::format("\n{}\n  {:<25}{:>5}{:>9}{:>8}{:>11}{:>8}{:>7}{:>7} {}\n",
                            equal == BlockEqual::shape
                                ? fmt::format("input and output {}", asked)
                                : fmt::format("{} as the reference at {}", to_string(equal), asked),
                            "block", "ch", "MACs M", "params", "cycles", "cyc/MAC", "DRAM",
                            "spills", "bound by");
        }
        out += fmt::format(
            "  {:<25}{:>5}{:>9.2f}{:>8}{:>11}{:>8.4f}{:>7}{:>7} {}\n", point.block,
            point.shape.channels, static_cast<double>(point.macs.count()) / 1e6,
            point.parameters < 1'000'000
                ? fmt::format("{:.1f}k", static_cast<double>(point.parameters) / 1e3)
                : fmt::format("{:.2f}M", static_cast<double>(point.parameters) / 1e6),
            grouped(point.cycles.count()), point.cycles_per_mac(),
            fmt::format("{:.0f}K", static_cast<double>(point.dram_bytes.count()) / 1024),
            point.spills, point.bound_by);
    }
    if (!left_out.empty()) out += "\nleft out\n";
    for (const BlockLeftOut& each : left_out) {
        out += report::wrapped(
            fmt::format("{} at {}: {}", each.block, to_string(each.asked), each.reason), 2);
    }
    return out;
}

std::string BlockStudy::to_json() const {
    using Json = nlohmann::ordered_json;
    Json rows = Json::array();
    for (const BlockPoint& point : points) {
        rows.push_back({{"block", point.block},
                        {"asked", to_string(point.asked)},
                        {"height", point.shape.height},
                        {"width", point.shape.width},
                        {"channels", point.shape.channels},
                        {"macs", point.macs.count()},
                        {"parameters", point.parameters},
                        {"cycles", point.cycles.count()},
                        {"cycles_per_mac", point.cycles_per_mac()},
                        {"latency_ms", point.latency_ms},
                        {"mac_utilization", point.mac_utilization},
                        {"sram_bytes", point.sram_bytes.count()},
                        {"dram_bytes", point.dram_bytes.count()},
                        {"spills", point.spills},
                        {"spill_bytes", point.spill_bytes.count()},
                        {"bound_by", point.bound_by}});
    }
    Json without = Json::array();
    for (const BlockLeftOut& each : left_out) {
        without.push_back(
            {{"block", each.block}, {"asked", to_string(each.asked)}, {"reason", each.reason}});
    }
    const Json json = {{"u65sim_version", u65sim_version},
                       {"target", target},
                       {"equal", std::string{to_string(equal)}},
                       {"inside", inside},
                       {"points", std::move(rows)},
                       {"left_out", std::move(without)}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string BlockStudy::to_csv() const {
    std::string out =
        "block,asked,height,width,channels,macs,parameters,cycles,cycles_per_mac,latency_ms,"
        "mac_utilization,sram_bytes,dram_bytes,spills,spill_bytes,bound_by\n";
    for (const BlockPoint& point : points) {
        out += fmt::format(
            "{},{},{},{},{},{},{},{},{:.6f},{:.6f},{:.6f},{},{},{},{},{}\n", point.block,
            to_string(point.asked), point.shape.height, point.shape.width, point.shape.channels,
            point.macs.count(), point.parameters, point.cycles.count(), point.cycles_per_mac(),
            point.latency_ms, point.mac_utilization, point.sram_bytes.count(),
            point.dram_bytes.count(), point.spills, point.spill_bytes.count(), point.bound_by);
    }
    return out;
}

}  // namespace u65sim
