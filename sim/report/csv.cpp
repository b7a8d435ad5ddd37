#include <fmt/format.h>
#include <u65sim/report.hpp>

namespace u65sim {

namespace {

/// Quoted where a comma, a quote or a line break would break the row.
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace

std::string Report::to_csv() const {
    std::string out =
        "name,type,start_cycle,end_cycle,cycles,macs,mac_utilization,bound_by,block,sram_bytes,"
        "dram_bytes,kernels,dmas";
    for (std::size_t i = 0; i < cause_count; ++i) {
        out += fmt::format(",{}", to_string(static_cast<Cause>(i)));
    }
    out += '\n';
    for (const OperatorReport& op : operators) {
        out += fmt::format("{},{},{},{},{},{},{:.6f},{},{},{},{},{},{}", field(op.name),
                           field(op.type), op.start_cycle.count(), op.end_cycle.count(),
                           op.cycles.count(), op.macs.count(), op.mac_utilization,
                           field(op.bound_by), field(op.block), op.sram_bytes.count(),
                           op.dram_bytes.count(), op.kernels, op.dmas);
        for (const Cycles cycles : op.stalls) out += fmt::format(",{}", cycles.count());
        out += '\n';
    }
    return out;
}

}  // namespace u65sim
