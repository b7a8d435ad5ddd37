// Weights and scale records of an operation as bytes in the constants.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// The encoded ranges of one depth slice: for each core its records, then its weights.
struct EncodedSlice {
    std::vector<std::uint8_t> bytes;  ///< empty when the weights are modelled
    std::int64_t size = 0;
    std::array<stream::ByteRange, 2> scales{}, weights{};  ///< relative to the start
};

/// The chosen output channels in OHWI order, zero points removed, zeros between elements put in.
std::vector<std::int16_t> materialise(const WeightSource& source,
                                      const std::vector<std::int32_t>& channels);
/// Extents of the kernel with the zeros between its elements.
constexpr std::int32_t spread_height(const WeightSource& source) {
    return (source.height - 1) * source.spread_y + 1;
}
constexpr std::int32_t spread_width(const WeightSource& source) {
    return (source.width - 1) * source.spread_x + 1;
}

/// Encodes output channels first .. first + count. The compressed weights are kept for the
/// process's life under a hash of their content; safe from several threads.
EncodedSlice encode_slice(const NpuOp& op, std::int32_t first, std::int32_t count,
                          const Accelerator& accelerator, const Architecture& arch);

}  // namespace u65sim::compiler
