// The shared buffer: what an OFM block needs of it and how it is laid out (register description).
#pragma once

#include <cstdint>
#include <optional>

#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::compiler {

/// What of an operation decides its use of the shared buffer, and its block search.
struct ShramUser {
    stream::KernelKind kind = stream::KernelKind::conv;
    bool reduces_depth = true;  ///< convolution, fully connected, reduce-sum
    bool vector_product = false;
    bool part_kernel = false;
    bool two_maps = false;  ///< elementwise with a second map
    bool lut = false;
    int ifm_bits = 8;
    int acc_bits = 32;
    int kernel_h = 1, kernel_w = 1;  ///< dilated
    int stride_y = 1, stride_x = 1;
    stream::Upscale upscale = stream::Upscale::none;
    std::int32_t ofm_h = 1, ofm_w = 1, ofm_c = 1;
    std::int32_t ifm_h = 1, ifm_w = 1, ifm_c = 1;
    /// Costs of blocks are compared in single precision, where others are equal.
    bool single_precision = false;
    bool operator==(const ShramUser&) const = default;
};

struct ShramLayout {
    int ib_end = 0, ab_start = 0, ifm2_ib_start = 0;  ///< banks
    /// A kernel's registers for OFM blocks that are laid out so.
    void apply(stream::KernelOp& kernel, const BlockShape& ofm_block) const {
        kernel.block = ofm_block;
        kernel.ib_end = ib_end;
        kernel.ab_start = ab_start;
        kernel.ifm2_ib_start = ifm2_ib_start;
    }
};

/// The IFM block one job loads for an OFM block.
BlockShape ifm_block(const ShramUser& user, const BlockShape& ofm_block, const Architecture& arch);
/// Banks for a block, or nothing when it does not fit.
std::optional<ShramLayout> lay_out(const ShramUser& user, const BlockShape& ofm_block,
                                   const Architecture& arch);
/// The same, given ifm_block's result.
std::optional<ShramLayout> lay_out(const ShramUser& user, const BlockShape& ofm_block,
                                   const BlockShape& ifm_block, const Architecture& arch);
/// Whether a block may be used: multiples of the ublock, within the maximum, depth whole or in
/// steps of 16, and fitting.
bool is_valid_block(const ShramUser& user, const BlockShape& block, const Architecture& arch);

}  // namespace u65sim::compiler
