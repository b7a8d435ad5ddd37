// What the compiler does one way for itself and another way to follow Vela (CompileOptions::
// like_vela), besides the passes that are left out then (PassInfo::in_like_vela).
#pragma once

#include <cstdint>

#include <u65sim/compile.hpp>

#include "weights/codec.hpp"

namespace u65sim::compiler {

/// Which operands of a concatenation are written straight into its result; others are copied.
enum class InPlace : std::uint8_t { all, unshared, none };

/// Behind which operation, that changes nothing, a look-up on 8 bits stands.
enum class LookUp8 : std::uint8_t { behind_maximum, behind_addition, behind_pool };

struct Rules {
    InPlace concatenation = InPlace::all;
    /// Elementwise operations on few channels view their maps as deeper ones.
    bool deepens_shallow_maps = false;
    /// A map is copied before a reshape when others read it as it was, too.
    bool copies_before_reshape = false;
    LookUp8 look_up = LookUp8::behind_maximum;
    /// The last two axes of many rows are swapped row by row, not all rows at once.
    bool transposes_by_row = false;
    /// A BATCH_MATMUL makes one column of its result after the other, by products of 32 bits.
    bool multiplies_by_columns = false;
    /// A map that is interpolated at half pixels gets its edges twice first, in a copy.
    bool pads_before_resize = false;
    /// Blocks of equal cost are those that single precision cannot tell apart.
    bool finds_blocks_in_single_precision = false;
    /// Of maps off-chip, those of the network's inputs are copied that convolutions wait for.
    bool copies_inputs = false;
    /// A result stands where either operand does that nobody else reads; else where the first one
    /// does, if nobody reads it later.
    bool overwrites_sole_reads = false;
    /// With a dedicated SRAM, cascades grow by what fits, whatever they bring.
    bool cascades_by_room = false;
    /// With a dedicated SRAM, weights take their room before maps do.
    bool weights_before_maps = false;
    /// Weights come in slices and buffers of Vela's sizes, at Vela's times.
    bool delivers_as_vela = false;
    /// And by the cycles that Vela counts, as its published scheduler does.
    bool counts_as_vela = false;
    /// Maps of fewer channels lie in memory as NHWC, others in bricks (NHCWB16).
    std::int32_t least_brick_channels = 16;
    /// And so do maps of a single pixel.
    bool cuts_pixels = false;
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

/// What Vela 5.0 does.
constexpr Rules rules_of_vela_5_0() {
    return {.concatenation = InPlace::none,
            .deepens_shallow_maps = true,
            .copies_before_reshape = true,
            .look_up = LookUp8::behind_addition,
            .delivers_as_vela = true,
            .least_brick_channels = 8,
            .cuts_pixels = true,
            .sums_by_pool = false,
            .permutes_by_convolution = false,
            .fuses_curves = false,
            .splits_transposed = false,
            .writes_blocks = false,
            .orders_branches = false,
            .coding = weights::Coding::uniform};
}

/// And 5.2 otherwise.
constexpr Rules rules_of_vela_5_2() {
    Rules rules = rules_of_vela_5_0();
    rules.concatenation = InPlace::unshared;
    rules.look_up = LookUp8::behind_pool;
    rules.transposes_by_row = true;
    rules.multiplies_by_columns = true;
    rules.pads_before_resize = true;
    rules.finds_blocks_in_single_precision = true;
    rules.copies_inputs = true;
    rules.overwrites_sole_reads = true;
    rules.cascades_by_room = true;
    rules.weights_before_maps = true;
    rules.counts_as_vela = true;
    rules.coding = weights::Coding::frequent;
    return rules;
}

constexpr Rules rules_of(const CompileOptions& options) {
    if (!options.like_vela) return {};
    return options.vela_version == VelaVersion::v5_0 ? rules_of_vela_5_0() : rules_of_vela_5_2();
}

}  // namespace u65sim::compiler
