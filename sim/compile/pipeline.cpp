#include <optional>
#include <utility>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "compile/cache.hpp"
#include "compile/constants.hpp"
#include "compile/passes.hpp"
#include "compile/plan/make_plan.hpp"
#include "compile/plan/plan_search.hpp"
#include "ir/builtins.hpp"

namespace u65sim {

using compiler::CompileContext;
using compiler::Pass;
using compiler::PlannedProgram;
using compiler::Program;

namespace {

std::string dump_columns(const Program& program) {
    return compiler::dump_reasons(program, "no convolution has a choice");
}

/// The passes up to the encoded operations.
struct LoweringPass {
    Pass pass;
    void (*run)(Program&);  ///< null: made by the pass before
    std::string (*dump)(const Program&);
};
constexpr LoweringPass lowering_passes[] = {
    {Pass::fold_constants, compiler::fold_constants, compiler::dump_folded},
    {Pass::check_support, compiler::check_support, compiler::dump_decisions},
    {Pass::split_segments, compiler::split_segments, compiler::dump_decisions},
    {Pass::fuse, compiler::fuse, compiler::dump_decisions},
    {Pass::lower, compiler::lower, compiler::dump_operations},
    {Pass::fold_columns, nullptr, dump_columns},
    {Pass::choose_blocks, compiler::choose_blocks, compiler::dump_operations},
    {Pass::encode_constants, compiler::encode_constants, compiler::dump_operations},
};

/// From a graph to a network, or to the dump behind one of the passes.
class Pipeline {
public:
    Pipeline(const Graph& graph, const CompileContext& context)
        : context_(context), last_(compiler::last_pass(context.options)) {
        program_ = fresh();
        program_.graph = &graph;
        network_.name = graph.name;
        network_.producer = fmt::format("u65sim {}", version());
        network_.target = *context.target;
        network_.macs = count_macs(graph);
        network_.parameters = count_parameters(graph);
    }

    CompiledNetwork run() {
        const bool is_lowered = lower();
        network_.graph = *program_.graph;
        if (!is_lowered) return std::move(network_);
        std::optional<PlannedProgram> planned = plan();
        if (!planned) return std::move(network_);
        compiler::store_slices(*planned);
        if (stops_after(Pass::place)) {
            network_.pass_dump = compiler::dump_buffers(*planned);
            return std::move(network_);
        }
        emit(*planned);
        return std::move(network_);
    }

private:
    [[nodiscard]] Program fresh() const {
        Program program;
        static_cast<CompileContext&>(program) = context_;
        return program;
    }
    [[nodiscard]] bool stops_after(Pass pass) const { return last_ == pass; }

    /// Runs the passes up to the encoded operations, again where some operators turned out to have
    /// no form on the NPU: each pass finds all that it refuses. False when the dump is made.
    bool lower() {
        const Graph* const graph = program_.graph;
        for (std::size_t i = 0; i < std::size(lowering_passes); ++i) {
            const LoweringPass& pass = lowering_passes[i];
            const std::size_t refused = program_.refusals.size();
            if (pass.run != nullptr) pass.run(program_);
            if (program_.refusals.size() != refused) {
                Program again = fresh();
                again.graph = graph;
                again.refusals = std::move(program_.refusals);
                program_ = std::move(again);
                i = static_cast<std::size_t>(-1);
                continue;
            }
            if (!stops_after(pass.pass)) continue;
            network_.pass_dump = pass.dump(program_);
            return false;
        }
        return true;
    }

    /// The best plan; nothing when the dump is made.
    std::optional<PlannedProgram> plan() {
        compiler::PlanSearch::Result found = compiler::PlanSearch(program_).run();
        const bool stops = last_ && *last_ < Pass::place;
        if (found.plan && !stops) return std::move(found.plan);
        compiler::apply_cascades(program_, found.cascades);
        program_.in_turns = found.in_turns;
        if (!found.reason.empty()) program_.reasons.push_back(std::move(found.reason));
        if (stops_after(Pass::form_cascades)) {
            network_.pass_dump = compiler::dump_operations(program_);
            return std::nullopt;
        }
        PlannedProgram made = compiler::make_plan(std::move(program_), last_.value_or(Pass::place));
        if (!stops) return made;
        dump(made);
        return std::nullopt;
    }

    /// The state in the middle of planning.
    void dump(const PlannedProgram& program) {
        if (stops_after(Pass::merge_in_place)) {
            network_.pass_dump = compiler::dump_lifetimes(program);
        } else if (stops_after(Pass::refine_blocks)) {
            network_.pass_dump = compiler::dump_operations(program);
        } else {
            network_.pass_dump = compiler::dump_places(program);
        }
        if (network_.pass_dump.empty()) network_.pass_dump = "no buffers\n";
    }

    void emit(PlannedProgram& program) {
        compiler::emit(program, network_);
        std::int64_t stream_bytes = 0;
        for (const auto& segment : network_.segments) {
            stream_bytes +=
                std::int64_t{4} * static_cast<std::int64_t>(segment.stream.words.size());
        }
        compiler::check_fit(program, stream_bytes);
        describe_cpu_operators(program);
        if (!stops_after(Pass::emit)) return;
        for (const auto& segment : network_.segments) {
            network_.pass_dump += disassemble(segment.stream);
        }
    }

    void describe_cpu_operators(const Program& program) {
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
                    const Tensor& tensor = program.tensor(id);
                    cpu.operand_bytes += Bytes{stored_bytes(tensor)};
                    cpu.elements = std::max(cpu.elements, element_count(tensor.shape));
                    if (cpu.data_type.empty()) cpu.data_type = to_string(tensor.type);
                }
            }
            network_.cpu_operators.push_back(std::move(cpu));
        }
    }

    const CompileContext& context_;
    const std::optional<Pass> last_;
    Program program_;
    CompiledNetwork network_;
};

}  // namespace

compiler::CompileContext compiler::make_context(const Target& target, const CompileOptions& options,
                                                const CompileCache& cache,
                                                CacheCounters& counters) {
    CompileContext context;
    context.target = &target;
    context.options = options;
    context.passes = passes_of(options);
    context.rules = rules_of(options);
    if (options.max_blockdep < 0 || options.max_blockdep > 3) {
        throw InvalidConfig(fmt::format("max_blockdep = {}: must be 0 to 3", options.max_blockdep));
    }
    context.cache = &cache.state();
    context.counters = &counters;
    // Validates the target, unless an equal one was before.
    context.estimator = context.cache->estimators.borrow(target, counters);
    context.arch = architecture(target.accelerator);
    context.threads = std::make_shared<ThreadPool>(options.threads);
    return context;
}

CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options) {
    return compile(graph, target, options, CompileCache{});
}

CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options,
                        const CompileCache& cache) {
    compiler::CacheCounters counters;
    return compiler::compile(graph, target, options, compiler::Constants::bytes, cache, counters);
}

CompiledNetwork compiler::compile(const Graph& graph, const Target& target,
                                  const CompileOptions& options, Constants constants,
                                  const CompileCache& cache, CacheCounters& counters) {
    CompileContext context = make_context(target, options, cache, counters);
    verify(graph);
    if (graph.outputs.empty()) {
        throw InvalidModel(fmt::format("network '{}': must have an output", graph.name));
    }
    context.with_bytes = constants == Constants::bytes && !has_modelled_weights(graph);
    return Pipeline{graph, context}.run();
}

}  // namespace u65sim
