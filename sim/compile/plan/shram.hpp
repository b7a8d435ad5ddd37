// The shared buffer: what an OFM block needs of it and how it is laid out (register description).
#pragma once

#include <cstdint>
#include <optional>

#include "base/rounding.hpp"
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

/// Banks that blocks of one depth take.
class ShramRoom {
public:
    ShramRoom(const ShramUser& user, std::int32_t ofm_depth, std::int32_t ifm_depth,
              const Architecture& arch);

    /// Of both buffers for a block of one input.
    [[nodiscard]] std::int64_t ifm_banks(const BlockShape& ifm) const {
        return whole_granules(std::int64_t{ifm.width} * ifm.height * ifm_bytes_, ifm_granule_);
    }
    /// Of both buffers of accumulators; none of an elementwise operation.
    [[nodiscard]] std::int64_t accumulator_banks(const BlockShape& ofm) const {
        if (elementwise_) return 0;
        return whole_granules(
            std::int64_t{ofm.width} * (flat_ ? 1 : ofm.height) * accumulator_bits_ / 8,
            accumulator_granule_);
    }
    [[nodiscard]] bool fits(const BlockShape& ofm, const BlockShape& ifm) const {
        return begin_ + inputs_ * ifm_banks(ifm) <= end_ - accumulator_banks(ofm);
    }
    /// The banks that inputs and accumulators share: from begin() up to, not with, end().
    [[nodiscard]] std::int64_t begin() const { return begin_; }
    [[nodiscard]] std::int64_t end() const { return end_; }

private:
    static constexpr std::int64_t bank_bytes = 1024;
    static std::int64_t whole_granules(std::int64_t bytes, std::int64_t granule) {
        const std::int64_t banks = 2 * ceil_div(bytes, bank_bytes);
        const bool is_power = (granule & (granule - 1)) == 0;
        return is_power ? (banks + granule - 1) & -granule : round_up(banks, granule);
    }

    bool elementwise_;
    bool flat_;            ///< one row of unit blocks instead of two
    std::int64_t inputs_;  ///< maps that have buffers
    std::int64_t begin_, end_;
    std::int64_t ifm_bytes_;         ///< of a block's column
    std::int64_t accumulator_bits_;  ///< the same
    std::int64_t ifm_granule_, accumulator_granule_;
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
