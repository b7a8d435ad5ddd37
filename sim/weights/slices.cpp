#include "weights/slices.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/versions.hpp"

namespace u65sim::weights {
namespace {

/// Weights judged together; slices end at multiples of it.
constexpr std::size_t block_size = 32;
/// Longest slice: the largest multiple of a block that the length field holds.
constexpr std::size_t largest_slice_blocks = ((1U << slice_length_bits) - 1) / block_size;

constexpr std::uint32_t divisors = largest_weight_divisor + 1;
constexpr std::uint32_t weight_modes = 2 * divisors + 1;  // plain, truncated, uncompressed
constexpr std::uint32_t zero_divisors = 4;                // 0..3, as the vendor's encoder uses
constexpr std::uint32_t impossible = 1U << 28;
/// Header of a slice plus half a chunk of filler, weights and runs.
constexpr std::uint32_t weight_switch_bits = slice_header_bits + weight_chunk_bits / 2;
constexpr std::uint32_t run_switch_bits = weight_switch_bits + 6;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
    return (value + step - 1) / step * step;
}

SliceMode weight_mode(std::uint32_t mode) {
    if (mode == 2 * divisors) return {.weight_divisor = uncompressed};
    return {.weight_divisor = mode % divisors, .truncated = mode >= divisors};
}

}  // namespace

/// Sums over one block of indices `v`.
struct SlicePlanner::WeightSums {
    std::array<std::uint16_t, divisors + 1> quotients;  ///< of v >> d
    std::array<std::uint16_t, divisors> above;          ///< of v >> d != 0
    std::uint16_t largest, count;

    static WeightSums of(std::span<const std::uint16_t> indices) {
        WeightSums sums{};
        sums.count = static_cast<std::uint16_t>(indices.size());
        if (indices.size() == block_size) {
            sums.add(indices.data());
        } else {
            std::array<std::uint16_t, block_size> padded{};
            std::copy(indices.begin(), indices.end(), padded.begin());
            sums.add(padded.data());
        }
        return sums;
    }
    void add(const std::uint16_t* indices) {
        for (std::uint32_t d = 0; d <= divisors; ++d) {
            std::uint16_t sum = 0;
            for (std::size_t i = 0; i < block_size; ++i) {
                sum = static_cast<std::uint16_t>(sum + (indices[i] >> d));
            }
            quotients[d] = sum;
        }
        for (std::uint32_t d = 0; d < divisors; ++d) {
            std::uint16_t sum = 0;
            for (std::size_t i = 0; i < block_size; ++i) {
                sum = static_cast<std::uint16_t>(sum + (indices[i] >= (1U << d) ? 1 : 0));
            }
            above[d] = sum;
        }
        for (std::size_t i = 0; i < block_size; ++i) largest = std::max(largest, indices[i]);
    }
    /// Bits of the block in every weight mode.
    template <class Costs>
    void costs(const Palette& palette, Costs& bits) const {
        for (std::uint32_t d = 0; d < divisors; ++d) {
            const std::uint32_t quotient = static_cast<std::uint32_t>(largest) >> d;
            const std::uint32_t base = count * (1 + d);
            bits[d] = quotient <= largest_quotient ? base + quotients[d] : impossible;
            bits[divisors + d] =
                quotient <= largest_truncated_quotient ? base + above[d] : impossible;
        }
        const bool fits = palette.size == 0 || largest < palette.size;
        bits[2 * divisors] = fits ? count * palette.index_bits() : impossible;
    }
};

/// Sums over the runs that follow one block of weights.
struct SlicePlanner::RunSums {
    std::array<std::uint64_t, zero_divisors> quotients;  ///< of run >> d
    static RunSums of(std::span<const std::uint32_t> runs) {
        RunSums sums{};
        for (std::uint32_t d = 0; d < zero_divisors; ++d) {
            for (const std::uint32_t run : runs) sums.quotients[d] += run >> d;
        }
        return sums;
    }
};

SlicePlanner::SlicePlanner() = default;
SlicePlanner::~SlicePlanner() = default;

