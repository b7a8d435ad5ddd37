// The parts of a CompileCache, and what is counted of their use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <u65sim/compile_cache.hpp>

#include "compile/cache_counters.hpp"
#include "compile/encode/weight_cache.hpp"
#include "compile/estimator_pool.hpp"
#include "compile/plan/block_cache.hpp"
#include "compile/quick/time_tables.hpp"

namespace u65sim {

struct CompileCache::State {
    explicit State(std::int64_t memory);

    compiler::WeightCache weights;
    compiler::BlockCache blocks;
    compiler::EstimatorPool estimators;
    compiler::quick::TablePool tables;
};

namespace compiler {

/// What a network's constants shall be: with `sizes` they have sizes and addresses, as modelled
/// weights do, and no bytes. That is all a simulation needs, and costs less than half.
enum class Constants : std::uint8_t { bytes, sizes };

/// Sizes of SRAM that plans are made for: the target's and smaller ones, or the target's alone.
enum class SramSizes : std::uint8_t { several, one };

/// As u65sim::compile, counting. `finalist`: which of the networks of compile_finalists.
CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options,
                        Constants constants, const CompileCache& cache, CacheCounters& counters,
                        SramSizes sizes = SramSizes::several, std::size_t finalist = 0);

/// The networks of all plans between which predictions cannot tell, in front the one that they are
/// for: for somebody who asks the machine. `options.dump_after` must be empty.
std::vector<CompiledNetwork> compile_finalists(const Graph& graph, const Target& target,
                                               const CompileOptions& options, Constants constants,
                                               const CompileCache& cache, CacheCounters& counters);

}  // namespace compiler

}  // namespace u65sim
