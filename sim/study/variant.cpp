// The keys of a study's axes, each declared once.
#include "study/variant.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/error.hpp>
#include <u65sim/zoo.hpp>

#include "base/nearest_word.hpp"
#include "oracle/named.hpp"
#include "target/fields.hpp"
#include "target/quantity_text.hpp"

namespace u65sim::study {
namespace {

namespace fs = std::filesystem;

/// A key that is no field of a target. `set` is false when the text is out of range.
struct Key {
    StudyKey info;
    std::function<bool(NetworkChanges&, OracleOptions&, std::string_view)> set;
};

Key real(StudyKey info, double low, double high, double NetworkChanges::*member) {
    info.range = fmt::format("a number from {} to {}", low, high);
    return {std::move(info),
            [low, high, member](NetworkChanges& changes, OracleOptions&, std::string_view text) {
                const auto value = text::parse_real(text);
                if (!value || *value < low || *value > high) return false;
                changes.*member = *value;
                return true;
            }};
}

template <class Integer>
Key whole(StudyKey info, std::int64_t low, std::int64_t high, Integer NetworkChanges::*member) {
    info.range = fmt::format("a whole number from {} to {}", low, high);
    return {std::move(info),
            [low, high, member](NetworkChanges& changes, OracleOptions&, std::string_view text) {
                const auto value = text::parse_integer(text);
                if (!value || *value < low || *value > high) return false;
                changes.*member = static_cast<Integer>(*value);
                return true;
            }};
}

template <class Value>
Key choice(StudyKey info, std::vector<Value> values, Value NetworkChanges::*member) {
    std::vector<std::string> names;
    for (const Value value : values) names.emplace_back(to_string(value));
    info.range = fmt::format("one of {}", fmt::join(names, ", "));
    return {std::move(info),
            [values, member](NetworkChanges& changes, OracleOptions&, std::string_view text) {
                for (const Value value : values) {
                    if (to_string(value) != text::trim(text)) continue;
                    changes.*member = value;
                    return true;
                }
                return false;
            }};
}

Key pattern() {
    return {{"prune.pattern", "", "Weights kept of each group along the input channels",
             "none, or KEPT:GROUP such as 2:4, with 0 < KEPT < GROUP <= 16"},
            [](NetworkChanges& changes, OracleOptions&, std::string_view text) {
                if (text::trim(text) == "none") {
                    changes.pattern_kept = changes.pattern_group = 0;
                    return true;
                }
                const std::size_t colon = text.find(':');
                if (colon == std::string_view::npos) return false;
                const auto kept = text::parse_integer(text.substr(0, colon));
                const auto group = text::parse_integer(text.substr(colon + 1));
                if (!kept || !group || *kept < 1 || *kept >= *group || *group > 16) return false;
                changes.pattern_kept = static_cast<std::int32_t>(*kept);
                changes.pattern_group = static_cast<std::int32_t>(*group);
                return true;
            }};
}

Key activation_bits() {
    return {{"network.activation_bits", "bit", "Width of activations", "8 or 16"},
            [](NetworkChanges& changes, OracleOptions&, std::string_view text) {
                const auto value = text::parse_integer(text);
                if (!value || (*value != 8 && *value != 16)) return false;
                changes.activation_bits = static_cast<std::int32_t>(*value);
                return true;
            }};
}

Key clusters() {
    return {{"weights.clusters", "", "Distinct weights a layer, by k-means; 0 for no clustering",
             "0, or a whole number from 2 to 255"},
            [](NetworkChanges& changes, OracleOptions&, std::string_view text) {
                const auto value = text::parse_integer(text);
                if (!value || *value < 0 || *value == 1 || *value > 255) return false;
                changes.clusters = static_cast<std::int32_t>(*value);
                return true;
            }};
}

Key modelled() {
    return {
        {"weights.modelled", "",
         "The zoo's weights are described by a model instead of drawn: much faster, sizes within "
         "a few percent",
         "true or false"},
        [](NetworkChanges& changes, OracleOptions&, std::string_view text) {
            const auto value = text::parse_bool(text::trim(text));
            if (!value) return false;
            changes.modelled = *value;
            return true;
        }};
}

Key optimise() {
    return {{"compile.optimise", "", "What the compiler aims at", "performance or size"},
            [](NetworkChanges&, OracleOptions& options, std::string_view text) {
                const std::string_view goal = text::trim(text);
                if (goal != "performance" && goal != "size") return false;
                options.compile.optimise = goal == "size" ? Optimise::size : Optimise::performance;
                return true;
            }};
}

Key like_vela() {
    return {{"compile.like_vela", "", "Plans as Vela does where ours are faster",
             "true, false or a version: 5.0, 5.2"},
            [](NetworkChanges&, OracleOptions& options, std::string_view text) {
                return set_like_vela(options.compile, text::trim(text));
            }};
}

Key without() {
    const std::vector<std::string> steps = optional_steps();
    return {{"compile.without", "", "A step of the compiler that is left out",
             fmt::format("none or one of {}", fmt::join(steps, ", "))},
            [steps](NetworkChanges&, OracleOptions& options, std::string_view text) {
                const std::string step{text::trim(text)};
                options.compile.without.clear();
                if (step == "none") return true;
                if (std::find(steps.begin(), steps.end(), step) == steps.end()) return false;
                options.compile.without.push_back(step);
                return true;
            }};
}

Key effort() {
    return {{"compile.effort", "",
             "A plan by rules with an interval, one by prediction that is simulated, or many that "
             "the machine decides between",
             "quick, normal or high"},
            [](NetworkChanges&, OracleOptions& options, std::string_view text) {
                const auto effort = parse_effort(text::trim(text));
                if (effort) options.effort = *effort;
                return effort.has_value();
            }};
}

Key max_blockdep() {
    return {{"compile.max_blockdep", "blocks", "Blocks of two kernels that may overlap",
             "a whole number from 0 to 3"},
            [](NetworkChanges&, OracleOptions& options, std::string_view text) {
                const auto value = text::parse_integer(text);
                if (!value || *value < 0 || *value > 3) return false;
                options.compile.max_blockdep = static_cast<int>(*value);
                return true;
            }};
}

const std::vector<Key>& table() {
    using Changes = NetworkChanges;
    static const std::vector<Key> keys{
        real({"network.width", "", "Multiplies the channels of every layer"}, 0.01, 16,
             &Changes::width),
        whole({"network.resolution", "",
               "Height of the input image, width in proportion; 0: as it "
               "is"},
              0, 4096, &Changes::resolution),
        real({"network.depth", "", "Multiplies the blocks of every stage"}, 0.01, 16,
             &Changes::depth),
        choice<BlockKind>({"network.block", "", "What stands in place of depthwise blocks"},
                          {BlockKind::depthwise, BlockKind::fused, BlockKind::ghost,
                           BlockKind::blueprint, BlockKind::grouped, BlockKind::pooling},
                          &Changes::block),
        whole({"network.group_width", "", "Channels of a group in grouped blocks"}, 1, 1024,
              &Changes::group_width),
        activation_bits(),
        whole({"network.divisor", "", "Channels are rounded to multiples of this"}, 1, 256,
              &Changes::divisor),
        real({"prune.structured", "", "Share of each layer's channels that is removed"}, 0, 0.99,
             &Changes::pruned_channels),
        real({"prune.unstructured", "", "Share of all weights that is set to zero"}, 0, 0.99,
             &Changes::sparsity),
        choice<SparsitySchedule>({"prune.schedule", "", "How that share is spread over the layers"},
                                 {SparsitySchedule::uniform, SparsitySchedule::log_parameters},
                                 &Changes::schedule),
        pattern(),
        clusters(),
        whole({"weights.bits", "bit", "Grid of the weights' values"}, 2, 8, &Changes::weight_bits),
        whole({"weights.seed", "", "Of weights that are drawn"}, 0, 1'000'000'000, &Changes::seed),
        modelled(),
        optimise(),
        effort(),
        max_blockdep(),
        without(),
        like_vela(),
    };
    return keys;
}

const Key* find(std::string_view name) {
    const auto found = std::find_if(table().begin(), table().end(),
                                    [name](const Key& key) { return key.info.key == name; });
    return found == table().end() ? nullptr : &*found;
}

/// "x1.1", "+8", "-8" against the value a field has; nothing for any other text.
std::optional<double> relative(std::string_view text, double current) {
    if (text.size() < 2) return std::nullopt;
    const auto amount = text::parse_real(text.substr(1));
    if (!amount) return std::nullopt;
    switch (text.front()) {
        case 'x':
            return current * *amount;
        case '+':
            return current + *amount;
        case '-':
            return current - *amount;
        default:
            return std::nullopt;
    }
}

/// The value of a numeric field in its base unit.
double base_value(const fields::Field& field, const Target& target) {
    const std::string text = field.get(target);
    if (field.unit == "bytes") return static_cast<double>(text::parse_bytes(text)->count());
    if (field.unit == "Hz") return static_cast<double>(text::parse_hertz(text)->count());
    if (field.unit == "B/cycle") return text::parse_rate(text)->value();
    return text::parse_real(text).value_or(0.0);
}

void assign_field(Target& target, const std::string& key, const std::string& value) {
    const std::string_view text = text::trim(value);
    if (is_numeric_field(key) && !text.empty() &&
        (text.front() == 'x' || text.front() == '+' || text.front() == '-')) {
        const fields::Field& field = *fields::find(key);
        const auto changed = relative(text, base_value(field, target));
        if (changed) {
            const bool is_real = field.unit == "B/cycle" || key.starts_with("host.");
            const std::string made =
                is_real ? fmt::format("{:.6g}", *changed)
                        : fmt::format("{}", static_cast<std::int64_t>(std::llround(*changed)));
            try {
                fields::assign(target, key, made);
            } catch (const InvalidConfig& error) {
                throw InvalidConfig(fmt::format("{} ({} = {})", error.what(), key, value));
            }
            return;
        }
    }
    fields::assign(target, key, value);
}

void apply(Variant& variant, const StudySetting& setting, const fs::path& folder) {
    const auto& [name, value] = setting;
    if (name == "target") return;  // comes first, wherever it stands
    if (name == "network") {
        variant.network = resolved_network(value, folder);
        return;
    }
    if (const Key* key = find(name)) {
        if (!key->set(variant.changes, variant.options, value)) {
            throw InvalidConfig(fmt::format("{} = {}: must be {}", name, value, key->info.range));
        }
        return;
    }
    if (!fields::find(name)) {
        throw InvalidConfig(
            fmt::format("unknown key {}; {}", name.substr(0, 100), known_words(name, key_names())));
    }
    assign_field(variant.target, name, value);
}

void check_network(const std::string& network, const fs::path& folder) {
    const std::string resolved = resolved_network(network, folder);
    if (const auto entry = named::zoo_name(resolved)) {
        std::vector<std::string> names;
        for (const ZooEntry& each : zoo_list()) names.push_back("zoo:" + each.name);
        if (std::find(names.begin(), names.end(), fmt::format("zoo:{}", *entry)) == names.end()) {
            throw InvalidConfig(
                fmt::format("network = {}: {}", network, known_words(resolved, names)));
        }
        return;
    }
    std::error_code error;
    if (!fs::is_regular_file(resolved, error)) {
        throw InvalidConfig(
            fmt::format("network = {}: must be a name of the zoo, or a file that can be read ({})",
                        network, resolved));
    }
}

}  // namespace

bool is_numeric_field(std::string_view key) {
    const fields::Field* field = fields::find(key);
    if (!field || field->unit.empty()) return false;
    return field->range.starts_with("a ");  // choices are "one of ..."
}

std::vector<std::string> key_names() {
    std::vector<std::string> names{"network", "target"};
    for (const Key& key : table()) names.push_back(key.info.key);
    for (const fields::Field& field : fields::table()) names.push_back(field.key);
    return names;
}

std::string resolved_network(const std::string& network, const fs::path& folder) {
    if (named::zoo_name(network)) return network;
    return (folder / network).lexically_normal().string();
}

Variant make_variant(const std::vector<StudySetting>& settings, const fs::path& folder,
                     const std::function<Target(const std::string& name)>& read) {
    Variant variant;
    const StudySetting* target = nullptr;
    for (const StudySetting& setting : settings) {
        if (setting.first == "target") target = &setting;
    }
    variant.target = read(target ? target->second : "u65-256");
    for (const StudySetting& setting : settings) apply(variant, setting, folder);
    return variant;
}

Variant make_variant(const std::vector<StudySetting>& settings, const fs::path& folder) {
    return make_variant(settings, folder,
                        [&folder](const std::string& name) { return named::target(name, folder); });
}

void check_setting(const StudySetting& setting, const fs::path& folder) {
    if (setting.first == "target") {
        named::target(setting.second, folder);
        return;
    }
    if (setting.first == "network") check_network(setting.second, folder);
    Variant variant;
    apply(variant, setting, folder);
}

}  // namespace u65sim::study

namespace u65sim {

std::vector<StudyKey> study_keys() {
    std::vector<StudyKey> keys{{"network", "", "The network",
                                "a name of the zoo, or a .tflite or YAML graph beside the study"},
                               {"target", "", "What the point starts from",
                                fmt::format("{}, or a YAML file beside the study",
                                            fmt::join(Target::preset_names(), ", "))}};
    for (const study::Key& key : study::table()) keys.push_back(key.info);
    for (const fields::Field& field : fields::table()) {
        keys.push_back({field.key, field.unit, field.summary, field.range});
    }
    return keys;
}

}  // namespace u65sim
