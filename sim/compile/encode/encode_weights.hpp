// Weights and scale records of an operation as bytes in the constants.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compile/program.hpp"
#include "weights/codec.hpp"

namespace u65sim::compiler {

/// The encoded ranges of one depth slice: for each core its records, then its weights.
struct SliceLayout {
    std::int64_t size = 0;
    std::array<stream::ByteRange, 2> scales{}, weights{};  ///< relative to the start
    std::uint64_t content = 0;  ///< hash of what the bytes are made from; 0: weights are modelled
    bool known = true;          ///< from earlier ones alone
};

/// `count` output channels of a source, from `first` on every `step`th one, where they are stored.
/// Throws InvalidModel for a zero point outside its type.
struct StoredWeights {
    StoredWeights(const WeightSource& source, std::int32_t first, std::int32_t step,
                  std::int32_t count);
    StoredWeights(const StoredWeights&) = delete;
    StoredWeights& operator=(const StoredWeights&) = delete;

    weights::StoredVolume volume;

private:
    std::vector<std::int16_t> zero_points_;
};

/// Extents of the kernel with the zeros between its elements.
constexpr std::int32_t spread_height(const WeightSource& source) {
    return (source.height - 1) * source.spread_y + 1;
}
constexpr std::int32_t spread_width(const WeightSource& source) {
    return (source.width - 1) * source.spread_x + 1;
}

/// How a slice's size is found: with its bytes, when encode_slice will follow, which then has
/// nothing left to encode; without them; or about, from a sample of the weights.
enum class Sizing : std::uint8_t { encoded, counted, sampled };

/// Where output channels first .. first + count stand in their slice, without its bytes. Sizes are
/// kept in the context's cache under a hash of the content; safe from several threads.
SliceLayout lay_out_slice(const NpuOp& op, std::int32_t first, std::int32_t count,
                          const CompileContext& context, Sizing sizing);

/// Writes the bytes of a slice that was laid out, `to` having its size. The compressed weights are
/// kept as the sizes are; safe from several threads.
void encode_slice(const NpuOp& op, const WeightSlice& slice, const CompileContext& context,
                  std::span<std::uint8_t> to);

}  // namespace u65sim::compiler
