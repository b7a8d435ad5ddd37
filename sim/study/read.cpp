// Study files -> Study::Plan.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

#include "config/text_file.hpp"
#include "config/yaml_document.hpp"
#include "ir/random.hpp"
#include "study/measures.hpp"
#include "study/plan.hpp"
#include "study/quantities.hpp"
#include "study/read_axes.hpp"
#include "study/variant.hpp"
#include "target/fields.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {
namespace {

namespace fs = std::filesystem;
using study::Axis;
using study::Item;
using study::Settings;

constexpr std::size_t max_file_bytes = 4 << 20;
constexpr std::size_t max_items = 1'000'000;

class Reader : private config::YamlDocument {
public:
    Reader(std::string origin, Study::Plan& plan)
        : YamlDocument(std::move(origin)), plan_(plan), axes_(*this, plan.folder) {}

    void read(std::string_view text) {
        const YAML::Node root = parse(text, max_file_bytes);
        const Fields fields = map_of(
            root, "a study",
            {"title", "note", "network", "target", "set", "keep", "axes", "find", "sensitivities",
             "uncertainty", "energy", "known", "measures", "pareto", "plots"});
        plan_.title = printable(text_of(require(fields, root, "title"), "title"));
        if (fields.contains("note"))
            plan_.note = printable_lines(text_of(fields.at("note"), "note"));
        std::vector<Axis> axes;
        read_subject(fields, root, "network", axes);
        read_subject(fields, root, "target", axes);
        if (fields.contains("set")) {
            for (auto& each : axes_.settings(fields.at("set"), "set")) plan_.base.push_back(each);
        }
        if (fields.contains("keep")) {
            for (const YAML::Node& each : sequence(fields.at("keep"), "keep")) {
                plan_.keep.push_back(text_of(each, "keep"));
            }
        }
        if (fields.contains("axes")) {
            for (const YAML::Node& each : sequence(fields.at("axes"), "axes")) {
                axes.push_back(axes_.axis(each));
            }
        }
        check_axes(axes, root);
        make_points(axes, root);
        if (fields.contains("energy")) read_energy(fields.at("energy"));
        if (fields.contains("known")) read_known(fields.at("known"));
        if (fields.contains("find")) read_find(fields.at("find"));
        if (fields.contains("measures")) {
            for (const YAML::Node& each : sequence(fields.at("measures"), "measures")) {
                measure_of(each);
                plan_.shown.push_back(each.Scalar());
            }
        } else {
            plan_.shown = {"latency_ms", "mac_utilization", "dram_bytes", "spills"};
        }
        if (fields.contains("pareto")) read_pareto(fields.at("pareto"));
        if (fields.contains("plots")) read_plots(fields.at("plots"));
        read_analyses(fields);
    }

private:
    /// `network` and `target`: one value for all points, or a list that is the outermost axis.
    void read_subject(const Fields& fields, const YAML::Node& root, const std::string& key,
                      std::vector<Axis>& axes) {
        const auto found = fields.find(key);
        if (found == fields.end()) return;
        const YAML::Node& node = found->second;
        for (const auto& entry : root) {
            if (entry.first.Scalar() != key) continue;
            const auto values = axes_.values(entry.first, node);
            if (node.IsScalar()) {
                plan_.base.emplace_back(key, values.front());
                return;
            }
            Axis axis;
            for (const std::string& value : values) axis.push_back({{key, value}});
            axes.push_back(std::move(axis));
        }
    }

    void check_axes(const std::vector<Axis>& axes, const YAML::Node& root) {
        std::set<std::string> seen;
        bool has_network = false;
        for (const auto& [key, value] : plan_.base) has_network |= key == "network";
        for (const Axis& axis : axes) {
            std::set<std::string> own;
            bool everywhere = true;
            for (const Settings& step : axis) {
                bool here = false;
                for (const auto& [key, value] : step) {
                    if (own.insert(key).second) plan_.axis_keys.push_back(key);
                    here |= key == "network";
                }
                everywhere &= here;
            }
            has_network |= everywhere;
            for (const std::string& key : own) {
                if (!seen.insert(key).second) {
                    fail(root.Mark(), fmt::format("{}: must be on one axis only", key));
                }
            }
        }
        if (!has_network) {
            fail(root.Mark(), "network: must be given, such as network: zoo:mobilenet_v2_224");
        }
    }

