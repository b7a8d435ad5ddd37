#include "oracle/settle.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include <u65sim/error.hpp>

#include "compile/pass.hpp"

namespace u65sim::oracle {

namespace {

SimulateOptions plainly() {
    SimulateOptions how;
    how.backend = SimulationBackend::direct;
    return how;
}

/// The run of a rival where it is faster than a run that took so many cycles.
std::optional<Simulation> faster(const CompiledNetwork& rival, Cycles than,
                                 machine::ReplayCache& cache) {
    SimulateOptions how = plainly();
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

struct Fastest {
    std::size_t index = 0;
    Simulation simulation;
};

/// Runs networks on their target, on the direct back end, each until it is slower than the fastest
/// one before.
Fastest fastest_of(const std::vector<CompiledNetwork>& finalists, const SimulateOptions& how,
                   machine::ReplayCache& cache) {
    Fastest fastest{0, machine::simulate(finalists[0], how, cache)};
    for (std::size_t i = 1; i < finalists.size(); ++i) {
        auto better = faster(finalists[i], fastest.simulation.total, cache);
        if (better) fastest = {i, *std::move(better)};
    }
    return fastest;
}

}  // namespace

Settled settle(std::vector<CompiledNetwork> finalists, const SimulateOptions& how,
               machine::ReplayCache& cache) {
    if (is_plain(how)) {
        Fastest fastest = fastest_of(finalists, how, cache);
        return {std::move(finalists[fastest.index]), std::move(fastest.simulation)};
    }
    const std::size_t index =
        finalists.size() == 1 ? 0 : fastest_of(finalists, plainly(), cache).index;
    Simulation simulation = machine::simulate(finalists[index], how, cache);
    return {std::move(finalists[index]), std::move(simulation)};
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
    std::vector<CompiledNetwork> finalists =
        compiler::compile_finalists(graph, target, whole, constants, cache, counters);
    const std::size_t finalist =
        finalists.size() == 1 ? 0 : fastest_of(finalists, plainly(), replays).index;
    if (!last) return std::move(finalists[finalist]);
    return compiler::compile(graph, target, options, compiler::Constants::bytes, cache, counters,
                             compiler::SramSizes::several, finalist);
}

}  // namespace u65sim::oracle
