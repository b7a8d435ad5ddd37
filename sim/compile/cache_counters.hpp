// How often compilations asked their cache, and with what success.
#pragma once

#include <atomic>
#include <cstdint>

namespace u65sim::compiler {

/// Sums over compilations; safe from any thread.
struct CacheCounters {
    std::atomic<std::uint64_t> slice_lookups{0};   ///< slices of weights that were to be encoded
    std::atomic<std::uint64_t> slice_hits{0};      ///< of them: encoded before
    std::atomic<std::uint64_t> kernel_lookups{0};  ///< different kernels whose time was asked for
    std::atomic<std::uint64_t> kernel_hits{0};     ///< of them: estimated for an earlier network
};

}  // namespace u65sim::compiler
