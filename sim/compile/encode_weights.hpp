// Weights and scale records of an operation as bytes in the constants.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// The encoded ranges of one depth slice: for each core its records, then its weights.
struct EncodedSlice {
    std::vector<std::uint8_t> bytes;
    std::array<stream::ByteRange, 2> scales{}, weights{};  ///< relative to the start
};

/// Encodes output channels first .. first + count. The compressed weights are kept for the
/// process's life under a hash of their content; safe from several threads.
EncodedSlice encode_slice(const NpuOp& op, std::int32_t first, std::int32_t count,
                          const Accelerator& accelerator, const Architecture& arch);

}  // namespace u65sim::compiler
