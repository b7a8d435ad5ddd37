// Zeros of a section as runs between its other weights.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "weights/marked_codes.hpp"

namespace u65sim::weights {

/// Sums of run >> divisor 0..3.
using RunSums = std::array<std::uint64_t, 4>;

struct RunCounts {
    RunSums quotients{};
    std::uint64_t count = 0;  ///< of runs that are not empty

    RunCounts& operator+=(const RunCounts& other);
};
RunCounts count_runs(const MarkedCodes& codes);

/// Puts the codes that are not zero, or the first of nothing but zeros, at `nonzero`, where there
/// must be room for `split_margin` more than there are codes. Returns how many codes it put.
std::size_t split_codes(const MarkedCodes& codes, std::uint16_t* nonzero);
inline constexpr std::size_t split_margin = 8;

/// Runs in front of codes that are not zero.
struct RunsByBlock {
    std::uint64_t leading = 0;  ///< in front of the first one
    std::vector<RunSums> sums;  ///< over those behind each of a block's codes, by block
};
/// Puts the runs between the codes of split_codes(), in blocks of `block` of them, into `runs`.
void sum_runs(const MarkedCodes& codes, std::uint32_t block, RunsByBlock& runs);
/// The same one by one: in front of each code and behind the last.
void list_runs(const MarkedCodes& codes, std::vector<std::uint32_t>& runs);

}  // namespace u65sim::weights
