#include "inputs.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/zoo.hpp>

namespace u65sim::cli {

namespace {

namespace fs = std::filesystem;

bool looks_like_a_file(const std::string& text) {
    return text.find('/') != std::string::npos || fs::path{text}.has_extension();
}

bool exists(const std::string& text) {
    std::error_code error;
    return fs::exists(text, error);
}

Target base_target(const std::string& text) {
    const auto presets = Target::preset_names();
    if (std::find(presets.begin(), presets.end(), text) != presets.end()) {
        return Target::preset(text);
    }
    if (exists(text) || looks_like_a_file(text)) return Target::from_yaml(text);
    return Target::preset(text);  // names the nearest known one
}

}  // namespace

void TargetOptions::add_to(CLI::App& command, const std::string& target_flags) {
    command
        .add_option(
            target_flags, target_,
            fmt::format("A preset ({}) or a YAML file", fmt::join(Target::preset_names(), ", ")))
        ->capture_default_str()
        ->type_name("NAME|FILE")
        ->group("Target");
    command
        .add_option("--set", assignments_,
                    "Overrides one field, e.g. sram.size=512KiB; may be repeated; fields are "
                    "listed by 'u65sim targets fields'")
        ->allow_extra_args(false)
        ->type_name("KEY=VALUE")
        ->group("Target");
    auto* vela = command
                     .add_option("--vela-config", vela_config_,
                                 "A Vela .ini, used as it is for the accelerator of --target")
                     ->type_name("FILE")
                     ->group("Target");
    auto* system = command
                       .add_option("--system-config", system_config_,
                                   "NAME of the .ini's section [System_Config.NAME]")
                       ->type_name("NAME")
                       ->group("Target");
    auto* mode = command
                     .add_option("--memory-mode", memory_mode_,
                                 "NAME of the .ini's section [Memory_Mode.NAME]")
                     ->type_name("NAME")
                     ->group("Target");
    vela->needs(system)->needs(mode);
    system->needs(vela);
    mode->needs(vela);
}

Target TargetOptions::resolve() const {
    Target target = vela_config_.empty() ? base_target(target_)
                                         : Target::from_vela_config(vela_config_, system_config_,
                                                                    memory_mode_, target_);
    for (const std::string& assignment : assignments_) target.set(assignment);
    target.validate();
    return target;
}

void OptimiseOption::add_to(CLI::App& command) {
    command.add_option("--optimise,--optimize", goal_, "What the compiler aims at")
        ->check(CLI::IsMember({"performance", "size"}))
        ->capture_default_str()
        ->type_name("GOAL");
}

CompileOptions OptimiseOption::resolve() const {
    CompileOptions options;
    options.optimise = goal_ == "size" ? Optimise::size : Optimise::performance;
    return options;
}

void NetworkOption::add_to(CLI::App& command) {
    command
        .add_option("NET", text_, "A .tflite file, a YAML graph, or a name of 'u65sim zoo list'")
        ->required()
        ->type_name("");
}

std::optional<fs::path> NetworkOption::file() const {
    if (exists(text_)) return fs::path{text_};
    if (looks_like_a_file(text_)) {
        throw FileError(fmt::format("{}: no such file", text_));
    }
    return std::nullopt;
}

Graph NetworkOption::read() const {
    if (const auto path = file()) return read_network(*path);
    return zoo(text_);
}

}  // namespace u65sim::cli
