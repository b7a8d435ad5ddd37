#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <u65sim/report.hpp>

#include "report/format.hpp"

namespace u65sim {

namespace {

/// What a spreadsheet computes instead of showing it. Numbers, which may begin with a sign, do no
/// harm.
bool is_formula(std::string_view text) {
    constexpr std::array<std::string_view, 10> starts{"=",  "+",      "-",      "@",      "\t",
                                                      "\r", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
    if (std::none_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return text.starts_with(start); })) {
        return false;
    }
    double number = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error != std::errc{} || stop != end;
}

}  // namespace

std::string report::csv_field(std::string_view text) {
    if (is_formula(text)) return csv_field(fmt::format("'{}", text));
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
        out += fmt::format(",{}_cycles", to_string(static_cast<Cause>(i)));
    }
    out += '\n';
    for (const OperatorReport& op : operators) {
        out += fmt::format("{},{},{},{},{},{},{:.6f},{},{},{},{},{},{}", report::csv_field(op.name),
                           report::csv_field(op.type), op.start_cycle.count(), op.end_cycle.count(),
                           op.cycles.count(), op.macs.count(), op.mac_utilization,
                           report::name_of(op.bound_by), report::csv_field(op.block),
                           op.sram_bytes.count(), op.dram_bytes.count(), op.kernels, op.dmas);
        for (const Cycles cycles : op.stalls) out += fmt::format(",{}", cycles.count());
        out += '\n';
    }
    return out;
}

}  // namespace u65sim
