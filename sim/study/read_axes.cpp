#include "study/read_axes.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/random.hpp"
#include "study/quantities.hpp"
#include "study/variant.hpp"
#include "target/quantity_text.hpp"

namespace u65sim::study {
namespace {

constexpr std::size_t max_values = 100'000;

/// A number in front, a unit behind: "384KiB".
struct Measured {
    double number = 0.0;
    std::string unit;
};

std::optional<Measured> measured(const std::string& text) {
    std::size_t end = text.find_first_not_of("0123456789.eE+-");
    if (end == std::string::npos) end = text.size();
    const auto number = text::parse_real(text.substr(0, end));
    if (!number) return std::nullopt;
    return Measured{*number, text.substr(end)};
}

}  // namespace

/// How one key of a random axis is drawn.
struct AxisReader::Draw {
    std::string key;
    YAML::Node place;
    std::vector<std::string> choices;  ///< empty: between two numbers
    Measured from, to;
    bool logarithmic = false;

    /// What a number from 0 up to 1 stands for.
    [[nodiscard]] std::string value(double share) const;
};

void AxisReader::check_key(const YAML::Node& key) const {
    const std::vector<std::string> names = key_names();
    if (std::find(names.begin(), names.end(), document_.key_of(key)) == names.end()) {
        document_.fail_unknown(key, names);
    }
}

void AxisReader::check(const YAML::Node& place, const StudySetting& setting) const {
    try {
        check_setting(setting, folder_);
    } catch (const Error& error) {
        document_.fail(place.Mark(), error.what());
    }
}

StudySetting AxisReader::setting(const YAML::Node& key, const YAML::Node& value) const {
    check_key(key);
    StudySetting setting{key.Scalar(), document_.text_of(value, key.Scalar())};
    check(value, setting);
    return setting;
}

Settings AxisReader::settings(const YAML::Node& map, std::string_view what) const {
    if (!map.IsMap()) document_.fail(map.Mark(), fmt::format("{}: must be a map of keys", what));
    Settings settings;
    std::set<std::string> seen;
    for (const auto& entry : map) {
        settings.push_back(setting(entry.first, entry.second));
        if (!seen.insert(settings.back().first).second) {
            document_.fail(entry.first.Mark(),
                           fmt::format("{}: must be given only once", settings.back().first));
        }
    }
    return settings;
}

std::vector<std::string> AxisReader::range(const YAML::Node& node) const {
    const auto fields = document_.map_of(node, "a range", {"from", "to", "step", "factor"});
    const auto end = [&](const std::string& name) {
        const YAML::Node& value = document_.require(fields, node, name);
        const auto parsed = measured(document_.text_of(value, name));
        if (!parsed) {
            document_.fail(value.Mark(), fmt::format("{} = {}: must be a number, with its unit",
                                                     name, value.Scalar()));
        }
        return *parsed;
    };
    const Measured from = end("from");
    const Measured to = end("to");
    if (from.unit != to.unit) {
        document_.fail(fields.at("to").Mark(),
                       fmt::format("to = {}: must have the unit of from, '{}'",
                                   fields.at("to").Scalar(), from.unit));
    }
    if (to.number < from.number) {
        document_.fail(fields.at("to").Mark(),
                       fmt::format("to = {}: must not be below from", fields.at("to").Scalar()));
    }
    if (fields.contains("step") == fields.contains("factor")) {
        document_.fail(node.Mark(), "a range: must give either step or factor");
    }
    const bool is_product = fields.contains("factor");
    const YAML::Node& increment = fields.at(is_product ? "factor" : "step");
    const double by = end(is_product ? "factor" : "step").number;
    if (is_product ? by <= 1 || from.number <= 0 : by <= 0) {
        document_.fail(increment.Mark(), is_product ? "factor: must be above 1, and from above 0"
                                                    : "step: must be above 0");
    }
    std::vector<std::string> values;
    // A last value that misses `to` by rounding alone still counts.
    const double limit = to.number + std::abs(to.number) * 1e-9;
    for (std::size_t index = 0;; ++index) {
        const auto steps = static_cast<double>(index);
        const double value =
            is_product ? from.number * std::pow(by, steps) : from.number + by * steps;
        if (value > limit) return values;
        if (values.size() == max_values) {
            document_.fail(node.Mark(), fmt::format("a range: more than {} values", max_values));
        }
        values.push_back(number_text(value) + from.unit);
    }
}

std::vector<std::string> AxisReader::values(const YAML::Node& key, const YAML::Node& node) const {
    check_key(key);
    std::vector<std::string> values;
    if (node.IsMap()) {
        values = range(node);
        for (const std::string& each : values) check(node, {key.Scalar(), each});
        return values;
    }
    if (node.IsScalar()) return {setting(key, node).second};
    for (const YAML::Node& each : document_.sequence(node, key.Scalar())) {
        values.push_back(setting(key, each).second);
    }
    if (values.empty()) {
        document_.fail(node.Mark(), fmt::format("{}: must hold at least one value", key.Scalar()));
    }
    return values;
}

Axis AxisReader::zipped(const YAML::Node& node) const {
    if (!node.IsMap()) document_.fail(node.Mark(), "zip: must be a map of keys and lists");
    Axis axis;
    for (const auto& entry : node) {
        const auto column = values(entry.first, entry.second);
        if (axis.empty()) axis.resize(column.size());
        if (column.size() != axis.size()) {
            document_.fail(entry.second.Mark(),
                           fmt::format("{}: holds {} values: must hold {}, as the first list does",
                                       entry.first.Scalar(), column.size(), axis.size()));
        }
        for (std::size_t row = 0; row < column.size(); ++row) {
            axis[row].emplace_back(entry.first.Scalar(), column[row]);
        }
    }
    if (axis.empty()) document_.fail(node.Mark(), "zip: must hold at least one key");
    return axis;
}

Axis AxisReader::listed(const YAML::Node& node) const {
    Axis axis;
    for (const YAML::Node& each : document_.sequence(node, "list")) {
        axis.push_back(settings(each, "an entry of list"));
    }
    if (axis.empty()) document_.fail(node.Mark(), "list: must hold at least one entry");
    return axis;
}

void AxisReader::read_interval(const YAML::Node& key, const YAML::Node& node, Draw& draw) const {
    const auto bounds = document_.map_of(node, "an interval", {"from", "to", "scale"});
    for (const bool low : {true, false}) {
        const YAML::Node& bound = document_.require(bounds, node, low ? "from" : "to");
        const StudySetting checked = setting(key, bound);
        const auto value = measured(checked.second);
        if (!value) {
            document_.fail(bound.Mark(), fmt::format("{}: must be a number", checked.second));
        }
        (low ? draw.from : draw.to) = *value;
    }
    if (draw.from.unit != draw.to.unit || draw.to.number < draw.from.number) {
        document_.fail(node.Mark(), "an interval: to must be above from and have its unit");
    }
    if (!bounds.contains("scale")) return;
    const std::string scale = document_.text_of(bounds.at("scale"), "scale");
    if (scale != "log" && scale != "linear") {
        document_.fail(bounds.at("scale").Mark(),
                       fmt::format("scale = {}: must be log or linear", scale));
    }
    draw.logarithmic = scale == "log";
    if (draw.logarithmic && draw.from.number <= 0) {
        document_.fail(bounds.at("from").Mark(), "from: must be above 0 for scale log");
    }
}

AxisReader::Draw AxisReader::draw_of(const YAML::Node& key, const YAML::Node& node) const {
    check_key(key);
    Draw draw{key.Scalar(), node, {}, {}, {}, false};
    const bool is_interval =
        node.IsMap() && !node["step"].IsDefined() && !node["factor"].IsDefined();
    if (is_interval) {
        read_interval(key, node, draw);
    } else {
        draw.choices = values(key, node);
    }
    return draw;
}

std::string AxisReader::Draw::value(double share) const {
    if (!choices.empty()) {
        return choices[static_cast<std::size_t>(share * static_cast<double>(choices.size()))];
    }
    const double low = from.number;
    const double high = to.number;
    double drawn = logarithmic ? low * std::pow(high / low, share) : low + (high - low) * share;
    // Whole bounds ask for whole numbers.
    const bool is_whole =
        std::floor(low) == low && std::floor(high) == high && is_numeric_field(key);
    if (is_whole) drawn = std::round(drawn);
    return number_text(drawn) + from.unit;
}

Axis AxisReader::random(const YAML::Node& node) const {
    const auto fields = document_.map_of(node, "random", {"seed", "count", "draw"});
    const long long seed =
        fields.contains("seed") ? document_.whole(fields.at("seed"), "seed", 0, 1'000'000'000) : 1;
    const long long count = document_.whole(document_.require(fields, node, "count"), "count", 1,
                                            static_cast<long long>(max_values));
    const YAML::Node& keys = document_.require(fields, node, "draw");
    if (!keys.IsMap() || keys.size() == 0) {
        document_.fail(keys.Mark(), "draw: must be a map of keys, each with values or a range");
    }
    std::vector<Draw> draws;
    for (const auto& entry : keys) draws.push_back(draw_of(entry.first, entry.second));
    Axis axis(static_cast<std::size_t>(count));
    for (const Draw& draw : draws) {
        ir::Random random{static_cast<std::uint64_t>(seed), draw.key};
        for (Settings& step : axis) {
            const std::string value = draw.value(random.uniform());
            check(draw.place, {draw.key, value});
            step.emplace_back(draw.key, value);
        }
    }
    return axis;
}

Axis AxisReader::axis(const YAML::Node& node) const {
    if (!node.IsMap() || node.size() != 1) {
        document_.fail(node.Mark(),
                       "an axis: must be one key with its values, or one of zip, list and random");
    }
    const YAML::Node key = node.begin()->first;
    const YAML::Node value = node.begin()->second;
    const std::string& name = document_.key_of(key);
    if (name == "zip") return zipped(value);
    if (name == "list") return listed(value);
    if (name == "random") return random(value);
    std::vector<std::string> names = key_names();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.insert(names.end(), {"zip", "list", "random"});
        document_.fail_unknown(key, names);
    }
    Axis axis;
    for (const std::string& each : values(key, value)) axis.push_back({{name, each}});
    return axis;
}

}  // namespace u65sim::study
