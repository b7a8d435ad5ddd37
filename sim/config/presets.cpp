#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>
#include "base/nearest_word.hpp"
#include "config/embedded.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {
namespace {

using Names = std::pair<std::string_view, std::string_view>;  // of the preset, of its file

constexpr std::array<Names, 7> presets{{
    {"u65-256", "u65-256-high-end"},
    {"u65-512", "u65-512-high-end"},
    {"u55-32", "u55-32-high-end-embedded"},
    {"u55-64", "u55-64-high-end-embedded"},
    {"u55-128", "u55-128-high-end-embedded"},
    {"u55-256", "u55-256-high-end-embedded"},
    {"u65-256-imx93", "u65-256-imx93"},
}};

// A board's file has its name.
constexpr std::array<std::string_view, 16> boards{"ra8p1",
                                                  "ra8p1-sram",
                                                  "alif-e7-he",
                                                  "alif-e7-he-sram",
                                                  "alif-e7-he-dtcm",
                                                  "alif-e7-hp",
                                                  "alif-e7-hp-ospi",
                                                  "alif-e7-hp-sram",
                                                  "alif-e7-hp-dtcm",
                                                  "alif-e7-hp-dtcm-mram",
                                                  "alif-e7-hp-dtcm-sram",
                                                  "psoc-edge-e84",
                                                  "psoc-edge-e84-socmem",
                                                  "himax-we2",
                                                  "m55m1",
                                                  "imx93"};

}  // namespace

namespace config {

const EmbeddedFile* find_embedded(std::string_view kind, std::string_view stem) {
    const std::vector<EmbeddedFile>& files = embedded_files();
    const auto found = std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& each) {
        return each.kind == kind && each.stem == stem;
    });
    return found == files.end() ? nullptr : &*found;
}

const EmbeddedFile* find_preset(std::string_view name) {
    for (const auto& [preset, stem] : presets) {
        if (preset == name) return find_embedded("targets", stem);
    }
    if (std::find(boards.begin(), boards.end(), name) != boards.end()) {
        return find_embedded("targets", name);
    }
    return nullptr;
}

}  // namespace config

std::vector<std::string> Target::preset_names() {
    std::vector<std::string> names;
    for (const auto& [name, stem] : presets) names.emplace_back(name);
    return names;
}

std::vector<std::string> Target::board_names() { return {boards.begin(), boards.end()}; }

Target Target::preset(std::string_view name) {
    const config::EmbeddedFile* file = config::find_preset(name);
    if (!file) {
        std::vector<std::string> names = preset_names();
        for (const std::string& board : board_names()) names.push_back(board);
        throw InvalidConfig(
            fmt::format("target {}: no such preset; {}", name, known_words(name, names)));
    }
    return config::target_of(*file);
}

}  // namespace u65sim
