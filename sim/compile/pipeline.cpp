#include <algorithm>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "compile/passes.hpp"
#include "compile/reuse.hpp"
#include "ir/builtins.hpp"

namespace u65sim {

namespace {

using compiler::Program;

struct Pass {
    const char* name;
    void (*run)(Program&);
    std::string (*dump)(const Program&);
};

constexpr Pass passes[] = {
    {"fold_constants", compiler::fold_constants, compiler::dump_folded},
    {"check_support", compiler::check_support, compiler::dump_decisions},
    {"split_segments", compiler::split_segments, compiler::dump_decisions},
    {"fuse", compiler::fuse, compiler::dump_decisions},
    {"lower", compiler::lower, compiler::dump_operations},
    {"choose_blocks", compiler::choose_blocks, compiler::dump_operations},
    {"encode_constants", compiler::encode_constants, compiler::dump_operations},
    {"form_cascades", compiler::form_cascades, compiler::dump_operations},
    {"place", compiler::place, compiler::dump_buffers},
};

/// Runs the passes, again where one found that an operator has no form on the NPU after all. Stops
/// behind the pass that is to be dumped.
Program run_passes(Program first, CompiledNetwork& network) {
    Program program = first;
    for (std::size_t i = 0; i < std::size(passes); ++i) {
        const Pass& pass = passes[i];
        const std::size_t refused = program.refusals.size();
        pass.run(program);
        if (program.refusals.size() != refused) {
            first.refusals = std::move(program.refusals);
            program = first;
            i = static_cast<std::size_t>(-1);
            continue;
        }
        if (program.options.dump_after != pass.name) continue;
        network.pass_dump = pass.dump(program);
        break;
    }
    return program;
}

void describe_cpu_operators(const Program& program, CompiledNetwork& network) {
    for (const auto& step : program.steps) {
        if (step.segment >= 0) continue;
        const Operator& op = program.op(step.graph_operator);
        CpuOperator cpu;
        cpu.name = op.name;
        cpu.type = op.type == OpType::custom ? op.custom_code : ir::kind_name(op);
        cpu.reason = program.decisions[static_cast<std::size_t>(step.graph_operator)].reason;
        cpu.macs = count_macs(*program.graph, op);
        for (const auto* ids : {&op.inputs, &op.outputs}) {
            for (const auto id : *ids) {
                if (id < 0 || program.tensor(id).data) continue;
                cpu.operand_bytes += Bytes{stored_bytes(program.tensor(id))};
            }
        }
        network.cpu_operators.push_back(std::move(cpu));
    }
}

}  // namespace

std::vector<std::string> pass_names() {
    std::vector<std::string> names;
    for (const auto& pass : passes) names.emplace_back(pass.name);
    names.emplace_back("emit");
    return names;
}

std::vector<std::string> optional_steps() {
    return {"fold_constants", "fuse",          "fold_columns",  "form_cascades",
            "merge_in_place", "refine_blocks", "stream_weights"};
}

CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options) {
    compiler::Reuse reuse;
    return compiler::compile(graph, target, options, compiler::Constants::bytes, reuse);
}

CompiledNetwork compiler::compile(const Graph& graph, const Target& target,
                                  const CompileOptions& options, Constants constants,
                                  Reuse& reuse) {
    const auto names = pass_names();
    if (!options.dump_after.empty() &&
        std::find(names.begin(), names.end(), options.dump_after) == names.end()) {
        throw InvalidConfig(fmt::format("no pass is called '{}': they are {}", options.dump_after,
                                        fmt::join(names, ", ")));
    }
    if (options.max_blockdep < 0 || options.max_blockdep > 3) {
        throw InvalidConfig(fmt::format("max_blockdep = {}: must be 0 to 3", options.max_blockdep));
    }
    const auto steps = optional_steps();
    for (const auto& step : options.without) {
        if (std::find(steps.begin(), steps.end(), step) == steps.end()) {
            throw InvalidConfig(fmt::format("no step called '{}' can be left out: {} can", step,
                                            fmt::join(steps, ", ")));
        }
    }
    verify(graph);
    if (graph.outputs.empty()) {
        throw InvalidModel(fmt::format("network '{}': must have an output", graph.name));
    }
    // Validates the target, unless an equal one was before.
    const auto estimator = borrow_estimator(target, reuse);
    CompiledNetwork network;
    network.name = graph.name;
    network.producer = fmt::format("u65sim {}", version());
    network.target = target;
    network.macs = count_macs(graph);
    network.parameters = count_parameters(graph);

    Program first;
    first.graph = &graph;
    first.target = &target;
    first.options = options;
    first.with_bytes = constants == Constants::bytes && !has_modelled_weights(graph);
    first.arch = architecture(target.accelerator);
    first.helpers = std::make_shared<Helpers>(options.threads);
    first.reuse = &reuse;
    first.estimator = estimator;
    Program program = run_passes(std::move(first), network);
    network.graph = *program.graph;
    if (!options.dump_after.empty() && options.dump_after != "emit") return network;
    compiler::emit(program, network);
    std::int64_t stream_bytes = 0;
    for (const auto& segment : network.segments) {
        stream_bytes += std::int64_t{4} * static_cast<std::int64_t>(segment.stream.words.size());
    }
    compiler::check_fit(program, stream_bytes);
    describe_cpu_operators(program, network);
    if (options.dump_after == "emit") {
        for (const auto& segment : network.segments) {
            network.pass_dump += disassemble(segment.stream);
        }
    }
    return network;
}

}  // namespace u65sim
