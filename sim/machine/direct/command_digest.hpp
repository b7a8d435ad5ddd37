// What commands do in time, as numbers that are equal where that is.
#pragma once

#include <vector>

#include <u65sim/target.hpp>

#include "machine/units/state.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// A digest for each command. Equal ones take the same time in machines of equal state: addresses
/// count by their place in a burst, regions by their port, and values do not count.
std::vector<CommandDigest> digests_of(const std::vector<stream::Command>& commands,
                                      const Target& target);

}  // namespace u65sim::machine
