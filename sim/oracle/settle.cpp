#include "oracle/settle.hpp"

#include <utility>

#include <u65sim/error.hpp>

#include "compile/pass.hpp"

namespace u65sim::oracle {

using compiler::Finalist;
using compiler::Finalists;

namespace {

/// The run of the rival where it is faster than a run that took so many cycles.
std::optional<Simulation> faster(const CompiledNetwork& rival, Cycles than,
                                 machine::ReplayCache& cache) {
    SimulateOptions how;
    how.backend = SimulationBackend::direct;
    how.cycle_limit = than;
    try {
        Simulation run = machine::simulate(rival, how, cache);
        if (run.total < than) return run;
    } catch (const SimulationStuck&) {
        // Slower.
    }
    return std::nullopt;
}

bool is_plain(const SimulateOptions& how) {
    return how.backend == SimulationBackend::direct && !how.timeline && how.vcd_file.empty();
}

/// Which is faster on its target, on the direct back end.
Finalist faster_of(const Finalists& finalists, machine::ReplayCache& cache) {
    if (!finalists.rival) return Finalist::first;
    SimulateOptions how;
    how.backend = SimulationBackend::direct;
    const Cycles first = machine::simulate(finalists.first, how, cache).total;
    return faster(*finalists.rival, first, cache) ? Finalist::rival : Finalist::first;
}

CompiledNetwork taken(Finalists finalists, Finalist finalist) {
    return finalist == Finalist::rival ? *std::move(finalists.rival) : std::move(finalists.first);
}

}  // namespace

Settled settle(Finalists finalists, const SimulateOptions& how, machine::ReplayCache& cache) {
    if (!finalists.rival || !is_plain(how)) {
        const Finalist finalist = faster_of(finalists, cache);
        CompiledNetwork network = taken(std::move(finalists), finalist);
        Simulation simulation = machine::simulate(network, how, cache);
        return {std::move(network), std::move(simulation)};
    }
    Simulation simulation = machine::simulate(finalists.first, how, cache);
    if (auto better = faster(*finalists.rival, simulation.total, cache)) {
        return {*std::move(finalists.rival), *std::move(better)};
    }
    return {std::move(finalists.first), std::move(simulation)};
}

CompiledNetwork compile_settled(const Graph& graph, const Target& target,
                                const CompileOptions& options, const CompileCache& cache) {
    compiler::CacheCounters counters;
    machine::ReplayCache replays{target};
    const auto last = compiler::last_pass(options);
    if (last && *last < compiler::Pass::form_cascades) {
        return compile(graph, target, options, cache);
    }
    CompileOptions whole = options;
    whole.dump_after.clear();
    const auto constants = last ? compiler::Constants::sizes : compiler::Constants::bytes;
    Finalists finalists =
        compiler::compile_finalists(graph, target, whole, constants, cache, counters);
    const Finalist finalist = faster_of(finalists, replays);
    if (!last) return taken(std::move(finalists), finalist);
    return compiler::compile(graph, target, options, compiler::Constants::bytes, cache, counters,
                             compiler::SramSizes::several, finalist);
}

}  // namespace u65sim::oracle