    void make_points(const std::vector<Axis>& axes, const YAML::Node& root) {
        std::size_t count = 1;
        for (const Axis& axis : axes) {
            count *= axis.size();
            if (count > max_items) {
                fail(root.Mark(), fmt::format("axes: more than {} points", max_items));
            }
        }
        plan_.points = count;
        for (std::size_t point = 0; point < count; ++point) {
            Item item;
            item.point = point;
            item.settings = plan_.base;
            std::size_t rest = point;
            std::size_t inner = count;
            for (const Axis& axis : axes) {
                inner /= axis.size();
                for (const StudySetting& each : axis[rest / inner]) item.settings.push_back(each);
                rest %= inner;
            }
            plan_.items.push_back(std::move(item));
        }
    }

    std::vector<std::string> measure_keys() const { return plan_.measure_names(); }

    std::size_t measure_of(const YAML::Node& node) const {
        const std::string name = text_of(node, "a measure");
        const auto names = measure_keys();
        const auto found = std::find(names.begin(), names.end(), name);
        if (found == names.end()) {
            fail(node.Mark(),
                 fmt::format("unknown measure {}; the nearest known one is {}", name.substr(0, 100),
                             text::nearest(name.substr(0, 100), names)));
        }
        if (name.starts_with("energy_") && !plan_.energy) {
            fail(node.Mark(), fmt::format("{}: must have a table of costs, under energy", name));
        }
        return static_cast<std::size_t>(found - names.begin());
    }

    void read_energy(const YAML::Node& node) {
        if (node.IsScalar()) {
            const fs::path file = plan_.folder / text_of(node, "energy");
            std::string text;
            try {
                text = config::read_text_file(file);
            } catch (const FileError& error) {
                fail(node.Mark(), fmt::format("energy = {}: {}", node.Scalar(), error.what()));
            }
            plan_.text += text;
            const YamlDocument other{file.string()};
            plan_.energy = energy_table(other, other.parse(text, max_file_bytes));
            return;
        }
        plan_.energy = energy_table(*this, node);
    }

    static study::EnergyTable energy_table(const YamlDocument& document, const YAML::Node& node) {
        study::EnergyTable table;
        const std::vector<std::pair<std::string, double study::EnergyTable::*>> costs{
            {"pj_per_mac", &study::EnergyTable::pj_per_mac},
            {"pj_per_sram_byte", &study::EnergyTable::pj_per_sram_byte},
            {"pj_per_dram_byte", &study::EnergyTable::pj_per_dram_byte},
            {"leakage_mw", &study::EnergyTable::leakage_mw}};
        std::vector<std::string> keys{"source"};
        for (const auto& each : costs) keys.push_back(each.first);
        const auto fields = document.map_of(node, "a table of energies", keys);
        table.source = document.text_of(document.require(fields, node, "source"), "source");
        for (const auto& [key, member] : costs) {
            const YAML::Node& value = document.require(fields, node, key);
            table.*member = document.any_number(value, key);
            if (table.*member < 0 || table.*member > 1e9) {
                document.fail(value.Mark(), fmt::format("{} = {}: must be a number from 0 to 1e9",
                                                        key, value.Scalar()));
            }
        }
        return table;
    }

