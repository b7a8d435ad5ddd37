// What a section's palette holds.
#pragma once

#include <array>
#include <cstdint>

#include "weights/stream_format.hpp"

namespace u65sim::weights {

using Histogram = std::array<std::uint32_t, code_count>;

struct PaletteChoice {
    Palette palette;
    std::uint64_t bits = 0;  ///< of header, palette and weights, coded in one mode
};

/// The palette that makes the weights counted in `histogram` smallest.
PaletteChoice choose_palette(const Histogram& histogram);

/// The palette of Coding::frequent: the 32 most frequent codes where these are half of the weights
/// or more, else none; direct codes count from the lowest code there is. Where no more than 32
/// codes occur, the smallest palette.
PaletteChoice frequent_palette(const Histogram& histogram);

/// Index of every code under `palette`; meaningless for codes the palette cannot express.
std::array<std::uint16_t, code_count> index_table(const Palette& palette);

}  // namespace u65sim::weights
