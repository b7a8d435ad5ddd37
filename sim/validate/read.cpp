// Files of reference rows -> ValidationPlan.
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <u65sim/error.hpp>
#include <u65sim/validate.hpp>

#include "config/text_file.hpp"
#include "config/yaml_document.hpp"
#include "oracle/named.hpp"
#include "target/quantity_text.hpp"
#include "validate/format.hpp"

namespace u65sim {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file_bytes = 4 << 20;
constexpr std::size_t max_rows = 100'000;

/// A producer as a file declares it: our compiler where `compiled` is empty.
struct Producer {
    std::string name, compiled;
    CompileOptions options;  ///< like_vela
};

class Reader : private config::YamlDocument {
public:
    Reader(std::string origin, fs::path folder)
        : YamlDocument(std::move(origin)), folder_(std::move(folder)) {}

    void read(std::string_view text, ValidationPlan& plan) {
        const YAML::Node root = parse(text, max_file_bytes);
        const auto fields =
            map_of(root, "a file of reference rows",
                   {"title", "note", "baseline", "producers", "goals", "defaults", "rows"});
        plan.titles.push_back(text_of(require(fields, root, "title"), "title"));
        plan.notes.push_back(fields.contains("note") ? text_of(fields.at("note"), "note") : "");
        read_producers(require(fields, root, "producers"));
        if (fields.contains("baseline")) {
            baseline_ = text_of(fields.at("baseline"), "baseline");
        }
        if (fields.contains("goals")) read_goals(fields.at("goals"), plan);
        Fields defaults;
        if (fields.contains("defaults")) {
            defaults = map_of(fields.at("defaults"), "defaults", row_keys());
        }
        const YAML::Node& rows = sequence(require(fields, root, "rows"), "rows");
        for (const YAML::Node& row : rows) read_row(row, defaults, plan);
    }

private:
    static const std::vector<std::string>& row_keys() {
        static const std::vector<std::string> keys{
            "group", "network",  "target", "set",    "producer", "counter", "value",
            "bound", "baseline", "label",  "source", "file",     "pair"};
        return keys;
    }

    void read_producers(const YAML::Node& node) {
        for (const YAML::Node& each : sequence(node, "producers")) {
            const Fields fields = map_of(each, "a producer", {"name", "file", "like_vela"});
            Producer producer;
            producer.name = text_of(require(fields, each, "name"), "name");
            if (fields.contains("file")) producer.compiled = text_of(fields.at("file"), "file");
            if (fields.contains("like_vela")) {
                const YAML::Node& like = fields.at("like_vela");
                if (!set_like_vela(producer.options, text_of(like, "like_vela"))) {
                    fail(like.Mark(), "like_vela: must be true, false, 5.0 or 5.2");
                }
                if (fields.contains("file")) {
                    fail(like.Mark(), "like_vela: is for our compiler, not for a compiled file");
                }
            }
            for (const Producer& known : producers_) {
                if (known.name == producer.name) {
                    fail(each.Mark(),
                         fmt::format("producer {}: must be declared once", producer.name));
                }
            }
            producers_.push_back(std::move(producer));
        }
        if (producers_.empty()) fail(node.Mark(), "producers: must hold at least one");
    }

    void read_goals(const YAML::Node& node, ValidationPlan& plan) const {
        for (const YAML::Node& each : sequence(node, "goals")) {
            const Fields fields =
                map_of(each, "a goal", {"group", "producer", "target", "mean", "worst"});
            ValidationGoal goal;
            goal.group = text_of(require(fields, each, "group"), "group");
            if (fields.contains("producer")) {
                goal.producer = text_of(fields.at("producer"), "producer");
                find_producer(goal.producer, fields.at("producer"));
            }
            if (fields.contains("target")) goal.target = text_of(fields.at("target"), "target");
            if (fields.contains("mean")) goal.mean = number(fields.at("mean"), "mean");
            if (fields.contains("worst")) goal.worst = number(fields.at("worst"), "worst");
            if (!goal.mean && !goal.worst) {
                fail(each.Mark(), "a goal: must give mean, worst or both, in percent");
            }
            // Groups span files, so a goal may be repeated, but not changed.
            for (const ValidationGoal& known : plan.goals) {
                if (known.group == goal.group && known.producer == goal.producer &&
                    known.target == goal.target && known != goal) {
                    fail(each.Mark(),
                         fmt::format("goal of {}: must be the same in every file", goal.group));
                }
            }
            if (std::find(plan.goals.begin(), plan.goals.end(), goal) == plan.goals.end()) {
                plan.goals.push_back(std::move(goal));
            }
        }
    }

    const Producer& find_producer(const std::string& name, const YAML::Node& node) const {
        for (const Producer& producer : producers_) {
            if (producer.name == name) return producer;
        }
        std::vector<std::string> names;
        for (const Producer& producer : producers_) names.push_back(producer.name);
        fail(node.Mark(),
             fmt::format("producer = {}: must be one of {}", name, fmt::join(names, ", ")));
    }