    void read_known(const YAML::Node& node) {
        const Fields fields = map_of(node, "known figures", {"source", "keys", "figures", "rows"});
        plan_.known_source = text_of(require(fields, node, "source"), "source");
        std::vector<YAML::Node> keys;
        for (const YAML::Node& each : sequence(require(fields, node, "keys"), "keys")) {
            axes_.check_key(each);
            keys.push_back(each);
        }
        const auto simulated = study_measures();
        for (const YAML::Node& each : sequence(require(fields, node, "figures"), "figures")) {
            plan_.known_measures.push_back(text_of(each, "a figure"));
            for (const StudyMeasure& own : simulated) {
                if (own.key == each.Scalar()) {
                    fail(each.Mark(),
                         fmt::format("{}: is simulated: must have another name", each.Scalar()));
                }
            }
        }
        const std::size_t columns = keys.size() + plan_.known_measures.size();
        for (const YAML::Node& row : sequence(require(fields, node, "rows"), "rows")) {
            if (!row.IsSequence() || row.size() != columns) {
                fail(row.Mark(), fmt::format("a row: must be a list of {} values", columns));
            }
            study::KnownFigures known;
            for (std::size_t at = 0; at < keys.size(); ++at) {
                known.where.push_back(axes_.setting(keys[at], row[at]));
            }
            for (std::size_t at = 0; at < plan_.known_measures.size(); ++at) {
                known.values[plan_.known_measures[at]] =
                    any_number(row[keys.size() + at], plan_.known_measures[at]);
            }
            plan_.known.push_back(std::move(known));
        }
    }

    void read_find(const YAML::Node& node) {
        const Fields fields = map_of(node, "find", {"largest", "smallest", "values", "where"});
        if (fields.contains("largest") == fields.contains("smallest")) {
            fail(node.Mark(), "find: must give either largest or smallest, and the key to change");
        }
        study::Search search;
        search.largest = fields.contains("largest");
        const YAML::Node& key = fields.at(search.largest ? "largest" : "smallest");
        axes_.check_key(key);
        search.key = key.Scalar();
        if (std::find(plan_.axis_keys.begin(), plan_.axis_keys.end(), search.key) !=
            plan_.axis_keys.end()) {
            fail(key.Mark(), fmt::format("{}: must not be on an axis too", search.key));
        }
        const YAML::Node& values = require(fields, node, "values");
        search.values = axes_.values(key, values);
        for (std::size_t at = 0; at < search.values.size(); ++at) {
            const auto value = study::quantity(search.values[at]);
            if (!value ||
                (at > 0 && *value <= study::quantity(search.values[at - 1]).value_or(*value))) {
                fail(values.Mark(), "values: must be numbers in ascending order");
            }
        }
        if (fields.contains("where")) {
            for (const YAML::Node& each : sequence(fields.at("where"), "where")) {
                if (text_of(each, "where") == "fits") continue;
                search.conditions.push_back(condition(each));
            }
        }
        plan_.search = std::move(search);
    }

    study::Condition condition(const YAML::Node& node) const {
        const std::string text = text_of(node, "where");
        const std::size_t at = text.find_first_of("<>=");
        const std::size_t end = text.find_first_not_of("<>=", at);
        study::Condition condition;
        condition.text = text;
        bool good = at != std::string::npos && end != std::string::npos;
        if (good) {
            condition.comparison = text.substr(at, end - at);
            const auto limit = study::quantity(text::trim(text.substr(end)));
            good = limit && (condition.comparison == "<" || condition.comparison == "<=" ||
                             condition.comparison == "==" || condition.comparison == ">=" ||
                             condition.comparison == ">");
            condition.limit = limit.value_or(0);
        }
        if (!good) {
            fail(node.Mark(),
                 fmt::format("where = {}: must be fits, or a measure, <, <=, ==, >= or >, and a "
                             "number, such as 'latency_ms <= 2'",
                             text));
        }
        YAML::Node name{std::string{text::trim(text.substr(0, at))}};
        const auto names = measure_keys();
        const auto found = std::find(names.begin(), names.end(), name.Scalar());
        if (found == names.end()) {
            fail(node.Mark(), fmt::format("unknown measure {}; the nearest known one is {}",
                                          name.Scalar().substr(0, 100),
                                          text::nearest(name.Scalar().substr(0, 100), names)));
        }
        condition.measure = static_cast<std::size_t>(found - names.begin());
        return condition;
    }

