#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <u65sim/error.hpp>
#include <u65sim/platform.hpp>

#include "base/nearest_word.hpp"
#include "config/embedded.hpp"
#include "config/text_file.hpp"
#include "config/yaml_document.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {
namespace {

using Dram = BankedDramParameters;

constexpr std::size_t max_file_bytes = 1 << 20;

struct CountField {
    std::string_view key;
    int Dram::*member;
};
constexpr std::array<CountField, 6> counts{{{"width", &Dram::width},
                                            {"burst_length", &Dram::burst_length},
                                            {"banks", &Dram::banks},
                                            {"rows", &Dram::rows},
                                            {"queue", &Dram::queue},
                                            {"reorder_limit", &Dram::reorder_limit}}};

struct TimeField {
    std::string_view key;
    Cycles Dram::*member;
};
constexpr std::array<TimeField, 11> times{{{"tRCD", &Dram::tRCD},
                                           {"tRP", &Dram::tRP},
                                           {"CL", &Dram::CL},
                                           {"CWL", &Dram::CWL},
                                           {"tRAS", &Dram::tRAS},
                                           {"tRTP", &Dram::tRTP},
                                           {"tWR", &Dram::tWR},
                                           {"tWTR", &Dram::tWTR},
                                           {"tRRD", &Dram::tRRD},
                                           {"tREFI", &Dram::tREFI},
                                           {"tRFC", &Dram::tRFC}}};

constexpr std::array<std::pair<std::string_view, DramMapping>, 3> mappings{
    {{"row_bank_column", DramMapping::row_bank_column},
     {"bank_row_column", DramMapping::bank_row_column},
     {"row_column_bank", DramMapping::row_column_bank}}};
constexpr std::array<std::pair<std::string_view, DramScheduling>, 2> schedulings{
    {{"fcfs", DramScheduling::fcfs}, {"fr_fcfs", DramScheduling::fr_fcfs}}};

/// A time in cycles of `clock`: whole ones, or nanoseconds rounded up.
std::optional<Cycles> parse_time(std::string_view text, Hertz clock) {
    text = text::trim(text);
    if (!text.ends_with("ns")) {
        const auto cycles = text::parse_integer(text);
        return cycles ? std::optional{Cycles{*cycles}} : std::nullopt;
    }
    const auto ns = text::parse_real(text::trim(text.substr(0, text.size() - 2)));
    constexpr double longest = 1e9;
    if (!ns || *ns < 0 || *ns > longest) return std::nullopt;
    // Less than a thousandth of a cycle is the rounding of the product, not a part of the time.
    const double cycles = *ns * static_cast<double>(clock.count()) / 1e9;
    return Cycles{static_cast<std::int64_t>(std::ceil(cycles - 1e-3))};
}

class Reader : private config::YamlDocument {
public:
    using YamlDocument::YamlDocument;

    Dram read(std::string_view text) const {
        const YAML::Node root = parse(text, max_file_bytes);
        const Fields fields = map_of(root, "a DRAM", keys());
        Dram dram;
        dram.name = text_of(require(fields, root, "name"), "name");
        const YAML::Node& clock = require(fields, root, "clock");
        read_quantity(clock, "clock", text::parse_hertz, dram.clock, "a frequency like 800MHz");
        if (dram.clock.count() <= 0) fail(clock.Mark(), "clock: must be above 0");
        if (const auto row = fields.find("row"); row != fields.end()) {
            read_quantity(row->second, "row", text::parse_bytes, dram.row, "bytes like 2KiB");
        }
        for (const auto& [key, member] : counts) {
            const auto found = fields.find(std::string(key));
            if (found == fields.end()) continue;
            constexpr long long most = 1 << 24;
            dram.*member = static_cast<int>(whole(found->second, key, 0, most));
        }
        for (const auto& [key, member] : times) {
            const YAML::Node& node = require(fields, root, std::string(key));
            const auto parse = [&](std::string_view value) {
                return parse_time(value, dram.clock);
            };
            read_quantity(node, key, parse, dram.*member, "cycles or nanoseconds like 13.75ns");
        }
        read_choice(fields, "mapping", mappings, dram.mapping);
        read_choice(fields, "scheduling", schedulings, dram.scheduling);
        try {
            dram.validate();
        } catch (const InvalidConfig& error) {
            fail(place_of(fields, error.what()), error.what());
        }
        return dram;
    }

private:
    static std::vector<std::string> keys() {
        std::vector<std::string> keys{"name", "clock", "row", "mapping", "scheduling"};
        for (const auto& field : counts) keys.emplace_back(field.key);
        for (const auto& field : times) keys.emplace_back(field.key);
        return keys;
    }

    template <class Parse, class Value>
    void read_quantity(const YAML::Node& node, std::string_view key, const Parse& parse,
                       Value& value, std::string_view what) const {
        const std::string text = text_of(node, key);
        const auto parsed = parse(text);
        if (!parsed) fail(node.Mark(), fmt::format("{} = {}: must be {}", key, text, what));
        value = *parsed;
    }

    template <class Choices, class Value>
    void read_choice(const Fields& fields, const std::string& key, const Choices& choices,
                     Value& value) const {
        const auto found = fields.find(key);
        if (found == fields.end()) return;
        const std::string text = text_of(found->second, key);
        std::vector<std::string_view> names;
        for (const auto& [name, choice] : choices) {
            if (name == text) {
                value = choice;
                return;
            }
            names.push_back(name);
        }
        fail(found->second.Mark(),
             fmt::format("{} = {}: must be one of {}", key, text, fmt::join(names, ", ")));
    }

    /// Of the field that a message "key = value: ..." begins with.
    static YAML::Mark place_of(const Fields& fields, std::string_view message) {
        const auto found = fields.find(std::string(message.substr(0, message.find(' '))));
        return found == fields.end() ? YAML::Mark::null_mark() : found->second.Mark();
    }
};

}  // namespace

BankedDramParameters BankedDramParameters::from_yaml_text(std::string_view text,
                                                          std::string_view origin) {
    return Reader(std::string(origin)).read(text);
}

BankedDramParameters BankedDramParameters::from_yaml(const std::filesystem::path& file) {
    return from_yaml_text(config::read_text_file(file), file.string());
}

std::vector<std::string> BankedDramParameters::preset_names() {
    std::vector<std::string> names;
    for (const config::EmbeddedFile& each : config::embedded_files()) {
        if (each.kind == "drams") names.push_back(each.stem);
    }
    return names;
}

BankedDramParameters BankedDramParameters::preset(std::string_view name) {
    const config::EmbeddedFile* const file = config::find_embedded("drams", name);
    if (file == nullptr) {
        const std::vector<std::string> names = preset_names();
        throw InvalidConfig(fmt::format("DRAM {}: no such preset; the nearest one is {} (of {})",
                                        name, nearest_word(name, names), fmt::join(names, ", ")));
    }
    return from_yaml_text(file->text, file->stem + ".yaml");
}

}  // namespace u65sim