    /// A name as it is, or a path made relative to the file that gives it.
    [[nodiscard]] std::string resolve(const std::string& text) const {
        const bool is_path = text.ends_with(".yaml") || text.ends_with(".yml") ||
                             text.ends_with(".tflite") || text.find('/') != std::string::npos;
        if (!is_path || named::zoo_name(text) || text.starts_with("${")) return text;
        return (folder_ / text).lexically_normal().string();
    }

    static void replace_all(std::string& text, const std::string& mark, const std::string& by) {
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
            text.replace(at, mark.size(), by);
            at += by.size();
        }
    }

    /// ".../{target}/{network}..." with the names of the row's in their place.
    static std::string with_names(std::string text, const ValidationRow& row) {
        replace_all(text, "{target}", validation::target_name(row.target));
        replace_all(text, "{network}", validation::network_name(row.network));
        return text;
    }

    void read_row(const YAML::Node& node, const Fields& defaults, ValidationPlan& plan) {
        Fields fields = map_of(node, "a row", row_keys());
        for (const auto& [key, value] : defaults) fields.emplace(key, value);
        ValidationRow row;
        row.place = place(node.Mark());
        row.group = text_of(require(fields, node, "group"), "group");
        row.network = resolve(text_of(require(fields, node, "network"), "network"));
        const std::string target = text_of(require(fields, node, "target"), "target");
        row.target = named::is_target_file(target) ? resolve(target) : target;
        row.counter = text_of(require(fields, node, "counter"), "counter");
        row.source = text_of(require(fields, node, "source"), "source");
        if (fields.contains("set")) row.settings = settings(fields.at("set"));
        read_value(fields, node, row);
        if (fields.contains("baseline")) {
            row.baseline = number(fields.at("baseline"), "baseline");
            if (baseline_.empty()) {
                fail(fields.at("baseline").Mark(),
                     "baseline: the file must say whose it is, under its own key baseline");
            }
            plan.baselines.emplace(row.group, baseline_);
        }
        row.label = fields.contains("label") ? text_of(fields.at("label"), "label")
                                             : fmt::format("{}", fmt::join(row.settings, " "));
        if (fields.contains("pair")) row.pair = text_of(fields.at("pair"), "pair");
        const std::string file =
            fields.contains("file") ? text_of(fields.at("file"), "file") : std::string{};
        for (const Producer& producer : chosen(fields)) {
            const std::string& compiled = file.empty() ? producer.compiled : file;
            row.producer = producer.name;
            row.like_vela = producer.options.like_vela && compiled.empty();
            row.vela_version = producer.options.vela_version;
            row.compiled_file = compiled.empty() ? "" : resolve(with_names(compiled, row));
            plan.rows.push_back(row);
        }
        if (plan.rows.size() > max_rows) {
            fail(node.Mark(), fmt::format("more than {} rows", max_rows));
        }
    }

    void read_value(const Fields& fields, const YAML::Node& node, ValidationRow& row) const {
        const YAML::Node& value = require(fields, node, "value");
        if (value.IsScalar() && value.Scalar() == "does not fit") {
            row.kind = ReferenceKind::does_not_fit;
            return;
        }
        row.reference = number(value, "value");
        if (!fields.contains("bound")) return;
        const YAML::Node& bound = fields.at("bound");
        const std::string text = text_of(bound, "bound");
        if (text != "upper" && text != "lower") {
            fail(bound.Mark(), fmt::format("bound = {}: must be upper or lower", text));
        }
        row.kind = text == "upper" ? ReferenceKind::upper_bound : ReferenceKind::lower_bound;
    }

    std::vector<std::string> settings(const YAML::Node& node) const {
        std::vector<std::string> list;
        if (node.IsScalar()) {
            list.push_back(text_of(node, "set"));
        } else {
            for (const YAML::Node& each : sequence(node, "set")) {
                list.push_back(text_of(each, "set"));
            }
        }
        for (const std::string& each : list) {
            if (each.find('=') == std::string::npos) {
                fail(node.Mark(), fmt::format("set = {}: must be key=value", each));
            }
        }
        return list;
    }

    std::vector<Producer> chosen(const Fields& fields) const {
        if (!fields.contains("producer")) return producers_;
        const YAML::Node& node = fields.at("producer");
        std::vector<Producer> list;
        if (node.IsScalar()) {
            list.push_back(find_producer(text_of(node, "producer"), node));
        } else {
            for (const YAML::Node& each : sequence(node, "producer")) {
                list.push_back(find_producer(text_of(each, "producer"), each));
            }
        }
        return list;
    }

    fs::path folder_;
    std::string baseline_;
    std::vector<Producer> producers_;
};

}  // namespace

ValidationPlan read_validation(const std::vector<std::filesystem::path>& files) {
    ValidationPlan plan;
    for (const fs::path& file : files) {
        const std::string text = config::read_text_file(file);
        Reader(file.string(), file.parent_path()).read(text, plan);
    }
    return plan;
}

ValidationPlan read_validation_text(std::string_view text, std::string_view origin) {
    ValidationPlan plan;
    Reader(std::string(origin), {}).read(text, plan);
    return plan;
}

}  // namespace u65sim
