// One section into bits.
#pragma once

#include <span>

#include "weights/bit_writer.hpp"
#include "weights/slices.hpp"

namespace u65sim::weights {

/// Appends the slices of one section, `indices` those of its codes; `out` must have room.
void write_section(BitWriter& out, const Section& section, std::span<const std::uint16_t> indices,
                   std::span<const Slice> slices);

}  // namespace u65sim::weights
