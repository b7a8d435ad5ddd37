// A study's rows as tables for other programs: CSV and JSON.
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <u65sim/report.hpp>

#include "report/format.hpp"
#include "study/plan.hpp"
#include "study/results.hpp"

namespace u65sim {
namespace {

using Json = nlohmann::ordered_json;
using report::csv_field;

Json optional(const std::optional<double>& value) {
    if (!value) return nullptr;
    if (std::floor(*value) == *value && std::abs(*value) < 1e15) {
        return static_cast<std::int64_t>(*value);
    }
    return *value;
}

Json settings_json(const std::vector<StudySetting>& settings) {
    Json json = Json::object();
    for (const auto& [key, value] : settings) json[key] = value;
    return json;
}

}  // namespace

std::string StudyResults::to_csv() const {
    const Study::Plan& plan = study.plan();
    const auto keys = study::varied_keys(plan);
    const auto names = plan.measure_names();
    const auto front = pareto_front();
    std::string out = "item,role,varied";
    for (const std::string& key : keys) out += ',' + key;
    out += ",status";
    for (const std::string& name : names) out += ',' + name;
    if (!front.empty()) out += ",pareto";
    out += ",hypothetical,reason\n";
    for (std::size_t at = 0; at < rows.size(); ++at) {
        const StudyRow& row = rows[at];
        out += fmt::format("{},{},{}", row.item, to_string(row.role),
                           csv_field(plan.items.at(row.item).varied));
        for (const std::string& key : keys) {
            out += ',' + csv_field(study::setting_of(row, key).value_or(""));
        }
        out += fmt::format(",{}", to_string(row.status));
        for (std::size_t name = 0; name < names.size(); ++name) {
            const auto value = name < row.measures.size() ? row.measures[name] : std::nullopt;
            out += value ? fmt::format(",{}", *value) : ",";
        }
        if (!front.empty()) out += front[at] ? ",yes" : ",no";
        out +=
            fmt::format(",{},{}\n", row.hypotheses.empty() ? "no" : "yes", csv_field(row.reason));
    }
    return out;
}

std::string StudyResults::to_json() const {
    const Study::Plan& plan = study.plan();
    const auto names = plan.measure_names();
    const auto front = pareto_front();
    Json root{{"schema_version", 1},
              {"u65sim_version", version()},
              {"title", plan.title},
              {"note", plan.note},
              {"items", study.items()},
              {"settings", settings_json(plan.base)},
              {"hypotheses", study::hypotheses(*this)}};
    if (plan.sampled_from != 0) root["sampled_from"] = plan.sampled_from;
    if (plan.energy) root["energy_source"] = plan.energy->source;
    if (!plan.known_source.empty()) root["known_source"] = plan.known_source;
    root["rows"] = Json::array();
    for (std::size_t at = 0; at < rows.size(); ++at) {
        const StudyRow& row = rows[at];
        Json measures = Json::object();
        for (std::size_t name = 0; name < row.measures.size(); ++name) {
            measures[names[name]] = optional(row.measures[name]);
        }
        Json json{{"item", row.item},
                  {"role", to_string(row.role)},
                  {"status", to_string(row.status)},
                  {"settings", settings_json(row.settings)},
                  {"measures", std::move(measures)}};
        const std::string& varied = plan.items.at(row.item).varied;
        if (!varied.empty()) json["varied"] = varied;
        if (!front.empty()) json["pareto"] = static_cast<bool>(front[at]);
        if (!row.hypotheses.empty()) json["hypotheses"] = row.hypotheses;
        if (!row.reason.empty()) json["reason"] = row.reason;
        root["rows"].push_back(std::move(json));
    }
    root["sensitivities"] = Json::array();
    for (const study::Sensitivity& each : study::sensitivities(*this)) {
        root["sensitivities"].push_back({{"point", each.point},
                                         {"varied", each.varied},
                                         {"latency_percent", each.percent},
                                         {"latency_ms_before", each.before},
                                         {"latency_ms_after", each.after}});
    }
    root["intervals"] = Json::array();
    const auto percentile = [](const study::Interval& each, double value) {
        return each.is_known() ? Json(value) : Json();
    };
    for (const study::Interval& each : study::intervals(*this)) {
        root["intervals"].push_back({{"point", each.point},
                                     {"samples", each.samples},
                                     {"samples_planned", plan.samples},
                                     {"latency_ms", each.stated},
                                     {"percent_5", percentile(each, each.low)},
                                     {"percent_50", percentile(each, each.median)},
                                     {"percent_95", percentile(each, each.high)},
                                     {"least", each.least},
                                     {"most", each.most}});
    }
    if (!plan.uncertainty.empty()) root["uncertainty"] = plan.uncertainty;
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace u65sim
