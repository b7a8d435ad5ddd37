// Encoded weights, and sizes of those that are encoded only to be measured.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compile/bounded_cache.hpp"

namespace u65sim::compiler {

using EncodedWeights = std::shared_ptr<const std::vector<std::uint8_t>>;

/// All by hashes of content, order and slice; of one core each.
struct WeightCache {
    /// Bytes for each of the kinds.
    struct Memory {
        std::int64_t encoded = 0, sizes = 0, rates = 0;
    };
    explicit WeightCache(const Memory& memory)
        : encoded(memory.encoded), sizes(memory.sizes), rates(memory.rates) {}

    BoundedCache<std::uint64_t, EncodedWeights> encoded;
    BoundedCache<std::uint64_t, std::uint32_t> sizes;  ///< bytes
    BoundedCache<std::uint64_t, std::int64_t> rates;   ///< of samples of modelled weights: bytes
};

}  // namespace u65sim::compiler
