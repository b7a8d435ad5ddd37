// Effort normal: the machine decides where the compiler's predictions cannot.
#pragma once

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
/// The faster one of two plans, or the only one, and its run; of equals the first.
Settled settle(compiler::Finalists finalists, const SimulateOptions& how,
               machine::ReplayCache& cache);

/// As compiler::compile_finalists, or the dump that `options.dump_after` asks for, of the faster
/// one.
CompiledNetwork compile_settled(const Graph& graph, const Target& target,
                                const CompileOptions& options, const CompileCache& cache);

}  // namespace u65sim::oracle
