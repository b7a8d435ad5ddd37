#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "compile/cache.hpp"
#include "compile/constants.hpp"
#include "compile/cpu_operators.hpp"
#include "compile/lowering_passes.hpp"
#include "compile/passes.hpp"
#include "compile/plan/make_plan.hpp"
#include "compile/plan/plan_search.hpp"

namespace u65sim {

using compiler::CompileContext;
using compiler::Pass;
using compiler::PlannedProgram;
using compiler::Program;

namespace {

/// From a graph to a network, or to the dump behind one of the passes.
class Pipeline {
public:
    Pipeline(const Graph& graph, const CompileContext& context, std::size_t finalist)
        : graph_(&graph), last_(compiler::last_pass(context.options)), finalist_(finalist) {
        static_cast<CompileContext&>(program_) = context;
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
        finish(*planned, network_);
        return std::move(network_);
    }

    std::vector<CompiledNetwork> run_finalists() {
        lower();
        network_.graph = *program_.graph;
        compiler::PlanSearch::Results found = search();
        std::vector<CompiledNetwork> networks(found.size() - 1, network_);
        networks.push_back(std::move(network_));
        for (std::size_t i = 0; i < found.size(); ++i) finish(found[i].plan, networks[i]);
        return networks;
    }

private:
    [[nodiscard]] bool stops_after(Pass pass) const { return last_ == pass; }

    /// False when the dump is made.
    bool lower() {
        std::optional<std::string> dump = compiler::run_lowering_passes(program_, last_);
        if (dump) network_.pass_dump = std::move(*dump);
        return !dump;
    }

    /// The best plans.
    compiler::PlanSearch::Results search() {
        compiler::PlanSearch::Results results = compiler::PlanSearch(program_).run();
        return results.front().is_useless() ? search_apart(std::move(results))
                                            : search_smaller_forms(std::move(results));
    }

    /// A map that would have room beside its operator alone may have none in the plan, and forms
    /// that suit less SRAM are as good as ever in more: these are tried as long as that helps.
    compiler::PlanSearch::Results search_smaller_forms(compiler::PlanSearch::Results results) {
        while (program_.largest_hoped_for > 0) {
            Program smaller = compiler::begin_again(program_, graph_);
            smaller.sram = program_.largest_hoped_for - 1;
            compiler::run_lowering_passes(smaller, std::nullopt);
            if (compiler::has_same_forms(smaller, program_)) break;
            compiler::PlanSearch::Results others = compiler::PlanSearch(smaller).run();
            if (others.front().cost >= results.front().cost) break;
            program_ = std::move(smaller);
            results = std::move(others);
        }
        return results;
    }

    /// Where nothing may spill and no plan fits, what a joined map shares with other readers is
    /// copied there, late, instead of being written there, where the whole joined map lives as
    /// long: that may leave room.
    compiler::PlanSearch::Results search_apart(compiler::PlanSearch::Results results) {
        if (!has_shared_parts()) return results;
        Program apart = compiler::begin_again(program_, graph_);
        apart.rules.concatenation = compiler::InPlace::unshared;
        compiler::run_lowering_passes(apart, std::nullopt);
        compiler::PlanSearch::Results others = compiler::PlanSearch(apart).run();
        if (others.front().is_useless()) return results;
        program_ = std::move(apart);
        return others;
    }

    /// Whether a map that is written into a joined one has other readers.
    [[nodiscard]] bool has_shared_parts() const {
        if (program_.target->memory_mode != MemoryMode::shared_sram ||
            program_.rules.concatenation != compiler::InPlace::all) {
            return false;
        }
        for (std::size_t t = 0; t < program_.slots.size(); ++t) {
            if (program_.slots[t].into != no_tensor && program_.consumers[t].size() > 1) {
                return true;
            }
        }
        return false;
    }

    /// The best plan; nothing when the dump is made.
    std::optional<PlannedProgram> plan() {
        compiler::PlanSearch::Results results = search();
        compiler::PlanSearch::Result& found = results.at(finalist_);
        const bool stops = last_ && *last_ < Pass::place;
        if (!stops) return std::move(found.plan);
        found.variant.apply(program_);
        if (!found.reason.empty()) program_.reasons.push_back(std::move(found.reason));
        if (stops_after(Pass::form_cascades)) {
            network_.pass_dump = compiler::dump_operations(program_);
            return std::nullopt;
        }
        dump(compiler::make_plan(std::move(program_), *last_));
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

    /// Puts a plan's streams and constants, or its dump, into the network.
    void finish(PlannedProgram& plan, CompiledNetwork& network) const {
        compiler::store_slices(plan);
        if (stops_after(Pass::place)) {
            network.pass_dump = compiler::dump_buffers(plan);
        } else {
            emit(plan, network);
        }
    }

    void emit(PlannedProgram& program, CompiledNetwork& network) const {
        compiler::emit(program, network);
        std::int64_t stream_bytes = 0;
        for (const auto& segment : network.segments) {
            stream_bytes +=
                std::int64_t{4} * static_cast<std::int64_t>(segment.stream.words.size());
        }
        compiler::check_fit(program, stream_bytes);
        network.cpu_operators = compiler::cpu_operators_of(program);
        if (!stops_after(Pass::emit)) return;
        for (const auto& segment : network.segments) {
            network.pass_dump += disassemble(segment.stream);
        }
    }

    const Graph* graph_;
    const std::optional<Pass> last_;
    const std::size_t finalist_;  ///< of the plans between which predictions cannot tell
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
    context.sram = target.sram.size.count();
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

namespace {

/// The context of one compilation of a graph that is well-formed. Throws InvalidModel for others.
CompileContext context_for(const Graph& graph, const Target& target, const CompileOptions& options,
                           compiler::Constants constants, const CompileCache& cache,
                           compiler::CacheCounters& counters) {
    CompileContext context = compiler::make_context(target, options, cache, counters);
    verify(graph);
    if (graph.outputs.empty()) {
        throw InvalidModel(fmt::format("network '{}': must have an output", graph.name));
    }
    context.with_bytes = constants == compiler::Constants::bytes && !has_modelled_weights(graph);
    return context;
}

}  // namespace

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
                                  const CompileCache& cache, CacheCounters& counters,
                                  SramSizes sizes, std::size_t finalist) {
    CompileContext context = context_for(graph, target, options, constants, cache, counters);
    context.plans_for_less = sizes == SramSizes::several;
    return Pipeline{graph, context, finalist}.run();
}

std::vector<CompiledNetwork> compiler::compile_finalists(const Graph& graph, const Target& target,
                                                         const CompileOptions& options,
                                                         Constants constants,
                                                         const CompileCache& cache,
                                                         CacheCounters& counters) {
    return Pipeline{graph, context_for(graph, target, options, constants, cache, counters), 0}
        .run_finalists();
}

}  // namespace u65sim
