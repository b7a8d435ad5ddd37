// Weights drawn for networks built in code.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/graph.hpp>

#include "ir/random.hpp"

namespace u65sim::ir {

/// Quantised weights around zero, channel by channel, and what their statistics need.
struct DrawnWeights {
    std::vector<std::int8_t> values;        ///< channel outermost
    std::vector<std::int64_t> sums;         ///< a channel
    std::vector<std::int64_t> square_sums;  ///< a channel
};

inline constexpr std::int32_t most_clusters = 255;

struct DrawSettings {
    WeightModel::Distribution distribution = WeightModel::Distribution::gaussian;
    double sparsity = 0.0;
    std::int32_t clusters = 0;
};

/// Weights around zero, `fan_in` for each of `channels`. With `is_per_channel` the largest of each
/// channel becomes 127, otherwise the largest of all. Then the smallest magnitudes are set to zero
/// (`sparsity`), and the rest moves to the nearest of `clusters` evenly spaced values, zero among
/// them. Throws InvalidModel for a sparsity outside 0..1 or clusters outside 2..255.
DrawnWeights draw_weights(const DrawSettings& settings, Random& random, std::size_t channels,
                          std::size_t fan_in, bool is_per_channel);

/// Bytes of weights drawn channel by channel, `zero` added; depthwise weights have their channels
/// innermost.
std::vector<std::uint8_t> arrange(const std::vector<std::int8_t>& drawn, std::size_t channels,
                                  std::size_t fan_in, bool channels_last, int zero);

}  // namespace u65sim::ir
