// What one compilation may leave for later ones.
#pragma once

#include <memory>

#include <u65sim/compile.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// Encoded weights and their sizes, output blocks and predicted times of kernels, for compilations
/// to come: they take less time, and give the same result. Copies share what is kept. Safe from any
/// thread.
class CompileCache {
public:
    /// Keeps about `memory` bytes at most. Throws InvalidConfig when that is negative.
    explicit CompileCache(Bytes memory = Bytes{std::int64_t{512} << 20});

    /// For the compiler.
    struct State;
    [[nodiscard]] State& state() const { return *state_; }

private:
    std::shared_ptr<State> state_;
};

/// As compile(), with what earlier compilations left in `cache`, where it leaves its own.
CompiledNetwork compile(const Graph& graph, const Target& target, const CompileOptions& options,
                        const CompileCache& cache);

}  // namespace u65sim