    void read_pareto(const YAML::Node& node) {
        const auto all = study_measures();
        for (const YAML::Node& each : sequence(node, "pareto")) {
            study::Objective objective;
            if (each.IsMap() && each.size() == 1) {
                objective.measure = measure_of(each.begin()->first);
                const std::string goal = text_of(each.begin()->second, "pareto");
                if (goal != "smallest" && goal != "largest") {
                    fail(each.begin()->second.Mark(),
                         fmt::format("{} = {}: must be smallest or largest",
                                     each.begin()->first.Scalar(), goal));
                }
                objective.larger_is_better = goal == "largest";
            } else {
                objective.measure = measure_of(each);
                objective.larger_is_better =
                    objective.measure < all.size() && all[objective.measure].larger_is_better;
            }
            plan_.pareto.push_back(objective);
        }
        if (plan_.pareto.size() < 2 || plan_.pareto.size() > 3) {
            fail(node.Mark(), "pareto: must name two or three measures");
        }
    }

    bool flag(const Fields& fields, const std::string& key) const {
        const auto found = fields.find(key);
        if (found == fields.end()) return false;
        const std::string text = text_of(found->second, key);
        if (text != "true" && text != "false") {
            fail(found->second.Mark(), fmt::format("{} = {}: must be true or false", key, text));
        }
        return text == "true";
    }

    void read_plots(const YAML::Node& node) {
        for (const YAML::Node& each : sequence(node, "plots")) {
            const Fields fields =
                map_of(each, "a plot", {"title", "x", "y", "series", "log_x", "log_y"});
            study::PlotRequest plot;
            plot.x = axis_or_measure(require(fields, each, "x"));
            measure_of(require(fields, each, "y"));
            plot.y = fields.at("y").Scalar();
            if (fields.contains("series")) {
                axes_.check_key(fields.at("series"));
                plot.series = fields.at("series").Scalar();
            }
            if (fields.contains("title"))
                plot.title = printable(text_of(fields.at("title"), "title"));
            plot.log_x = flag(fields, "log_x");
            plot.log_y = flag(fields, "log_y");
            plan_.plots.push_back(std::move(plot));
        }
    }

    std::string axis_or_measure(const YAML::Node& node) const {
        std::vector<std::string> names = study::key_names();
        const auto measures = measure_keys();
        names.insert(names.end(), measures.begin(), measures.end());
        const std::string name = text_of(node, "x");
        if (std::find(names.begin(), names.end(), name) == names.end()) fail_unknown(node, names);
        return name;
    }

    /// "10 %" as a share.
    double percent(const YAML::Node& node, std::string_view key) const {
        const std::string text = text_of(node, key);
        const auto number =
            text.ends_with('%')
                ? text::parse_real(text::trim(std::string_view{text}.substr(0, text.size() - 1)))
                : std::nullopt;
        if (!number || *number <= 0 || *number > 90) {
            fail(node.Mark(),
                 fmt::format("{} = {}: must be a percentage from 0 % to 90 %", key, text));
        }
        return *number / 100;
    }

    void check_numeric(const YAML::Node& key) const {
        std::vector<std::string> names;
        for (const std::string& name : study::key_names()) {
            if (study::is_numeric_field(name)) names.push_back(name);
        }
        if (!key.IsScalar()) fail(key.Mark(), "a key must be a plain word");
        if (std::find(names.begin(), names.end(), key.Scalar()) == names.end()) {
            fail_unknown(key, names);
        }
    }

    void read_analyses(const Fields& fields) {
        std::vector<StudySetting> changes;
        if (fields.contains("sensitivities")) changes = sensitivities(fields.at("sensitivities"));
        std::vector<Settings> samples;
        if (fields.contains("uncertainty")) samples = uncertainty(fields.at("uncertainty"));
        if (changes.empty() && samples.empty()) return;
        if (plan_.search) {
            const char* which = changes.empty() ? "uncertainty" : "sensitivities";
            fail(fields.at(which).Mark(),
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
                fail(YAML::Mark::null_mark(), fmt::format("more than {} points", max_items));
            }
        }
        plan_.items = std::move(items);
    }

