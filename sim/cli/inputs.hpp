// What several subcommands ask for in the same words: a network, and a target.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/target.hpp>

#include "stream_memory.hpp"

namespace u65sim::cli {

/// An option's number: digits alone, from `low` to `high`. Signs, fractions and exponents are
/// refused, which a conversion to an unsigned type would take for something else.
CLI::Validator whole_number(std::uint64_t low, std::uint64_t high);
/// A decimal number from 0 to 1; nan is none.
CLI::Validator share();

/// --target, --set and the three options for a Vela .ini.
class TargetOptions {
public:
    /// `target_flags`: how the target itself is given; "NAME,..." lets it stand alone.
    void add_to(CLI::App& command, const std::string& target_flags = "-t,--target");
    /// The target asked for, validated. Throws InvalidConfig or FileError.
    [[nodiscard]] Target resolve() const;

private:
    std::string target_ = "u65-256";
    std::vector<std::string> assignments_;
    std::string vela_config_, system_config_, memory_mode_;
};

/// --optimise, --without and --like-vela.
class OptimiseOption {
public:
    void add_to(CLI::App& command);
    [[nodiscard]] CompileOptions resolve() const;
    /// --effort, for commands that can search.
    CLI::Option* add_effort_to(CLI::App& command);
    [[nodiscard]] Effort effort() const { return parse_effort(effort_).value_or(Effort::normal); }
    /// Compiles with the options and the effort asked for.
    [[nodiscard]] CompiledNetwork compile(const Graph& graph, const Target& target) const;

private:
    std::string effort_ = "normal";
    std::string goal_ = "performance";
    std::vector<std::string> without_;
    std::string like_vela_;  ///< a version; empty: not
};

/// NET.
class NetworkOption {
public:
    /// Required, unless the caller makes the option it gets back something else.
    CLI::Option* add_to(CLI::App& command);
    /// --weights and --region: NET may be a bare command stream, or a program with data in other
    /// files.
    void add_memory_to(CLI::App& command);
    /// The file that NET names, or nothing when it is a network of the zoo. Throws FileError when
    /// it can be neither.
    [[nodiscard]] std::optional<std::filesystem::path> file() const;
    /// The network itself. Throws what reading throws.
    [[nodiscard]] Graph read() const;
    /// Whether NET is a bare command stream: a file with the driver's header, or of no format of
    /// networks and with --weights or --region.
    [[nodiscard]] bool is_stream() const;
    /// Whether files beside NET belong to it.
    [[nodiscard]] bool has_memory() const { return memory_.is_given(); }
    /// What --region gives the arena at the start; empty when it gives nothing.
    [[nodiscard]] std::vector<std::uint8_t> arena() const;
    /// The stream as a network; words without a header are for `accelerator`.
    [[nodiscard]] Graph read_stream_network(const Accelerator& accelerator) const;
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
    StreamMemory memory_;
};

}  // namespace u65sim::cli
