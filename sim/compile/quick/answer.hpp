// A network's time by rules and in closed form: lowered as for any stream, planned by one rule each
// for cascades, places and weights, and never simulated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/compile_cache.hpp>

#include "compile/cache_counters.hpp"
#include "target/architecture.hpp"

namespace u65sim::compiler::quick {

/// One operator of the graph on the NPU, all its kernels together.
struct OperatorTime {
    std::int32_t graph_operator = -1;
    std::int64_t start = 0, end = 0;
    std::int64_t cycles = 0;  ///< its share of the total; they add up to it
    std::int32_t kernels = 0, dmas = 0;
    BlockShape block;
    std::int64_t sram_bytes = 0, dram_bytes = 0;
};

/// What of a time line the machine does otherwise than the closed form, in cycles but for counts:
/// the terms of its correction.
struct QuickTerms {
    double cycles = 0;       ///< all of the time line
    double direct = 0;       ///< more that kernels take for weights that they read off-chip
    double waits = 0;        ///< for copies and commands
    double kernels = 0;      ///< number
    double elementwise = 0;  ///< number of element-wise kernels
    double mixed = 0;        ///< number of kernels of the MAC array behind ones of another kind
    double switches = 0;     ///< number of changes to and from element-wise kernels
    double off_chip = 0;     ///< kernels with maps off-chip
    double cascades = 0;     ///< cascades

    static constexpr std::size_t count = 9;
    [[nodiscard]] std::array<double, count> values() const {
        return {cycles, direct, waits, kernels, elementwise, mixed, switches, off_chip, cascades};
    }
    /// Whether a term is a number of something, and no cycles.
    static constexpr bool is_number(std::size_t term) { return term >= 3 && term <= 6; }
};

struct QuickAnswer {
    Cycles cycles{0};  ///< NPU, without correction
    QuickTerms terms;
    std::vector<OperatorTime> operators;
    struct Spill {
        std::string tensor, producer;
        std::vector<std::string> consumers;
        Bytes bytes{0}, read{0}, written{0};
    };
    std::vector<Spill> spills;
    /// Bytes by port, read and written.
    std::array<std::int64_t, 2> read{}, written{};
    Bytes fast_peak{0}, off_chip_maps{0}, constants{0}, encoded_weights{0};
    std::vector<CpuOperator> cpu_operators;
    Cycles off_chip{0};  ///< in which the off-chip port is busy
    std::int32_t cascades = 0;
    bool all_fit = true;  ///< all maps together, in the fast memory
    std::int32_t segments = 0;
};

/// Throws what compile() throws for graphs and targets that are not valid, DoesNotFit where model
/// and activations are larger than the memories, and InvalidConfig for options that ask for a plan
/// that the rules do not make: check_options().
QuickAnswer answer(const Graph& graph, const Target& target, const CompileOptions& options,
                   const CompileCache& cache, CacheCounters& counters);

/// Throws InvalidConfig for options and targets that effort quick has no rules for.
void check_options(const Target& target, const CompileOptions& options);

}  // namespace u65sim::compiler::quick
