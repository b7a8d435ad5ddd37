#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "report/join.hpp"

namespace u65sim {

std::string_view to_string(Limit limit) {
    switch (limit) {
        case Limit::none:
            break;
        case Limit::mac:
            return "mac";
        case Limit::output:
            return "output";
        case Limit::ifm:
            return "ifm";
        case Limit::ofm:
            return "ofm";
        case Limit::weights:
            return "weights";
        case Limit::sram:
            return "sram";
        case Limit::off_chip:
            return "off_chip";
        case Limit::ports:
            return "ports";
        case Limit::latency:
            return "latency";
    }
    return "none";
}

namespace report {

namespace {

/// What a cycle that counts towards the limit is charged as.
Cause cause_of(Limit limit) {
    switch (limit) {
        case Limit::mac:
            return Cause::mac;
        case Limit::output:
            return Cause::output;
        case Limit::ifm:
            return Cause::ifm_fetch;
        case Limit::ofm:
            return Cause::ofm_write;
        case Limit::weights:
            return Cause::weight_fetch;
        default:
            return Cause::pipeline;
    }
}

/// The largest share of a row's cycles, those aside that its bound allows.
std::optional<Cause> largest_excess(const OperatorReport& row) {
    if (row.cycles <= row.bound) return std::nullopt;
    CauseCycles excess = row.stalls;
    Cycles& allowed = excess[static_cast<std::size_t>(cause_of(row.limit))];
    allowed = allowed - std::min(allowed, row.bound);
    const auto largest = std::max_element(excess.begin(), excess.end());
    if (*largest == Cycles{0}) return std::nullopt;
    return static_cast<Cause>(largest - excess.begin());
}

}  // namespace

void add_bounds(std::vector<OperatorReport>& rows, const LowerBound& bound) {
    for (OperatorReport& row : rows) {
        // They come in the graph's order.
        const auto found = std::lower_bound(
            bound.operators.begin(), bound.operators.end(), row.graph_operator,
            [](const auto& each, auto index) { return each.graph_operator < index; });
        if (found == bound.operators.end() || found->graph_operator != row.graph_operator) continue;
        row.bound = found->cycles;
        row.limit = found->limit;
        row.kept_by = largest_excess(row);
    }
}

}  // namespace report

}  // namespace u65sim
