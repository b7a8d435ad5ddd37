#include "execute.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include <fmt/format.h>
#include <CLI/Option.hpp>
#include <u65sim/bare_stream.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>

#include "output.hpp"

namespace u65sim::cli {

namespace {

namespace fs = std::filesystem;

std::uint64_t tensor_bytes(const Tensor& tensor) {
    return static_cast<std::uint64_t>(stored_bytes(tensor));
}

const Tensor& tensor_of(const Graph& graph, TensorId id) {
    return graph.tensors.at(static_cast<std::size_t>(id));
}

/// The same bytes every time: the top byte of each state of a 64-bit linear congruential
/// generator that starts at 1.
std::vector<std::vector<std::uint8_t>> drawn_inputs(const Graph& graph) {
    std::uint64_t state = 1;
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : graph.inputs) {
        auto& bytes = inputs.emplace_back(tensor_bytes(tensor_of(graph, id)));
        for (std::uint8_t& byte : bytes) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            byte = static_cast<std::uint8_t>(state >> 56U);
        }
    }
    return inputs;
}

/// What the arena holds where the inputs of a compiled network lie; zeros behind its end.
std::vector<std::vector<std::uint8_t>> inputs_in(const std::vector<std::uint8_t>& arena,
                                                 const CompiledNetwork& network) {
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : network.graph.inputs) {
        auto& bytes = inputs.emplace_back(tensor_bytes(tensor_of(network.graph, id)));
        for (const Binding& binding : network.bindings) {
            if (binding.tensor != id || binding.region != region_arena) continue;
            const auto begin = static_cast<std::size_t>(binding.offset.count());
            const std::size_t held = arena.size() - std::min(begin, arena.size());
            std::copy_n(arena.begin() + static_cast<std::ptrdiff_t>(arena.size() - held),
                        std::min(held, bytes.size()), bytes.begin());
        }
    }
    return inputs;
}

/// Those of the findings that are warnings, or those that are not; empty when there are none.
std::string described(const CompiledNetwork& network, const std::vector<Finding>& findings,
                      bool warnings) {
    const auto count = std::count_if(findings.begin(), findings.end(), [&](const Finding& each) {
        return is_warning(each.kind) == warnings;
    });
    if (count == 0) return {};
    std::string text = fmt::format("the checker found {} {}{}:", count,
                                   warnings ? "possible fault" : "fault", count == 1 ? "" : "s");
    for (const Finding& finding : findings) {
        if (is_warning(finding.kind) != warnings) continue;
        text += fmt::format("\n  segment {}, command {}, word {}: {}: {}", finding.segment,
                            finding.command_index, finding.word_index, to_string(finding.kind),
                            finding.text);
        if (finding.segment >= network.segments.size()) continue;
        const std::string line =
            disassembled_line(network.segments[finding.segment].stream, finding.word_index);
        if (!line.empty()) text += fmt::format("\n    {}", line);
    }
    return text;
}

}  // namespace

void ExecuteOption::add_to(CLI::App& command) {
    command
        .add_option("--input", inputs_,
                    "Compute as well: a file of raw little-endian elements for each input of the "
                    "network, in its order")
        ->type_name("FILE...")
        ->group("Data");
    command
        .add_option("--output", folder_,
                    "Folder for output_0.bin, output_1.bin ..., raw like the inputs; created when "
                    "missing")
        ->type_name("DIR")
        ->group("Data");
    command
        .add_flag("--check", check_,
                  "Compute and look for hazards (missing waits, unwritten bytes, overlapping "
                  "buffers ...); a finding is an error, a BLOCKDEP that looks too large a warning. "
                  "Draws inputs where --input is missing")
        ->group("Data");
    command.add_flag("--strict", strict_, "With --check: what is a warning is an error as well")
        ->needs("--check")
        ->group("Data");
    command
        .add_option("--work-limit", work_limit_,
                    "Refuse to compute what takes longer than this many multiply-accumulates")
        ->check(whole_number(1, std::uint64_t{1} << 60U))
        ->capture_default_str()
        ->type_name("N")
        ->group("Data");
}

void ExecuteOption::check_input_count(const Graph& graph) const {
    if (inputs_.empty() || inputs_.size() == graph.inputs.size()) return;
    throw InvalidModel(fmt::format("--input names {} files: '{}' has {} inputs", inputs_.size(),
                                   graph.name, graph.inputs.size()));
}

std::vector<std::vector<std::uint8_t>> ExecuteOption::read_inputs(
    const CompiledNetwork& network, const std::vector<std::uint8_t>& arena) const {
    const Graph& graph = network.graph;
    if (inputs_.empty()) {
        return arena.empty() ? drawn_inputs(graph) : inputs_in(arena, network);
    }
    std::vector<std::vector<std::uint8_t>> inputs;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        const Tensor& tensor = tensor_of(graph, graph.inputs[i]);
        const auto content = read_all(inputs_[i]).bytes();
        if (content.size() != tensor_bytes(tensor)) {
            throw InvalidModel(fmt::format("{}: holds {} bytes: input '{}' ({} {}) takes {}",
                                           inputs_[i], content.size(), tensor.name,
                                           to_string(tensor.type), to_string(tensor.shape),
                                           tensor_bytes(tensor)));
        }
        inputs.emplace_back(content.begin(), content.end());
    }
    return inputs;
}

void ExecuteOption::execute(const Graph& graph, const Target& target,
                            const OptimiseOption& optimise,
                            const std::vector<std::uint8_t>& arena) const {
    if (!check_ && inputs_.empty() && arena.empty()) {
        throw InvalidConfig(fmt::format(
            "--output {} needs --input or --check (-o takes the report's place)", folder_));
    }
    check_input_count(graph);
    // Before inputs are read or drawn: what does not fit may ask for more than this machine has.
    const CompiledNetwork network =
        is_compiled(graph) ? import_compiled(graph, target) : optimise.compile(graph, target);
    const auto inputs = read_inputs(network, arena);
    if (!folder_.empty()) make_folder(folder_);
    const Execution execution =
        u65sim::execute(network, target, inputs, {.check = check_, .work_limit = work_limit_});
    if (!folder_.empty()) {
        for (std::size_t i = 0; i < execution.outputs.size(); ++i) {
            const auto& bytes = execution.outputs[i];
            write((fs::path{folder_} / fmt::format("output_{}.bin", i)).string(), bytes);
        }
    }
    const std::string warnings = described(network, execution.findings, true);
    const std::string faults = described(network, execution.findings, false);
    if (!faults.empty()) throw InvalidStream(warnings.empty() ? faults : faults + '\n' + warnings);
    if (warnings.empty()) return;
    if (strict_) throw InvalidStream(warnings);
    tell(fmt::format("u65sim: warning: {}\n", warnings));
}

}  // namespace u65sim::cli
