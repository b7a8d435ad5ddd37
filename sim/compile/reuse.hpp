// What a compilation need not work out, as an earlier one of the process did.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <u65sim/compile.hpp>

#include "timing/estimate.hpp"

namespace u65sim::compiler {

/// Counts over compilations, from any thread.
struct Reuse {
    std::atomic<std::uint64_t> slices{0};         ///< of weights that were to be encoded
    std::atomic<std::uint64_t> known_slices{0};   ///< of them: encoded before
    std::atomic<std::uint64_t> kernels{0};        ///< different ones whose time was asked for
    std::atomic<std::uint64_t> known_kernels{0};  ///< of them: estimated for an earlier network
};

/// An estimator on a target equal to this one, with what it knows from earlier compilations; no
/// other thread has it meanwhile. Throws InvalidConfig where no equal target was valid before and
/// this one is not. What was asked is added to `reuse`, which must outlive it.
std::shared_ptr<timing::KernelEstimator> borrow_estimator(const Target& target, Reuse& reuse);

/// What a network's constants shall be: with `sizes` they have sizes and addresses, as modelled
/// weights do, and no bytes. That is all a simulation needs, and costs less than half.
enum class Constants : std::uint8_t { bytes, sizes };

/// As u65sim::compile, counting.
CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options,
                        Constants constants, Reuse& reuse);

}  // namespace u65sim::compiler
