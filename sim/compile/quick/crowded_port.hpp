// What reads off-chip wait for while a copy has the port.
#pragma once

#include <cstdint>

#include <u65sim/target.hpp>

namespace u65sim::compiler::quick {

/// Beats of a copy that have the port at a time (machine rule).
inline constexpr std::int64_t chunk_beats = 64;

/// What a read which comes anytime waits behind those of a copy, in the mean.
Cycles wait_for_port(const Target& target);

}  // namespace u65sim::compiler::quick
