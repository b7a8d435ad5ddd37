#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>
#include "config/embedded.hpp"
#include "config/plain_map.hpp"
#include "config/text_file.hpp"
#include "config/yaml_document.hpp"
#include "target/fields.hpp"
#include "target/quantity_text.hpp"
#include "target/traffic_text.hpp"

namespace u65sim {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file_bytes = 1 << 20;
constexpr int max_base_depth = 8;

/// Reads one document into a Target, following `base` and `memory`.
class Reader : private config::YamlDocument {
public:
    Reader(std::string origin, fs::path folder, int depth)
        : YamlDocument(std::move(origin)), folder_(std::move(folder)), depth_(depth) {}

    void read(std::string_view text, Target& target, bool memory_only) {
        check_depth();
        read(parse(text, max_file_bytes), target, memory_only);
    }

    /// An embedded file, which has no errors that need a place.
    void read(const config::EmbeddedFile& file, Target& target, bool memory_only) {
        const auto plain = config::read_plain_map(file.text);
        if (!plain) return read(file.text, target, memory_only);
        check_depth();
        read(*plain, target, memory_only);
    }

private:
    void check_depth() const {
        if (depth_ > max_base_depth) {
            fail(YAML::Mark::null_mark(),
                 fmt::format("more than {} files based on each other: must not be in a circle",
                             max_base_depth));
        }
    }

    void read(const YAML::Node& root, Target& target, bool memory_only) {
        memory_only_ = memory_only;
        if (root.IsNull()) return;
        if (!root.IsMap()) fail(root.Mark(), "must be a map of target fields");
        // What a file is based on comes first, wherever it stands.
        for (const auto& entry : root) {
            if (key_of(entry.first) == "base") read_base(entry.second, target);
        }
        for (const auto& entry : root) {
            if (key_of(entry.first) == "memory") read_memory_file(entry.second, target);
        }
        read_map(root, "", target);
    }

    void read_base(const YAML::Node& node, Target& target) const {
        if (memory_only_) fail(node.Mark(), "base: must not stand in a file of memories");
        const std::string& name = scalar(node, "base");
        if (const config::EmbeddedFile* preset = config::find_preset(name)) {
            Reader(preset->stem + ".yaml", {}, depth_ + 1).read(*preset, target, false);
            return;
        }
        read_other(node, "base", name, target, false);
    }

    /// `memory: NAME`, or `file: NAME` inside the memory section.
    void read_memory_file(const YAML::Node& node, Target& target) const {
        YAML::Node file = node;
        if (node.IsMap()) {
            file.reset();
            for (const auto& entry : node) {
                if (key_of(entry.first) == "file") file.reset(entry.second);
            }
            if (!file.IsDefined() || file.IsNull()) return;
        }
        const std::string& name = scalar(file, "memory");
        if (const config::EmbeddedFile* known = config::find_embedded("memories", name)) {
            Reader(known->stem + ".yaml", {}, depth_ + 1).read(*known, target, true);
            return;
        }
        read_other(file, "memory", name, target, true);
    }

    void read_other(const YAML::Node& node, std::string_view key, const std::string& name,
                    Target& target, bool memory_only) const {
        const fs::path path = folder_ / name;
        std::string text;
        try {
            text = config::read_text_file(path);
        } catch (const FileError&) {
            std::vector<std::string> names = Target::preset_names();
            if (memory_only) {
                names.clear();
                for (const config::EmbeddedFile& each : config::embedded_files()) {
                    if (each.kind == "memories") names.push_back(each.stem);
                }
            }
            fail(node.Mark(), fmt::format("{} = {}: must be a file that can be read, or one of {}",
                                          key, name, fmt::join(names, ", ")));
        }
        Reader(path.string(), path.parent_path(), depth_ + 1).read(text, target, memory_only);
    }

    void read_map(const YAML::Node& map, const std::string& prefix, Target& target) const {
        std::set<std::string> seen;
        for (const auto& entry : map) {
            const std::string key = prefix + key_of(entry.first);
            if (!seen.insert(key).second) {
                fail(entry.first.Mark(), fmt::format("{}: must be given only once", key));
            }
            if (key == "base" || key == "memory.file") continue;
            if (key == "memory" && entry.second.IsScalar()) continue;
            if (entry.second.IsMap() && prefix.empty() && is_section(key)) {
                read_map(entry.second, key + ".", target);
                continue;
            }
            read_field(entry.first, entry.second, key, target);
        }
    }

    static bool is_section(const std::string& key) {
        const auto& fields = fields::table();
        return std::any_of(fields.begin(), fields.end(), [&](const fields::Field& field) {
            return field.key.size() > key.size() && field.key[key.size()] == '.' &&
                   field.key.starts_with(key);
        });
    }

