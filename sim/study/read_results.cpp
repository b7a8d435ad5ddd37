#include "study/read_results.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

#include "base/nearest_word.hpp"
#include "config/text_file.hpp"
#include "study/measures.hpp"
#include "study/quantities.hpp"
#include "study/variant.hpp"
#include "target/quantity_text.hpp"

namespace u65sim::study {
namespace {

EnergyTable energy_table(const config::YamlDocument& document, const YAML::Node& node) {
    EnergyTable table;
    const std::vector<std::pair<std::string, double EnergyTable::*>> costs{
        {"pj_per_mac", &EnergyTable::pj_per_mac},
        {"pj_per_sram_byte", &EnergyTable::pj_per_sram_byte},
        {"pj_per_dram_byte", &EnergyTable::pj_per_dram_byte},
        {"leakage_mw", &EnergyTable::leakage_mw}};
    std::vector<std::string> keys{"source"};
    for (const auto& each : costs) keys.push_back(each.first);
    const auto fields = document.map_of(node, "a table of energies", keys);
    table.source = document.text_of(document.require(fields, node, "source"), "source");
    for (const auto& [key, member] : costs) {
        const YAML::Node& value = document.require(fields, node, key);
        table.*member = document.any_number(value, key);
        if (table.*member < 0 || table.*member > 1e9) {
            document.fail(value.Mark(), fmt::format("{} = {}: must be a number from 0 to 1e9", key,
                                                    value.Scalar()));
        }
    }
    return table;
}

}  // namespace

void ResultsReader::read(const Fields& fields) {
    if (fields.contains("energy")) read_energy(fields.at("energy"));
    if (fields.contains("known")) read_known(fields.at("known"));
    if (fields.contains("find")) read_find(fields.at("find"));
    if (fields.contains("measures")) {
        read_measures(fields.at("measures"));
    } else {
        plan_.shown = {"latency_ms", "mac_utilization", "dram_bytes", "spills"};
    }
    if (fields.contains("pareto")) read_pareto(fields.at("pareto"));
    if (fields.contains("simulate")) read_simulate(fields);
    if (fields.contains("plots")) read_plots(fields.at("plots"));
}

std::size_t ResultsReader::measure_named(const std::string& name, const YAML::Node& node) const {
    const auto names = plan_.measure_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        document_.fail(node.Mark(), fmt::format("unknown measure {}; {}", name.substr(0, 100),
                                                known_words(name, names)));
    }
    return static_cast<std::size_t>(found - names.begin());
}

std::size_t ResultsReader::measure_of(const YAML::Node& node) const {
    const std::string name = document_.text_of(node, "a measure");
    const std::size_t measure = measure_named(name, node);
    if (name.starts_with("energy_") && !plan_.energy) {
        document_.fail(node.Mark(),
                       fmt::format("{}: must have a table of costs, under energy", name));
    }
    return measure;
}

void ResultsReader::read_measures(const YAML::Node& node) {
    for (const YAML::Node& each : document_.sequence(node, "measures")) {
        static_cast<void>(measure_of(each));
        plan_.shown.push_back(each.Scalar());
    }
}

void ResultsReader::read_energy(const YAML::Node& node) {
    if (!node.IsScalar()) {
        plan_.energy = energy_table(document_, node);
        return;
    }
    const std::filesystem::path file = plan_.folder / document_.text_of(node, "energy");
    std::string text;
    try {
        text = config::read_text_file(file);
    } catch (const FileError& error) {
        document_.fail(node.Mark(), fmt::format("energy = {}: {}", node.Scalar(), error.what()));
    }
    plan_.text += text;
    const config::YamlDocument other{file.string()};
    plan_.energy = energy_table(other, other.parse(text, max_study_bytes));
}

void ResultsReader::read_known(const YAML::Node& node) {
    const auto fields =
        document_.map_of(node, "known figures", {"source", "keys", "figures", "rows"});
    plan_.known_source = document_.text_of(document_.require(fields, node, "source"), "source");
    std::vector<YAML::Node> keys;
    for (const YAML::Node& each :
         document_.sequence(document_.require(fields, node, "keys"), "keys")) {
        axes_.check_key(each);
        keys.push_back(each);
    }
    const auto simulated = study_measures();
    for (const YAML::Node& each :
         document_.sequence(document_.require(fields, node, "figures"), "figures")) {
        plan_.known_measures.push_back(document_.text_of(each, "a figure"));
        for (const StudyMeasure& own : simulated) {
            if (own.key == each.Scalar()) {
                document_.fail(each.Mark(), fmt::format("{}: is simulated: must have another name",
                                                        each.Scalar()));
            }
        }
    }
    read_known_rows(document_.sequence(document_.require(fields, node, "rows"), "rows"), keys);
}

void ResultsReader::read_known_rows(const YAML::Node& rows, const std::vector<YAML::Node>& keys) {
    const std::size_t columns = keys.size() + plan_.known_measures.size();
    for (const YAML::Node& row : rows) {
        if (!row.IsSequence() || row.size() != columns) {
            document_.fail(row.Mark(), fmt::format("a row: must be a list of {} values", columns));
        }
        KnownFigures known;
        for (std::size_t at = 0; at < keys.size(); ++at) {
            known.where.push_back(axes_.setting(keys[at], row[at]));
        }
        for (std::size_t at = 0; at < plan_.known_measures.size(); ++at) {
            known.values[plan_.known_measures[at]] =
                document_.any_number(row[keys.size() + at], plan_.known_measures[at]);
        }
        plan_.known.push_back(std::move(known));
    }
}

