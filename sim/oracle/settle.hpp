// Effort normal: the machine decides where the compiler's predictions cannot.
#pragma once

#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/compile_cache.hpp>
#include <u65sim/simulate.hpp>

#include "compile/cache.hpp"
#include "machine/direct/simulate_again.hpp"

namespace u65sim::oracle {

struct Settled {
    CompiledNetwork network;
    Simulation simulation;
};
/// The fastest of these, and its run; of equals the first. There must be one.
Settled settle(std::vector<CompiledNetwork> finalists, const SimulateOptions& how,
               machine::ReplayCache& cache);

/// The fastest of compiler::compile_finalists, or the dump of it that `options.dump_after` asks
/// for.
CompiledNetwork compile_settled(const Graph& graph, const Target& target,
                                const CompileOptions& options, const CompileCache& cache);

}  // namespace u65sim::oracle