U65SIM_VERSIONS
std::uint64_t SlicePlanner::plan(const Section& section, std::vector<Slice>& slices) {
    const std::size_t count = section.indices.size();
    const std::size_t blocks = (count + block_size - 1) / block_size;
    const bool zero_runs = !section.runs.empty();
    weight_sums_.resize(blocks);
    run_sums_.resize(zero_runs ? blocks : 0);
    switched_.resize(blocks);
    best_.resize(blocks);

    // Cheapest way to every block in every mode; a change of mode costs a new header.
    const std::uint32_t states = zero_runs ? weight_modes * zero_divisors : weight_modes;
    const std::uint32_t change = zero_runs ? run_switch_bits : weight_switch_bits;
    std::array<std::uint32_t, weight_modes * zero_divisors> path{};
    std::array<std::uint32_t, weight_modes * zero_divisors> bits{};
    std::uint32_t cheapest = 0;
    for (std::size_t block = 0; block < blocks; ++block) {
        const std::size_t begin = block * block_size;
        const std::size_t length = std::min(block_size, count - begin);
        const WeightSums& sums = weight_sums_[block] =
            WeightSums::of(section.indices.subspan(begin, length));
        sums.costs(section.palette, bits);
        if (zero_runs) {
            const RunSums& runs = run_sums_[block] =
                RunSums::of(section.runs.subspan(begin + 1, length));
            for (std::uint32_t z = zero_divisors; z-- > 0;) {
                // The run before the first weight is paid for with the first block.
                const std::uint64_t leading = block == 0 ? (section.runs[0] >> z) + 1 + z : 0;
                const auto run_bits = static_cast<std::uint32_t>(std::min<std::uint64_t>(
                    leading + runs.quotients[z] + length * (1 + z), impossible));
                for (std::uint32_t w = 0; w < weight_modes; ++w) {
                    bits[z * weight_modes + w] = bits[w] + run_bits;
                }
            }
        }
        std::uint64_t switched = 0;
        const std::uint32_t limit = block == 0 ? 0 : change;
        std::uint32_t lowest = std::numeric_limits<std::uint32_t>::max();
        std::uint32_t lowest_state = 0;
        for (std::uint32_t s = 0; s < states; ++s) {
            const bool change_here = path[s] > limit;
            switched |= std::uint64_t{change_here} << s;
            path[s] = (change_here ? limit : path[s]) + bits[s];
            if (path[s] < lowest) {
                lowest = path[s];
                lowest_state = s;
            }
        }
        // Relative to the cheapest, so that they stay small.
        for (std::uint32_t s = 0; s < states; ++s) path[s] -= lowest;
        switched_[block] = switched;
        best_[block] = static_cast<std::uint8_t>(lowest_state);
        cheapest = lowest_state;
    }

    // Back along the cheapest path.
    slices.clear();
    std::uint32_t state = cheapest;
    std::size_t end = blocks;
    const auto close = [&](std::size_t begin) {
        SliceMode mode = weight_mode(state % weight_modes);
        if (zero_runs) mode.zero_divisor = state / weight_modes;
        for (; end > begin;) {
            const std::size_t first =
                end - begin > largest_slice_blocks ? end - largest_slice_blocks : begin;
            slices.push_back({.begin = first * block_size,
                              .count = std::min(end * block_size, count) - first * block_size,
                              .mode = mode});
            end = first;
        }
    };
    for (std::size_t block = blocks; block-- > 1;) {
        if ((switched_[block] >> state & 1) != 0) {
            close(block);
            state = best_[block - 1];
        }
    }
    close(0);
    std::reverse(slices.begin(), slices.end());

    std::uint64_t total =
        palette_header_bits + std::uint64_t{section.palette.size} * section.palette.entry_bits;
    for (const Slice& slice : slices) total += size_of(section, slice);
    return total;
}

std::uint64_t SlicePlanner::size_of(const Section& section, const Slice& slice) const {
    const std::uint64_t count = slice.count;
    const std::size_t first = slice.begin / block_size;
    const std::size_t last = (slice.begin + slice.count + block_size - 1) / block_size;
    const std::uint32_t d = slice.mode.weight_divisor;
    std::uint64_t bits = slice_header_bits;
    if (d == uncompressed) {
        bits += count * section.palette.index_bits();
    } else {
        std::uint64_t unary = 0, more = 0;  // in WUNARY0, filled up to chunks, and in WUNARY1
        for (std::size_t block = first; block < last; ++block) {
            const WeightSums& sums = weight_sums_[block];
            if (slice.mode.truncated) {
                more += sums.above[d];
            } else {
                unary += sums.quotients[d + 1];
                more += sums.quotients[d] - sums.quotients[d + 1];
            }
        }
        bits += round_up(unary + count, weight_chunk_bits) + more + count * d;
    }
    if (slice.mode.zero_runs()) {
        const std::uint32_t z = slice.mode.zero_divisor;
        // The run before the section's first weight belongs to its first slice.
        const bool leading = slice.begin == 0;
        const std::uint64_t runs = count + (leading ? 1 : 0);
        std::uint64_t unary = runs + (leading ? section.runs[0] >> z : 0);
        for (std::size_t block = first; block < last; ++block) {
            unary += run_sums_[block].quotients[z];
        }
        bits += round_up(unary, zero_chunk_bits(z)) + runs * z;
    }
    return bits;
}

}  // namespace u65sim::weights
