// Plans for one size of SRAM, where a test is about what a step does with just so much.
#pragma once

#include <u65sim/compile.hpp>

#include "compile/cache.hpp"

namespace u65sim::test {

/// As compile(), without a look at plans for less SRAM than the target's, which may do as well.
inline CompiledNetwork compile_for_own_size(const Graph& graph, const Target& target,
                                            const CompileOptions& options = {}) {
    compiler::CacheCounters counters;
    return compiler::compile(graph, target, options, compiler::Constants::bytes, CompileCache{},
                             counters, compiler::SramSizes::one);
}

}  // namespace u65sim::test
