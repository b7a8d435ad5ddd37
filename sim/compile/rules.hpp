// What the compiler does one way for itself and another way to follow Vela (CompileOptions::
// like_vela), besides the passes that are left out then (PassInfo::in_like_vela).
#pragma once

#include <cstdint>

#include <u65sim/compile.hpp>

#include "weights/codec.hpp"

namespace u65sim::compiler {

struct Rules {
    /// Operands of a concatenation are written straight into its result; else each is copied.
    bool concatenates_in_place = true;
    /// Elementwise operations on few channels view their maps as deeper ones.
    bool deepens_shallow_maps = false;
    /// A map is copied before a reshape when others read it as it was, too.
    bool copies_before_reshape = false;
    /// Weights come in slices and buffers of Vela's sizes, at Vela's times.
    bool delivers_as_vela = false;
    /// Maps of fewer channels lie in memory as NHWC, others in bricks (NHCWB16).
    std::int32_t least_brick_channels = 16;
    /// A MEAN or SUM over height and width is one average pool; else sums of ones in 32 bits.
    bool sums_by_pool = true;
    /// Channels may change places by a convolution; else only by strides.
    bool permutes_by_convolution = true;
    /// Operators that follow one map of 8 bits element by element are one look-up table.
    bool fuses_curves = true;
    /// TRANSPOSE_CONV may be a convolution for each phase of its outputs; else one over zeros.
    bool splits_transposed = true;
    /// A convolution writes the blocks of a DEPTH_TO_SPACE behind it.
    bool writes_blocks = true;
    /// Branches may run in another order than the graph's, where maps must fit.
    bool orders_branches = true;
    /// How sections of weights are coded: smallest for each, or alike for all.
    weights::Coding coding = weights::Coding::smallest;
};

constexpr Rules rules_of(const CompileOptions& options) {
    if (!options.like_vela) return {};
    return {.concatenates_in_place = false,
            .deepens_shallow_maps = true,
            .copies_before_reshape = true,
            .delivers_as_vela = true,
            .least_brick_channels = 8,
            .sums_by_pool = false,
            .permutes_by_convolution = false,
            .fuses_curves = false,
            .splits_transposed = false,
            .writes_blocks = false,
            .orders_branches = false,
            .coding = weights::Coding::uniform};
}

}  // namespace u65sim::compiler
