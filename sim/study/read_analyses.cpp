#include "study/read_analyses.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>

#include "ir/random.hpp"
#include "study/quantities.hpp"
#include "study/variant.hpp"
#include "target/fields.hpp"
#include "target/quantity_text.hpp"

namespace u65sim::study {

void AnalysesReader::read(const config::YamlDocument::Fields& fields) {
    std::vector<StudySetting> changes;
    if (fields.contains("sensitivities")) changes = sensitivities(fields.at("sensitivities"));
    std::vector<Settings> samples;
    if (fields.contains("uncertainty")) samples = uncertainty(fields.at("uncertainty"));
    if (changes.empty() && samples.empty()) return;
    if (plan_.search) {
        const char* which = changes.empty() ? "uncertainty" : "sensitivities";
        document_.fail(
            fields.at(which).Mark(),
            fmt::format("{}: must not stand beside find: give it the value found", which));
    }
    std::vector<Item> items;
    for (Item& point : plan_.items) {
        const Item base = point;
        items.push_back(std::move(point));
        add_sensitivities(base, changes, items);
        for (const Settings& sample : samples) {
            Item item = base;
            item.role = StudyRow::Role::sample;
            item.settings.insert(item.settings.end(), sample.begin(), sample.end());
            items.push_back(std::move(item));
        }
        if (items.size() > max_items) {
            document_.fail(YAML::Mark::null_mark(), fmt::format("more than {} points", max_items));
        }
    }
    plan_.items = std::move(items);
}

void AnalysesReader::add_sensitivities(const Item& base, const std::vector<StudySetting>& changes,
                                       std::vector<Item>& items) const {
    if (changes.empty()) return;
    const Target before = make_variant(base.settings, plan_.folder).target;
    for (const StudySetting& change : changes) {
        Item item = base;
        item.role = StudyRow::Role::sensitivity;
        item.settings.push_back(change);
        const fields::Field& field = *fields::find(change.first);
        std::string after;
        try {
            after = field.get(make_variant(item.settings, plan_.folder).target);
        } catch (const InvalidConfig&) {
            after = change.second;  // out of the field's range: becomes a row with its reason
        }
        // A share of nothing changes nothing.
        if (after == field.get(before)) continue;
        item.varied = fmt::format("{} {} -> {}", change.first, field.get(before), after);
        items.push_back(std::move(item));
    }
}

double AnalysesReader::percent(const YAML::Node& node, std::string_view key) const {
    const std::string text = document_.text_of(node, key);
    const auto number =
        text.ends_with('%')
            ? text::parse_real(text::trim(std::string_view{text}.substr(0, text.size() - 1)))
            : std::nullopt;
    if (!number || *number <= 0 || *number > 90) {
        document_.fail(node.Mark(),
                       fmt::format("{} = {}: must be a percentage from 0 % to 90 %", key, text));
    }
    return *number / 100;
}

void AnalysesReader::check_numeric(const YAML::Node& key) const {
    std::vector<std::string> names;
    for (const std::string& name : key_names()) {
        if (is_numeric_field(name)) names.push_back(name);
    }
    if (std::find(names.begin(), names.end(), document_.key_of(key)) == names.end()) {
        document_.fail_unknown(key, names);
    }
}

std::string AnalysesReader::change_of(const YAML::Node& key, const YAML::Node& value) const {
    std::string change = document_.text_of(value, key.Scalar());
    if (change.ends_with('%')) return "x" + number_text(1 + percent(value, change));
    if (change.front() != 'x' && change.front() != '+' && change.front() != '-') {
        document_.fail(value.Mark(), fmt::format("{} = {}: must be a change: x1.1, +8, -8 or 10 %",
                                                 key.Scalar(), change));
    }
    return change;
}

std::vector<StudySetting> AnalysesReader::sensitivities(const YAML::Node& node) const {
    const auto fields = document_.map_of(node, "sensitivities", {"change", "fields"});
    const double share = fields.contains("change") ? percent(fields.at("change"), "change") : 0.1;
    const std::string usual = "x" + number_text(1 + share);
    const YAML::Node& which = document_.require(fields, node, "fields");
    std::vector<StudySetting> changes;
    if (which.IsScalar() && which.Scalar() == "all") {
        for (const std::string& name : key_names()) {
            if (is_numeric_field(name)) changes.emplace_back(name, usual);
        }
    } else if (which.IsMap()) {
        for (const auto& entry : which) {
            check_numeric(entry.first);
            changes.emplace_back(entry.first.Scalar(), change_of(entry.first, entry.second));
        }
    } else if (which.IsSequence()) {
        for (const YAML::Node& each : which) {
            check_numeric(each);
            changes.emplace_back(each.Scalar(), usual);
        }
    } else {
        document_.fail(which.Mark(), "fields: must be all, a list of fields, or a map of changes");
    }
    return changes;
}

std::vector<Settings> AnalysesReader::uncertainty(const YAML::Node& node) {
    const auto fields = document_.map_of(node, "uncertainty", {"samples", "seed", "of"});
    const auto count = static_cast<std::size_t>(
        document_.whole(document_.require(fields, node, "samples"), "samples", 2, 100'000));
    const long long seed =
        fields.contains("seed") ? document_.whole(fields.at("seed"), "seed", 0, 1'000'000'000) : 1;
    const YAML::Node& of = document_.require(fields, node, "of");
    if (!of.IsMap() || of.size() == 0) {
        document_.fail(of.Mark(), "of: must be a map of fields and percentages");
    }
    std::vector<Settings> samples(count);
    for (const auto& entry : of) {
        check_numeric(entry.first);
        const std::string& key = entry.first.Scalar();
        const double share = percent(entry.second, key);
        ir::Random random{static_cast<std::uint64_t>(seed), key};
        for (Settings& sample : samples) {
            const double factor = 1 + share * (2 * random.uniform() - 1);
            sample.emplace_back(key, "x" + number_text(factor));
        }
        plan_.uncertainty += fmt::format("{}{} +-{}", plan_.uncertainty.empty() ? "" : ", ", key,
                                         entry.second.Scalar());
    }
    plan_.uncertainty = "uniform: " + plan_.uncertainty;
    plan_.samples = count;
    return samples;
}

}  // namespace u65sim::study
