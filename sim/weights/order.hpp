// The order in which the MAC array reads weights (reference 6.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace u65sim::weights {

enum class Traversal : std::uint8_t { depth_first, part_kernel_first, depthwise };

/// A weight volume in OHWI order (depthwise: I = 1, O = channels), zero points removed.
struct Volume {
    std::int32_t output_depth = 0, height = 0, width = 0, input_depth = 0;
    std::span<const std::int16_t> values;
};

struct Order {
    Traversal traversal = Traversal::depth_first;
    std::int32_t block_depth = 16;  ///< OFM block depth of this core
    std::int32_t ifm_bits = 8;      ///< 8 or 16
    std::int32_t dilation_y = 1, dilation_x = 1;
    std::int32_t ofm_ublock_depth = 8;  ///< 4 on U55-32
    std::int32_t ifm_ublock_depth = 8;
};

/// A weight volume as bytes somewhere in memory, each output channel with its zero point.
struct StoredVolume {
    std::int32_t output_depth = 0, height = 0, width = 0, input_depth = 0;
    const std::uint8_t* data = nullptr;  ///< weight (0, 0, 0, 0); null: all weights are one
    /// Bytes from one weight to the next; height and width without the zeros of `spread`.
    std::ptrdiff_t output_step = 0, row_step = 0, column_step = 0, input_step = 0;
    std::int32_t spread_y = 1, spread_x = 1;  ///< only every so manyeth row and column is stored
    bool is_unsigned = false;
    std::span<const std::int16_t> zero_points;  ///< one an output channel, of the bytes' type
};

/// Bricks in stream order, padding as zeros.
std::vector<std::int16_t> to_stream_order(const Volume& volume, const Order& order);
/// Calls take(codes) with the codes of a volume's bricks in stream order, padding as zeros:
/// `part` of them at a time, the last time what is left. See code_of.
void for_each_part(const StoredVolume& volume, const Order& order, std::size_t part,
                   const std::function<void(std::span<const std::uint16_t> codes)>& take);
/// The codes of one of every `every` runs of `run` weights (a multiple of a tile's) in stream
/// order. Which one of them changes, so that no loop of the order is seen at one of its turns only.
std::vector<std::uint16_t> sample_codes(const StoredVolume& volume, const Order& order,
                                        std::size_t run, std::size_t every);
/// Length of to_stream_order's result.
std::size_t stream_length(std::int32_t output_depth, std::int32_t height, std::int32_t width,
                          std::int32_t input_depth, const Order& order);
/// The inverse: OHWI values from a stream; throws InvalidStream when it is too short. Padding
/// positions are dropped.
std::vector<std::int16_t> from_stream_order(std::span<const std::int16_t> stream,
                                            std::int32_t output_depth, std::int32_t height,
                                            std::int32_t width, std::int32_t input_depth,
                                            const Order& order);

/// Output channels of core `core` of `cores`: core, core+cores, ...; and that core's block depth.
std::vector<std::int32_t> channels_of_core(std::int32_t first, std::int32_t count,
                                           std::int32_t core, std::int32_t cores);
std::int32_t block_depth_of_core(std::int32_t block_depth, std::int32_t core, std::int32_t cores);

}  // namespace u65sim::weights
