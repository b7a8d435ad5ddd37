#include "inputs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/bare_stream.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/zoo.hpp>

#include "output.hpp"

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

std::string standard_input(const std::string& text) { return text == "-" ? "/dev/stdin" : text; }

Target base_target(const std::string& text) {
    const auto presets = Target::preset_names();
    if (std::find(presets.begin(), presets.end(), text) != presets.end()) {
        return Target::preset(text);
    }
    if (exists(text) || looks_like_a_file(text)) return Target::from_yaml(text);
    return Target::preset(text);  // names the nearest known one
}

}  // namespace

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
    const auto check = [low, high](const std::string& text) -> std::string {
        std::uint64_t value = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc{} && stop == end && value >= low && value <= high) return {};
        return fmt::format("{}: must be a whole number from {} to {}", text, low, high);
    };
    return {check, ""};
}

CLI::Validator share() {
    const auto check = [](const std::string& text) -> std::string {
        double value = 0.0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc{} && stop == end && value >= 0.0 && value <= 1.0) return {};
        return fmt::format("{}: must be a number from 0 to 1", text);
    };
    return {check, ""};
}

void TargetOptions::add_to(CLI::App& command, const std::string& target_flags) {
    command
        .add_option(target_flags, target_,
                    fmt::format("A preset ({}), a board of 'u65sim targets list', or a YAML file",
                                fmt::join(Target::preset_names(), ", ")))
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
    command
        .add_option("--without", without_,
                    "Leaves a step of the compiler out, to see what it is good for ('u65sim passes "
                    "NET' tries them all); may be repeated")
        ->check(CLI::IsMember(optional_steps()))
        ->allow_extra_args(false)
        ->type_name("STEP");
    command
        .add_flag("--like-vela{5.2}", like_vela_,
                  "Plans as Vela does where we know better: closer to what a network takes that "
                  "Vela will compile; --like-vela=5.0 as that version does, else as 5.2")
        ->check(CLI::IsMember({"5.0", "5.2"}));
}

CompileOptions OptimiseOption::resolve() const {
    CompileOptions options;
    options.optimise = goal_ == "size" ? Optimise::size : Optimise::performance;
    options.without = without_;
    if (!like_vela_.empty()) set_like_vela(options, like_vela_);
    options.threads = std::max(1U, std::thread::hardware_concurrency());
    return options;
}

CLI::Option* OptimiseOption::add_effort_to(CLI::App& command) {
    return command
        .add_option(
            "--effort", effort_,
            "normal: one plan, by the compiler's predictions; high: many plans, each run on "
            "the machine, the fastest kept (takes tens of times longer); quick: a plan by rules "
            "and its time in closed form, with an interval, nothing compiled or run")
        ->check(CLI::IsMember({"quick", "normal", "high"}))
        ->capture_default_str()
        ->type_name("EFFORT");
}

CompiledNetwork OptimiseOption::compile(const Graph& graph, const Target& target) const {
    return u65sim::compile(graph, target, resolve(), effort());
}

CLI::Option* NetworkOption::add_to(CLI::App& command) {
    return command
        .add_option("NET", text_,
                    "A file (.tflite, .npz, .pte, a YAML graph), - for standard input, or a name "
                    "of 'u65sim zoo list'")
        ->required()
        ->transform(standard_input)
        ->type_name("");
}

std::optional<fs::path> NetworkOption::file() const {
    if (exists(text_)) return fs::path{text_};
    if (looks_like_a_file(text_)) {
        throw FileError(fmt::format("{}: no such file", text_));
    }
    return std::nullopt;
}

void NetworkOption::add_memory_to(CLI::App& command) { memory_.add_to(command); }

bool NetworkOption::is_stream() const {
    const auto path = file();
    if (!path) return false;
    std::array<std::uint8_t, 16> start{};
    std::span<const std::uint8_t> known;
    if (is_flow(text_)) {
        known = read_all(text_).bytes();
    } else {
        std::ifstream in{*path, std::ios::binary};
        in.read(reinterpret_cast<char*>(start.data()), start.size());
        known = std::span{start}.first(static_cast<std::size_t>(in.gcount()));
    }
    constexpr std::string_view magic = "COP1";
    if (known.size() >= magic.size() && std::equal(magic.begin(), magic.end(), known.begin())) {
        return true;
    }
    return memory_.is_given() && network_format(known, *path) == NetworkFormat::unknown;
}

std::vector<std::uint8_t> NetworkOption::arena() const {
    return is_stream() ? memory_.arena() : std::vector<std::uint8_t>{};
}

Graph NetworkOption::read_stream_network(const Accelerator& accelerator) const {
    const auto content = read_all(text_).bytes();
    const std::vector<std::uint8_t> bytes{content.begin(), content.end()};
    try {
        return payload_network(read_stream(bytes, accelerator), memory_.constants(),
                               fs::path{text_}.stem().string(), memory_.sizes());
    } catch (const InvalidStream& error) {
        throw InvalidStream(fmt::format("{}: {}", text_, error.what()));
    }
}

Graph NetworkOption::read() const {
    if (const auto path = file()) {
        const auto data = memory_.data_files();
        return is_flow(text_) ? read_network(read_all(text_), *path, data)
                              : read_network(*path, data);
    }
    if (memory_.is_given()) {
        throw FileError(
            fmt::format("{}: no such file: {} needs a stream", text_, memory_.option()));
    }
    return zoo(text_);
}

}  // namespace u65sim::cli