    void add_sensitivities(const Item& base, const std::vector<StudySetting>& changes,
                           std::vector<Item>& items) const {
        if (changes.empty()) return;
        const Target before = study::make_variant(base.settings, plan_.folder).target;
        for (const StudySetting& change : changes) {
            Item item = base;
            item.role = StudyRow::Role::sensitivity;
            item.settings.push_back(change);
            const fields::Field& field = *fields::find(change.first);
            std::string after;
            try {
                after = field.get(study::make_variant(item.settings, plan_.folder).target);
            } catch (const InvalidConfig&) {
                after = change.second;  // out of the field's range: becomes a row with its reason
            }
            // A share of nothing changes nothing.
            if (after == field.get(before)) continue;
            item.varied = fmt::format("{} {} -> {}", change.first, field.get(before), after);
            items.push_back(std::move(item));
        }
    }

    std::vector<StudySetting> sensitivities(const YAML::Node& node) const {
        const Fields fields = map_of(node, "sensitivities", {"change", "fields"});
        const double share =
            fields.contains("change") ? percent(fields.at("change"), "change") : 0.1;
        const std::string usual = "x" + study::number_text(1 + share);
        const YAML::Node& which = require(fields, node, "fields");
        std::vector<StudySetting> changes;
        if (which.IsScalar() && which.Scalar() == "all") {
            for (const std::string& name : study::key_names()) {
                if (study::is_numeric_field(name)) changes.emplace_back(name, usual);
            }
        } else if (which.IsMap()) {
            for (const auto& entry : which) {
                check_numeric(entry.first);
                std::string change = text_of(entry.second, entry.first.Scalar());
                if (change.ends_with('%')) {
                    change = "x" + study::number_text(1 + percent(entry.second, change));
                } else if (change.front() != 'x' && change.front() != '+' &&
                           change.front() != '-') {
                    fail(entry.second.Mark(),
                         fmt::format("{} = {}: must be a change: x1.1, +8, -8 or 10 %",
                                     entry.first.Scalar(), change));
                }
                changes.emplace_back(entry.first.Scalar(), change);
            }
        } else if (which.IsSequence()) {
            for (const YAML::Node& each : which) {
                check_numeric(each);
                changes.emplace_back(each.Scalar(), usual);
            }
        } else {
            fail(which.Mark(), "fields: must be all, a list of fields, or a map of changes");
        }
        return changes;
    }

    std::vector<Settings> uncertainty(const YAML::Node& node) {
        const Fields fields = map_of(node, "uncertainty", {"samples", "seed", "of"});
        const auto count = static_cast<std::size_t>(
            whole(require(fields, node, "samples"), "samples", 2, 100'000));
        const long long seed =
            fields.contains("seed") ? whole(fields.at("seed"), "seed", 0, 1'000'000'000) : 1;
        const YAML::Node& of = require(fields, node, "of");
        if (!of.IsMap() || of.size() == 0) {
            fail(of.Mark(), "of: must be a map of fields and percentages");
        }
        std::vector<Settings> samples(count);
        for (const auto& entry : of) {
            check_numeric(entry.first);
            const std::string& key = entry.first.Scalar();
            const double share = percent(entry.second, key);
            ir::Random random{static_cast<std::uint64_t>(seed), key};
            for (Settings& sample : samples) {
                const double factor = 1 + share * (2 * random.uniform() - 1);
                sample.emplace_back(key, "x" + study::number_text(factor));
            }
            plan_.uncertainty += fmt::format("{}{} +-{}", plan_.uncertainty.empty() ? "" : ", ",
                                             key, entry.second.Scalar());
        }
        plan_.uncertainty = fmt::format("{} samples, uniform: {}", count, plan_.uncertainty);
        return samples;
    }

    Study::Plan& plan_;
    study::AxisReader axes_;
};

}  // namespace

Study Study::read(const std::filesystem::path& file) {
    return read_text(config::read_text_file(file), file.string(), file.parent_path());
}

Study Study::read_text(std::string_view text, std::string_view origin,
                       const std::filesystem::path& folder) {
    auto plan = std::make_shared<Plan>();
    plan->origin = origin;
    plan->folder = folder;
    plan->text = text;
    Reader(plan->origin, *plan).read(text);
    Study study;
    study.plan_ = std::move(plan);
    return study;
}

}  // namespace u65sim
