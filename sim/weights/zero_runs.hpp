// Zeros of a section as runs between its other weights.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace u65sim::weights {

struct RunCounts {
    std::array<std::uint64_t, 4> quotients{};  ///< sum of run >> divisor 0..3
    std::uint64_t count = 0;                   ///< of runs that are not empty

    RunCounts& operator+=(const RunCounts& other);
};
RunCounts count_runs(std::span<const std::uint16_t> codes);

/// Puts the codes that are not zero, or the first of nothing but zeros, at `nonzero`, and the zeros
/// in front of each and behind the last at `runs`: room for one and for two more than there are
/// codes. Returns how many codes it put.
std::size_t split_runs(std::span<const std::uint16_t> codes, std::uint16_t* nonzero,
                       std::uint32_t* runs);

}  // namespace u65sim::weights
