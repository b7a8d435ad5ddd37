#include <fmt/format.h>
#include <u65sim/report.hpp>

#include "report/format.hpp"

namespace u65sim {

std::string report::csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string Report::to_csv() const {
    std::string out =
        "name,type,start_cycle,end_cycle,cycles,macs,mac_utilization,bound_by,block,sram_bytes,"
        "dram_bytes,kernels,dmas";
    for (std::size_t i = 0; i < cause_count; ++i) {
        out += fmt::format(",{}", to_string(static_cast<Cause>(i)));
    }
    out += '\n';
    for (const OperatorReport& op : operators) {
        out += fmt::format("{},{},{},{},{},{},{:.6f},{},{},{},{},{},{}", report::csv_field(op.name),
                           report::csv_field(op.type), op.start_cycle.count(), op.end_cycle.count(),
                           op.cycles.count(), op.macs.count(), op.mac_utilization,
                           report::csv_field(op.bound_by), report::csv_field(op.block),
                           op.sram_bytes.count(), op.dram_bytes.count(), op.kernels, op.dmas);
        for (const Cycles cycles : op.stalls) out += fmt::format(",{}", cycles.count());
        out += '\n';
    }
    return out;
}

}  // namespace u65sim
