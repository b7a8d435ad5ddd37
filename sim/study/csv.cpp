// A study's rows as tables for other programs: CSV and JSON.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <u65sim/report.hpp>

#include "report/format.hpp"
#include "study/plan.hpp"
#include "study/results.hpp"
#include "study/typed_settings.hpp"

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
    for (const auto& [key, value] : settings) {
        const auto number = study::typed_value(value);
        json[key] = number ? optional(number) : Json(value);
    }
    return json;
}

/// Of every setting and measure that has one, so that numbers can be read.
Json units_json(const StudyResults& results) {
    Json json = Json::object();
    const auto add = [&](const std::vector<StudySetting>& settings) {
        for (const auto& [key, value] : settings) {
            const std::string unit = study::unit_of_key(key);
            if (!unit.empty()) json[key] = unit;
        }
    };
    add(results.study.plan().base);
    for (const StudyRow& row : results.rows) add(row.settings);
    for (const std::string& measure : results.study.plan().measure_names()) {
        const std::string unit = study::unit_of(measure);
        if (!unit.empty()) json[measure] = unit;
    }
    return json;
}

/// A table whose empty columns are left out.
class Columns {
public:
    explicit Columns(std::size_t rows) : rows_(rows) {}
    template <class Cell>
    void add(const std::string& name, Cell cell) {
        std::vector<std::string> cells;
        bool any = rows_ == 0;
        for (std::size_t row = 0; row < rows_; ++row) {
            cells.push_back(cell(row));
            any |= !cells.back().empty();
        }
        if (!any) return;
        names_.push_back(name);
        cells_.push_back(std::move(cells));
    }
    [[nodiscard]] std::string to_csv() const {
        std::string out;
        const auto line = [&](auto text) {
            for (std::size_t at = 0; at < names_.size(); ++at) {
                out += (at > 0 ? "," : "") + csv_field(text(at));
            }
            out += '\n';
        };
        line([&](std::size_t at) { return names_[at]; });
        for (std::size_t row = 0; row < rows_; ++row) {
            line([&](std::size_t at) { return cells_[at][row]; });
        }
        return out;
    }

private:
    std::size_t rows_;
    std::vector<std::string> names_;
    std::vector<std::vector<std::string>> cells_;  ///< by column
};

}  // namespace

std::string StudyResults::to_csv() const {
    const Study::Plan& plan = study.plan();
    const auto names = plan.measure_names();
    const auto front = pareto_front();
    Columns columns{rows.size()};
    columns.add("item", [&](std::size_t at) { return fmt::format("{}", rows[at].item); });
    columns.add("role", [&](std::size_t at) { return std::string{to_string(rows[at].role)}; });
    columns.add("varied", [&](std::size_t at) { return plan.items.at(rows[at].item).varied; });
    for (const std::string& key : study::varied_keys(plan)) {
        columns.add(study::column_of(key), [&](std::size_t at) {
            return study::typed_text(study::setting_of(rows[at], key).value_or(""));
        });
    }
    columns.add("status", [&](std::size_t at) { return std::string{to_string(rows[at].status)}; });
    for (std::size_t name = 0; name < names.size(); ++name) {
        const bool is_percent =
            study::unit_of(names[name]) == "%";  // others' names have their unit
        columns.add(names[name] + (is_percent ? "_percent" : ""), [&](std::size_t at) {
            const auto& measures = rows[at].measures;
            const auto value = name < measures.size() ? measures[name] : std::nullopt;
            return value ? fmt::format("{}", *value) : std::string{};
        });
    }
    if (!front.empty()) {
        columns.add("pareto",
                    [&](std::size_t at) { return std::string{front[at] ? "yes" : "no"}; });
    }
    columns.add("hypothetical", [&](std::size_t at) {
        return std::string{rows[at].hypotheses.empty() ? "no" : "yes"};
    });
    columns.add("reason", [&](std::size_t at) { return rows[at].reason; });
    return columns.to_csv();
}

std::string StudyResults::to_json() const {
    const Study::Plan& plan = study.plan();
    const auto names = plan.measure_names();
    const auto front = pareto_front();
    Json root{{"schema_version", 1},        {"u65sim_version", version()},
              {"title", plan.title},        {"note", plan.note},
              {"items", study.items()},     {"settings", settings_json(plan.base)},
              {"units", units_json(*this)}, {"hypotheses", study::hypotheses(*this)}};
    if (plan.sampled_from != 0) root["sampled_from"] = plan.sampled_from;
    if (plan.energy) root["energy_source"] = plan.energy->source;
    if (!plan.known_source.empty()) root["known_source"] = plan.known_source;
    if (const auto effort = this->effort()) {
        root["effort_quick"] = {{"simulated", effort->simulated},
                                {"estimated", effort->estimated},
                                {"misses", effort->misses}};
    }
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
        for (std::size_t name = 0; name < row.bounds.size(); ++name) {
            if (!row.bounds[name]) continue;
            json["bounds"][names[name]] = {{"least", optional(row.bounds[name]->least)},
                                           {"most", optional(row.bounds[name]->most)}};
        }
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
