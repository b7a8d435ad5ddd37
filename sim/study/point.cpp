#include "study/point.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "study/changes.hpp"
#include "study/evaluate.hpp"
#include "study/journal.hpp"
#include "study/quantities.hpp"
#include "study/records.hpp"

namespace u65sim {
namespace study {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int point_version = 1;

Json settings_json(const Settings& settings) {
    Json json = Json::array();
    for (const auto& [key, value] : settings) json.push_back({key, value});
    return json;
}

Settings settings_of(const Json& json) {
    Settings settings;
    for (const Json& each : json) {
        settings.emplace_back(each.at(0).get<std::string>(), each.at(1).get<std::string>());
    }
    return settings;
}

Json search_json(const Study::Plan& plan) {
    const auto names = plan.measure_names();
    Json conditions = Json::array();
    for (const Condition& each : plan.search->conditions) {
        conditions.push_back({names[each.measure], each.comparison, each.limit, each.text});
    }
    return {{"key", plan.search->key},
            {"largest", plan.search->largest},
            {"values", plan.search->values},
            {"conditions", std::move(conditions)}};
}

Search search_of(const Json& json, const Study::Plan& plan) {
    const auto names = plan.measure_names();
    Search search;
    search.key = json.at("key").get<std::string>();
    search.largest = json.at("largest").get<bool>();
    search.values = json.at("values").get<std::vector<std::string>>();
    if (search.values.empty()) throw InvalidConfig("is no point of a study: no values to search");
    for (const Json& each : json.at("conditions")) {
        const auto measure = std::find(names.begin(), names.end(), each.at(0).get<std::string>());
        if (measure == names.end()) {
            throw InvalidConfig("is no point of a study: unknown measure " +
                                each.at(0).get<std::string>());
        }
        search.conditions.push_back({static_cast<std::size_t>(measure - names.begin()),
                                     each.at(1).get<std::string>(), each.at(2).get<double>(),
                                     each.at(3).get<std::string>()});
    }
    return search;
}

Json energy_json(const EnergyTable& table) {
    return {table.source, table.pj_per_mac, table.pj_per_sram_byte, table.pj_per_dram_byte,
            table.leakage_mw};
}

EnergyTable energy_of(const Json& json) {
    return {json.at(0).get<std::string>(), json.at(1).get<double>(), json.at(2).get<double>(),
            json.at(3).get<double>(), json.at(4).get<double>()};
}

/// Whether the figures may belong to the item, whatever a search makes of its key.
bool may_belong(const KnownFigures& figures, const Study::Plan& plan, const Item& item) {
    return std::all_of(figures.where.begin(), figures.where.end(), [&](const StudySetting& where) {
        if (plan.search && plan.search->key == where.first) return true;
        const auto last =
            std::find_if(item.settings.rbegin(), item.settings.rend(),
                         [&](const StudySetting& each) { return each.first == where.first; });
        return last != item.settings.rend() && same_value(last->second, where.second);
    });
}

Json known_json(const Study::Plan& plan, const Item& item) {
    Json json = Json::array();
    for (const KnownFigures& each : plan.known) {
        if (!may_belong(each, plan, item)) continue;
        json.push_back({{"where", settings_json(each.where)}, {"values", each.values}});
    }
    return json;
}

void read_plan(const Json& json, Study::Plan& plan) {
    Item item;
    item.settings = settings_of(json.at("settings"));
    const auto role = json.at("role").get<std::string>();
    using Role = StudyRow::Role;
    for (const Role each : {Role::sensitivity, Role::sample}) {
        if (to_string(each) == role) item.role = each;
    }
    plan.folder = json.value("here", "") + json.at("folder").get<std::string>();
    plan.keep = json.value("keep", std::vector<std::string>{});
    plan.simulates_front = json.value("estimate", false);
    plan.known_measures = json.value("figures", std::vector<std::string>{});
    for (const Json& each : json.value("known", Json::array())) {
        KnownFigures known;
        known.where = settings_of(each.at("where"));
        for (const std::string& name : plan.known_measures) {
            known.values[name] = each.at("values").at(name).get<double>();
        }
        plan.known.push_back(std::move(known));
    }
    if (json.contains("energy")) plan.energy = energy_of(json.at("energy"));
    if (json.contains("search")) plan.search = search_of(json.at("search"), plan);
    plan.items.push_back(std::move(item));
}

}  // namespace

std::string to_text(const Study::Plan& plan, const Task& task) {
    const Item& item = plan.items.at(task.item);
    Json json{{"u65sim_point", point_version},
              {"u65sim_version", version()},
              {"item", task.item},
              {"settings", settings_json(item.settings)},
              {"role", to_string(item.role)},
              {"folder", plan.folder.string()}};
    // Whoever evaluates it may be at work in another folder.
    if (plan.folder.is_relative()) json["here"] = (fs::current_path() / "").string();
    if (plan.simulates_front && task.pass == Pass::first) json["estimate"] = true;
    if (!plan.keep.empty()) json["keep"] = plan.keep;
    if (!plan.known_measures.empty()) {
        json["figures"] = plan.known_measures;
        json["known"] = known_json(plan, item);
    }
    if (plan.energy) json["energy"] = energy_json(*plan.energy);
    if (plan.search) json["search"] = search_json(plan);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

PointPlan from_text(std::string_view text) {
    PointPlan point;
    try {
        const Json json = Json::parse(text);
        const auto made_by = json.at("u65sim_version").get<std::string>();
        if (json.at("u65sim_point").get<int>() != point_version || made_by != version()) {
            throw InvalidConfig(fmt::format("a point made by u65sim {}: this is {}",
                                            made_by.substr(0, 40), version()));
        }
        point.item = json.at("item").get<std::size_t>();
        point.here = json.value("here", "");
        read_plan(json, point.plan);
    } catch (const Json::exception& error) {
        throw InvalidConfig(fmt::format("is no point of a study: {}", error.what()));
    }
    return point;
}

}  // namespace study

std::vector<StudyPoint> study_points(const Study& study, const std::vector<std::string>& records) {
    std::vector<StudyPoint> points;
    for (const study::Task& task : study::Records{study, records}.left()) {
        points.push_back({task.item, study::to_text(study.plan(), task)});
    }
    return points;
}

struct StudyEvaluator::State {
    study::Networks networks{8};
};

StudyEvaluator::StudyEvaluator() : state_(std::make_unique<State>()) {}

StudyEvaluator::~StudyEvaluator() = default;

std::string StudyEvaluator::evaluate(std::string_view point) {
    const study::PointPlan made = study::from_text(point);
    auto rows = study::evaluate_item(made.plan, {}, state_->networks);
    for (StudyRow& row : rows) {
        row.item = made.item;
        // Messages name files as the study does, wherever they were read.
        for (auto at = row.reason.find(made.here); !made.here.empty() && at != std::string::npos;
             at = row.reason.find(made.here, at)) {
            row.reason.erase(at, made.here.size());
        }
    }
    return study::to_line(made.plan, made.item, rows);
}

}  // namespace u65sim
