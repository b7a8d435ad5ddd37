// What all plans of one compilation have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <u65sim/compile_cache.hpp>
#include <u65sim/target.hpp>

#include "base/parallel.hpp"
#include "compile/cache_counters.hpp"
#include "compile/pass.hpp"
#include "compile/rules.hpp"
#include "target/architecture.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

struct CompileContext {
    const Target* target = nullptr;
    CompileOptions options;
    PassSet passes;  ///< of the options
    Rules rules;     ///< of the options
    /// Bytes of SRAM that a plan may take: the target's, or less.
    std::int64_t sram = 0;
    bool plans_for_less = true;  ///< plans for less SRAM than the target's are looked at, too
    Architecture arch{};
    bool with_bytes = true;  ///< constants have bytes, not only sizes and places
    CompileCache::State* cache = nullptr;
    CacheCounters* counters = nullptr;
    /// Of the target, and of one thread at a time.
    std::shared_ptr<timing::KernelEstimator> estimator;
    std::shared_ptr<ThreadPool> threads;

    /// Whether an optional pass is to be taken.
    [[nodiscard]] bool takes(Pass pass) const {
        return passes.test(static_cast<std::size_t>(pass));
    }
    /// Whether feature maps may live in two memories.
    [[nodiscard]] bool spilling() const {
        return target->memory_mode == MemoryMode::dedicated_sram;
    }
    /// Whether somebody will read why things were decided.
    [[nodiscard]] bool is_explained() const { return !options.dump_after.empty(); }
};

/// The context of a compilation that has threads and an estimator of its own. Throws InvalidConfig
/// for options or a target that are not valid. All must outlive it.
CompileContext make_context(const Target& target, const CompileOptions& options,
                            const CompileCache& cache, CacheCounters& counters);

}  // namespace u65sim::compiler
