// A validation as data for other programs.
#include <nlohmann/json.hpp>

#include <u65sim/validate.hpp>
#include "validate/format.hpp"

namespace u65sim {
namespace {

using Json = nlohmann::ordered_json;

Json optional(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }
Json optional(const std::optional<bool>& value) { return value ? Json(*value) : Json(nullptr); }

Json row_json(const ValidationResult& result) {
    const ValidationRow& row = result.row;
    const bool has_ours = result.status == ValidationResult::Status::measured &&
                          row.kind != ReferenceKind::does_not_fit;
    return {{"group", row.group},
            {"producer", row.producer},
            {"made_by", result.made_by},
            {"network", row.network},
            {"target", row.target},
            {"settings", row.settings},
            {"counter", row.counter},
            {"kind", to_string(row.kind)},
            {"status", to_string(result.status)},
            {"ours", has_ours ? Json(result.ours) : Json(nullptr)},
            {"low", optional(result.low)},
            {"high", optional(result.high)},
            {"reference",
             row.kind == ReferenceKind::does_not_fit ? Json(nullptr) : Json(row.reference)},
            {"error_percent", optional(result.error_percent())},
            {"agrees", optional(result.agrees())},
            {"in_range", optional(result.in_range())},
            {"pair", row.pair},
            {"baseline", optional(row.baseline)},
            {"place", row.place},
            {"source", row.source},
            {"reason", result.reason}};
}

Json summary_json(const ValidationSummary& summary) {
    const bool any = summary.rows > 0;
    return {{"group", summary.group},
            {"producer", summary.producer},
            {"target", summary.target},
            {"rows", summary.rows},
            {"left_out", summary.others},
            {"mean_percent", any ? Json(summary.mean) : Json(nullptr)},
            {"worst_percent", any ? Json(summary.worst) : Json(nullptr)},
            {"bias_percent", any ? Json(summary.bias) : Json(nullptr)},
            {"worst_row", summary.worst_row},
            {"baseline_mean_percent", optional(summary.baseline_mean)},
            {"baseline_worst_percent", optional(summary.baseline_worst)},
            {"goal_mean_percent", optional(summary.goal_mean)},
            {"goal_worst_percent", optional(summary.goal_worst)},
            {"goal_met", optional(summary.meets_goal())}};
}

}  // namespace

std::string Validation::to_json() const {
    Json root{{"schema_version", 1},     {"u65sim_version", u65sim_version},
              {"titles", plan.titles},   {"settings", settings},
              {"groups", Json::array()}, {"groups_by_target", Json::array()},
              {"pairs", Json::array()},  {"rows", Json::array()}};
    for (const auto& each : summaries()) root["groups"].push_back(summary_json(each));
    for (const auto& each : summaries_by_target()) {
        root["groups_by_target"].push_back(summary_json(each));
    }
    for (const ValidationPair& each : pairs()) {
        root["pairs"].push_back({{"pair", each.pair},
                                 {"producer", each.producer},
                                 {"first", each.first},
                                 {"second", each.second},
                                 {"ours", each.ours},
                                 {"reference", each.reference},
                                 {"agrees", each.agrees()}});
    }
    for (const auto& each : results) root["rows"].push_back(row_json(each));
    // Messages may quote bytes that are no UTF-8.
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace u65sim