    void read_field(const YAML::Node& key_node, const YAML::Node& value, const std::string& key,
                    Target& target) const {
        if (!fields::find(key)) {
            if (is_section(key))
                fail(value.Mark(), fmt::format("{}: must be a map of fields", key));
            fail(key_node.Mark(), fields::unknown_key(key));
        }
        if (memory_only_ && !key.starts_with("memory.") && !key.starts_with("sram.") &&
            !key.starts_with("dram.")) {
            fail(key_node.Mark(),
                 fmt::format("{}: must not stand in a file of memories, which holds memory, sram "
                             "and dram",
                             key));
        }
        if (value.IsMap()) {
            read_sourced(value, key, target);
            return;
        }
        const bool list = key == "platform.traffic" && value.IsSequence();
        const std::string text = list ? traffic_text(value) : scalar(value, key);
        try {
            fields::assign(target, key, text);
        } catch (const InvalidConfig& error) {
            fail(value.Mark(), error.what());
        }
    }

    /// {value: 8, vendor: "...", range: [4, 16]}: a number with where it is from.
    void read_sourced(const YAML::Node& node, const std::string& key, Target& target) const {
        constexpr std::array kinds{FieldSource::Kind::vendor, FieldSource::Kind::published,
                                   FieldSource::Kind::measured, FieldSource::Kind::assumed};
        const Fields parts =
            map_of(node, key, {"value", "vendor", "published", "measured", "assumed", "range"});
        FieldSource source;
        source.key = key;
        const YAML::Node& value = require(parts, node, "value");
        int given = 0;
        for (const FieldSource::Kind kind : kinds) {
            const auto found = parts.find(std::string(to_string(kind)));
            if (found == parts.end()) continue;
            ++given;
            source.kind = kind;
            source.text = text_of(found->second, found->first);
        }
        if (given != 1) {
            fail(node.Mark(), fmt::format("{}: must say where its value is from by one of vendor, "
                                          "published, measured and assumed",
                                          key));
        }
        const fields::Field& field = *fields::find(key);
        if (parts.contains("range")) {
            const YAML::Node& range = sequence(parts.at("range"), "range");
            if (range.size() != 2) fail(range.Mark(), "range: must be two values, [LOW, HIGH]");
            source.low = scalar(range[0], "range");
            source.high = scalar(range[1], "range");
        }
        try {
            fields::assign(target, key, scalar(value, key));
            source.value = field.get(target);
            for (std::string* end : {&source.low, &source.high}) {
                if (end->empty()) continue;
                Target copy = target;
                fields::assign(copy, key, *end);
                *end = field.get(copy);
            }
        } catch (const InvalidConfig& error) {
            fail(value.Mark(), error.what());
        }
        fields::set_source(target, std::move(source));
    }

    /// A list of maps, or of texts, as the one text that the field takes.
    std::string traffic_text(const YAML::Node& list) const {
        std::string text;
        for (const YAML::Node& entry : list) {
            const std::string one = entry.IsMap() ? traffic_entry(entry) : scalar(entry, "traffic");
            const auto parsed = text::parse_traffic(one);
            if (!parsed || parsed->size() != 1) {
                fail(entry.Mark(),
                     fmt::format("platform.traffic = {}: must be {}", one, text::traffic_range()));
            }
            text += (text.empty() ? "" : " + ") + one;
        }
        return text.empty() ? "none" : text;
    }

    std::string traffic_entry(const YAML::Node& entry) const {
        const std::vector<std::string> options{"burst", "read_share", "outstanding"};
        std::vector<std::string> keys{"memory", "rate"};
        keys.insert(keys.end(), options.begin(), options.end());
        const Fields fields = map_of(entry, "platform.traffic", keys);
        const auto value = [&](const YAML::Node& node, const std::string& key) {
            std::string text = text_of(node, key);
            std::erase(text, ' ');
            return text;
        };
        std::string text = value(require(fields, entry, "memory"), "memory") + " " +
                           value(require(fields, entry, "rate"), "rate");
        for (const std::string& key : options) {
            const auto found = fields.find(key);
            if (found != fields.end()) text += " " + key + "=" + value(found->second, key);
        }
        return text;
    }

    fs::path folder_;
    int depth_;
    bool memory_only_ = false;
};

/// `source`: a text or an embedded file.
template <class Source>
Target read_source(const Source& source, const std::string& origin, const fs::path& folder) {
    Target target;
    Reader(origin, folder, 0).read(source, target, false);
    try {
        target.validate();
    } catch (const InvalidConfig& error) {
        throw InvalidConfig(fmt::format("{}: {}", origin, error.what()));
    }
    return target;
}

}  // namespace

Target config::target_of(const EmbeddedFile& file) {
    return read_source(file, file.stem + ".yaml", {});
}

Target Target::from_yaml(const std::filesystem::path& file) {
    return read_source(std::string_view{config::read_text_file(file)}, file.string(),
                       file.parent_path());
}

Target Target::from_yaml_text(std::string_view text, std::string_view origin) {
    return read_source(text, std::string(origin), {});
}

}  // namespace u65sim