void ResultsReader::read_find(const YAML::Node& node) {
    const auto fields = document_.map_of(node, "find", {"largest", "smallest", "values", "where"});
    if (fields.contains("largest") == fields.contains("smallest")) {
        document_.fail(node.Mark(),
                       "find: must give either largest or smallest, and the key to change");
    }
    Search search;
    search.largest = fields.contains("largest");
    const YAML::Node& key = fields.at(search.largest ? "largest" : "smallest");
    axes_.check_key(key);
    search.key = key.Scalar();
    if (std::find(plan_.axis_keys.begin(), plan_.axis_keys.end(), search.key) !=
        plan_.axis_keys.end()) {
        document_.fail(key.Mark(), fmt::format("{}: must not be on an axis too", search.key));
    }
    const YAML::Node& values = document_.require(fields, node, "values");
    search.values = axes_.values(key, values);
    for (std::size_t at = 0; at < search.values.size(); ++at) {
        const auto value = quantity(search.values[at]);
        if (!value || (at > 0 && *value <= quantity(search.values[at - 1]).value_or(*value))) {
            document_.fail(values.Mark(), "values: must be numbers in ascending order");
        }
    }
    if (fields.contains("where")) {
        for (const YAML::Node& each : document_.sequence(fields.at("where"), "where")) {
            if (document_.text_of(each, "where") == "fits") continue;
            search.conditions.push_back(condition(each));
        }
    }
    plan_.search = std::move(search);
}

Condition ResultsReader::condition(const YAML::Node& node) const {
    const std::string text = document_.text_of(node, "where");
    const std::size_t at = text.find_first_of("<>=");
    const std::size_t end = text.find_first_not_of("<>=", at);
    Condition condition;
    condition.text = text;
    bool good = at != std::string::npos && end != std::string::npos;
    if (good) {
        condition.comparison = text.substr(at, end - at);
        const auto limit = quantity(text::trim(text.substr(end)));
        good = limit && (condition.comparison == "<" || condition.comparison == "<=" ||
                         condition.comparison == "==" || condition.comparison == ">=" ||
                         condition.comparison == ">");
        condition.limit = limit.value_or(0);
    }
    if (!good) {
        document_.fail(node.Mark(),
                       fmt::format("where = {}: must be fits, or a measure, <, <=, ==, >= or >, "
                                   "and a number, such as 'latency_ms <= 2'",
                                   text));
    }
    condition.measure = measure_named(std::string{text::trim(text.substr(0, at))}, node);
    return condition;
}

Objective ResultsReader::objective(const YAML::Node& node) const {
    if (!node.IsMap() || node.size() != 1) {
        const auto all = study_measures();
        const std::size_t measure = measure_of(node);
        return {measure, measure < all.size() && all[measure].larger_is_better};
    }
    const YAML::Node name = node.begin()->first;
    const YAML::Node value = node.begin()->second;
    const std::size_t measure = measure_of(name);
    const std::string goal = document_.text_of(value, "pareto");
    if (goal != "smallest" && goal != "largest") {
        document_.fail(value.Mark(),
                       fmt::format("{} = {}: must be smallest or largest", name.Scalar(), goal));
    }
    return {measure, goal == "largest"};
}

void ResultsReader::read_pareto(const YAML::Node& node) {
    for (const YAML::Node& each : document_.sequence(node, "pareto")) {
        plan_.pareto.push_back(objective(each));
    }
    if (plan_.pareto.size() < 2 || plan_.pareto.size() > 3) {
        document_.fail(node.Mark(), "pareto: must name two or three measures");
    }
}

void ResultsReader::read_simulate(const Fields& fields) {
    const YAML::Node& node = fields.at("simulate");
    const std::string what = document_.text_of(node, "simulate");
    if (what != "all" && what != "front") {
        document_.fail(node.Mark(), fmt::format("simulate = {}: must be all or front", what));
    }
    plan_.simulates_front = what == "front";
    if (!plan_.simulates_front) return;
    if (plan_.pareto.empty()) {
        document_.fail(node.Mark(), "simulate = front: must have a front, under pareto");
    }
    for (const char* key : {"sensitivities", "uncertainty"}) {
        if (!fields.contains(key)) continue;
        document_.fail(node.Mark(),
                       fmt::format("simulate = front: must be all with {}, which compare "
                                   "simulated points",
                                   key));
    }
}

bool ResultsReader::flag(const Fields& fields, const std::string& key) const {
    const auto found = fields.find(key);
    if (found == fields.end()) return false;
    const std::string text = document_.text_of(found->second, key);
    if (text != "true" && text != "false") {
        document_.fail(found->second.Mark(),
                       fmt::format("{} = {}: must be true or false", key, text));
    }
    return text == "true";
}

void ResultsReader::read_plots(const YAML::Node& node) {
    for (const YAML::Node& each : document_.sequence(node, "plots")) {
        const auto fields =
            document_.map_of(each, "a plot", {"title", "x", "y", "series", "log_x", "log_y"});
        PlotRequest plot;
        plot.x = axis_or_measure(document_.require(fields, each, "x"));
        static_cast<void>(measure_of(document_.require(fields, each, "y")));
        plot.y = fields.at("y").Scalar();
        if (fields.contains("series")) {
            axes_.check_key(fields.at("series"));
            plot.series = fields.at("series").Scalar();
        }
        if (fields.contains("title")) {
            plot.title = printable(document_.text_of(fields.at("title"), "title"));
        }
        plot.log_x = flag(fields, "log_x");
        plot.log_y = flag(fields, "log_y");
        plan_.plots.push_back(std::move(plot));
    }
}

std::string ResultsReader::axis_or_measure(const YAML::Node& node) const {
    std::vector<std::string> names = key_names();
    const auto measures = plan_.measure_names();
    names.insert(names.end(), measures.begin(), measures.end());
    const std::string name = document_.text_of(node, "x");
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        document_.fail_unknown(node, names);
    }
    return name;
}

}  // namespace u65sim::study
