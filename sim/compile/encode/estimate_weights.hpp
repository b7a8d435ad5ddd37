// Encoded size of weights that only a model describes.
#pragma once

#include <cstdint>

#include "compile/encode/weight_cache.hpp"
#include "compile/program.hpp"
#include "weights/order.hpp"

namespace u65sim::compiler {

struct EstimatedWeights {
    std::int64_t size = 0;  ///< bytes
    bool known = true;      ///< from earlier samples alone
};

/// Bytes that `channels` output channels of modelled weights take in a core's stream: a sample with
/// the operation's geometry is drawn and encoded, and its rate taken for the rest. Rates are
/// kept in `cache`; safe from several threads. Not dependent on the model's seed.
EstimatedWeights estimate_encoded(const WeightSource& source, const weights::Order& order,
                                  std::int32_t channels, WeightCache& cache);

}  // namespace u65sim::compiler
