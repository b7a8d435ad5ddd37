// Networks changed as a search or a pruning tool would: pure functions from graph to graph.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim {

/// Operators whose output channels a transform of channels leaves as they are.
using KeptOperators = std::vector<std::string>;

/// Multiplies the channels of every layer, rounded to the nearest multiple of `divisor` (at least
/// one, and never below nine tenths of the wanted width). Channels are repeated or left out evenly,
/// with their weights. Channels that meet in an addition stay together; network inputs and outputs,
/// and channels that an operator rearranges, keep their number. Throws InvalidModel for a factor
/// that is not between 0.01 and 16.
Graph scale_width(const Graph& graph, double factor, const KeptOperators& keep = {},
                  std::int32_t divisor = 8);

/// Removes a share of each layer's channels, those with the smallest weights (sum of magnitudes
/// over everything they are made by): structured pruning. Rounds and keeps as scale_width does.
/// Throws InvalidModel for a share outside 0 to 0.99.
Graph prune_channels(const Graph& graph, double share, const KeptOperators& keep = {},
                     std::int32_t divisor = 8);

/// Gives every image input this height, its width in proportion, and follows through the network:
/// windows over whole maps, flattened features and the layers behind them fit the new size. Throws
/// InvalidModel where the network cannot follow.
Graph scale_resolution(const Graph& graph, std::int32_t height);

/// Repeats or removes blocks that keep their shape, so that every run of such blocks, the one that
/// starts it included, has `factor` times as many (at least one). Throws InvalidModel for a factor
/// that is not between 0.01 and 16.
Graph scale_depth(const Graph& graph, double factor);

/// What stands in place of a depthwise convolution and the pointwise ones beside it.
enum class BlockKind : std::uint8_t {
    depthwise,  ///< as it is
    fused,      ///< expansion and depthwise filter become one full convolution (EfficientNetV2)
    ghost,      ///< half of a pointwise layer's channels come from cheap filters (GhostNet)
    blueprint,  ///< pointwise first, then depthwise over its results (blueprint-separable)
    grouped,    ///< a grouped convolution, groups of `group_width` channels (ResNeXt)
    pooling,    ///< an average over the same window (PoolFormer)
};
std::string_view to_string(BlockKind kind);

/// Replaces every depthwise convolution with multiplier 1 by another kind of block, its weights
/// drawn anew from the seed. Shapes at the block's ends stay.
Graph substitute_blocks(const Graph& graph, BlockKind kind, std::int32_t group_width = 16,
                        std::uint64_t seed = 1);

/// How a share of zeros is spread over the layers.
enum class SparsitySchedule : std::uint8_t {
    uniform,         ///< the same in every layer
    log_parameters,  ///< in proportion to the logarithm of a layer's parameters
};
std::string_view to_string(SparsitySchedule schedule);

/// The sparsity of each operator with constant weights (0 for all others) whose mean over all
/// weights is `share`; none above 0.99.
std::vector<double> sparsity_schedule(const Graph& graph, double share, SparsitySchedule schedule);

/// Sets the smallest weights of each operator to zero until the share given for it is zero:
/// unstructured pruning. One entry an operator, each from 0 to 1.
Graph prune_weights(const Graph& graph, const std::vector<double>& shares);

/// Keeps the `kept` largest of every `group` weights along the input channels (2 of 4: half are
/// zero, at known places). Throws InvalidModel unless 0 < kept < group.
Graph prune_pattern(const Graph& graph, std::int32_t kept, std::int32_t group);

/// Moves every weight to the nearest of `clusters` values, chosen for each layer by k-means; zero
/// stays zero, and nothing else becomes it. Throws InvalidModel for clusters outside 2 to 255.
Graph cluster_weights(const Graph& graph, std::int32_t clusters);

/// Rounds weights to the grid that `bits` give: values stay 8 bits wide, with 2^bits - 1 of them in
/// use. Throws InvalidModel for bits outside 2 to 8.
Graph limit_weight_bits(const Graph& graph, std::int32_t bits);

/// Turns int8 activations into int16 (biases into int64), or returns the graph as it is for 8 bits.
/// Throws InvalidModel for other widths, and for networks with activations of other types.
Graph widen_activations(const Graph& graph, std::int32_t bits);

}  // namespace u65sim
