// How much of each region a stream touches, found without running it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "machine/functional/memory.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine::functional {

/// For each region, one more than the highest byte offset that any command reads or writes; zero
/// where none does. Offsets that wrap around (hostile strides) throw InvalidStream.
std::array<std::uint64_t, region_count> footprint(const std::vector<stream::Command>& commands);

}  // namespace u65sim::machine::functional
