#include "weights/slices.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/versions.hpp"
#include "weights/palette.hpp"

namespace u65sim::weights {
namespace {

/// Longest slice: the largest multiple of a block that the length field holds.
constexpr std::size_t largest_slice_blocks = ((1U << slice_length_bits) - 1) / block_size;

constexpr std::uint32_t divisors = largest_weight_divisor + 1;
constexpr std::uint32_t zero_divisors = 4;  // 0..3, as the vendor's encoder uses
/// Header of a slice plus half a chunk of filler, weights and runs.
constexpr std::int16_t weight_switch_bits = slice_header_bits + weight_chunk_bits / 2;
constexpr std::int16_t run_switch_bits = weight_switch_bits + 6;

/// Numbers handled at once: one for each weight mode, or 16 weights.
using Lanes = std::int16_t __attribute__((vector_size(32)));
constexpr std::uint32_t lanes = 16;
// Lanes by mode: plain and truncated by divisor, uncompressed; then the sum that divisor 5 needs
// of the next one, and two lanes without use.
constexpr std::uint32_t truncated_lane = divisors, uncompressed_lane = 2 * divisors;
constexpr std::uint32_t weight_modes = 2 * divisors + 1;
constexpr std::uint32_t next_lane = weight_modes;
/// Above all real costs of a block, differences between them and changes of mode together.
constexpr std::int16_t impossible = 1 << 13;
constexpr std::int16_t largest_number = 0x7FFF;

constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t step) {
    return (value + step - 1) / step * step;
}

SliceMode weight_mode(std::uint32_t lane) {
    if (lane == uncompressed_lane) return {.weight_divisor = uncompressed};
    return {.weight_divisor = lane % divisors, .truncated = lane >= truncated_lane};
}

/// Costs of a weight beyond what every weight costs, by lane.
using Row = std::array<std::int16_t, lanes>;
/// Of a weight that a mode cannot express: above the costs of half a block of others.
constexpr std::int16_t too_large = 1 << 10;
static_assert(block_size / 2 * largest_quotient < too_large &&
              block_size / 2 * too_large <= 1 << 14);

/// Rows by index, of weights inside the palette, then of those outside.
using Rows = std::array<Row, 2 * code_count>;
constexpr Rows make_rows() {
    Rows rows{};
    for (std::uint32_t index = 0; index < code_count; ++index) {
        Row& row = rows[index];
        for (std::uint32_t d = 0; d < divisors; ++d) {
            const std::uint32_t quotient = index >> d;
            row[d] = quotient <= largest_quotient ? static_cast<std::int16_t>(quotient) : too_large;
            row[truncated_lane + d] = quotient <= largest_truncated_quotient
                                          ? static_cast<std::int16_t>(quotient != 0 ? 1 : 0)
                                          : too_large;
        }
        row[next_lane] = static_cast<std::int16_t>(index >> divisors);
        rows[code_count + index] = row;
        rows[code_count + index][uncompressed_lane] = too_large;
    }
    return rows;
}
alignas(sizeof(Lanes)) constexpr Rows rows = make_rows();
static_assert(sizeof rows <= 1 << 16);

void keep_smaller(Lanes& a, const Lanes& b) { a = a < b ? a : b; }

/// Leaves in every lane what `keep` leaves of all lanes.
template <class Keep>
void reduce(Lanes& v, Keep&& keep) {
    keep(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    keep(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
    keep(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
    keep(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
}

/// What is the same for all blocks of a section.
struct ModeTable {
    Lanes each;                                 ///< bits of every weight, whatever it is
    std::array<std::uint16_t, code_count> row;  ///< where that of a code begins, in bytes

    explicit ModeTable(const Palette& palette) : each{}, row(index_table(palette)) {
        for (std::uint32_t d = 0; d < divisors; ++d) {
            each[d] = each[truncated_lane + d] = static_cast<std::int16_t>(1 + d);
        }
        each[uncompressed_lane] = static_cast<std::int16_t>(palette.index_bits());
        // Without a palette every index has as many bits.
        const std::uint32_t inside = palette.size == 0 ? code_count : palette.size;
        for (std::uint16_t& at : row) {
            const std::uint32_t index = at >= inside ? at + code_count : at;
            at = static_cast<std::uint16_t>(index * sizeof(Row));
        }
    }

    void add(std::uint16_t code, Lanes& sum) const {
        Lanes one;
        std::memcpy(&one, reinterpret_cast<const std::uint8_t*>(rows.data()) + row[code],
                    sizeof one);
        sum += one;
    }
};

struct BlockRange {
    std::size_t from, to;
};

/// Adds blocks of one mode as slices, the last one first; the section has `count` weights.
void add_backwards(std::vector<Slice>& slices, BlockRange blocks, std::size_t count,
                   SliceMode mode) {
    for (std::size_t end = blocks.to; end > blocks.from;) {
        const std::size_t first =
            end - blocks.from > largest_slice_blocks ? end - largest_slice_blocks : blocks.from;
        slices.push_back({.begin = first * block_size,
                          .count = std::min(end * block_size, count) - first * block_size,
                          .mode = mode});
        end = first;
    }
}

}  // namespace

/// One block of codes in every mode.
struct SlicePlanner::WeightSums {
    Row bits;  ///< by lane; beyond the mode's reach: impossible

    /// Also leaves them in `now`.
    void add(std::span<const std::uint16_t> codes, const ModeTable& modes, Lanes& now) {
        constexpr std::size_t half = block_size / 2;
        const std::uint16_t* const from = codes.data();
        Lanes a{}, b{};
        if (codes.size() == block_size) {
#pragma GCC unroll 16
            for (std::size_t i = 0; i < half; ++i) {
                modes.add(from[i], a);
                modes.add(from[half + i], b);
            }
        } else {
            for (std::size_t i = 0; i < codes.size(); ++i) modes.add(from[i], i < half ? a : b);
        }
        const Lanes beyond = (a >= too_large) | (b >= too_large);
        now = (a & ~beyond) + (b & ~beyond) + modes.each * static_cast<std::int16_t>(codes.size());
        now = beyond ? Lanes{} + impossible : now;
        std::memcpy(bits.data(), &now, sizeof now);
    }
};

/// How much more than the cheapest way to the end of a block the one in each mode costs.
struct SlicePlanner::Ways {
    Row bits;
};

SlicePlanner::SlicePlanner() = default;
SlicePlanner::~SlicePlanner() = default;

/// Cheapest way to every block in every mode; a change of mode costs a new header.
template <bool zero_runs>
void SlicePlanner::find_ways(const Section& section) {
    // One vector of ways a block, or one for each divisor of zero runs.
    constexpr std::size_t rows = zero_runs ? zero_divisors : 1;
    constexpr std::int16_t change = zero_runs ? run_switch_bits : weight_switch_bits;
    const std::size_t count = section.codes.size();
    const std::size_t blocks = weight_sums_.size();
    const ModeTable modes{section.palette};
    Lanes unused{};
    for (std::uint32_t lane = weight_modes; lane < lanes; ++lane) unused[lane] = impossible;
    std::array<Lanes, rows> path{};
    for (std::size_t block = 0; block < blocks; ++block) {
        const std::size_t begin = block * block_size;
        const std::size_t length = std::min<std::size_t>(block_size, count - begin);
        WeightSums& sums = weight_sums_[block];
        Lanes bits;
        sums.add(section.codes.subspan(begin, length), modes, bits);
        bits += unused;
        std::array<std::uint64_t, rows> run_bits{};
        std::uint64_t least = 0;
        if constexpr (zero_runs) {
            const RunSums& runs = section.run_sums[block];
            for (std::uint32_t z = 0; z < rows; ++z) {
                // The run before the first weight is paid for with the first block.
                const std::uint64_t leading = block == 0 ? (section.leading_run >> z) + 1 + z : 0;
                run_bits[z] = leading + runs[z] + length * (1 + z);
            }
            least = *std::min_element(run_bits.begin(), run_bits.end());
        }
        const std::int16_t most = block == 0 ? std::int16_t{0} : change;
        const Lanes limit = Lanes{} + most;
        Lanes lowest = Lanes{} + largest_number;
        for (std::size_t z = 0; z < rows; ++z) {
            const auto more = std::min<std::uint64_t>(run_bits[z] - least, impossible);
            keep_smaller(path[z], limit);
            path[z] += bits + static_cast<std::int16_t>(more);
            keep_smaller(lowest, path[z]);
        }
        // Relative to the cheapest, so that they stay small.
        reduce(lowest, keep_smaller);
        for (std::size_t z = 0; z < rows; ++z) {
            path[z] -= lowest;
            std::memcpy(ways_[block * rows + z].bits.data(), &path[z], sizeof path[z]);
        }
    }
}

U65SIM_VERSIONS
std::uint64_t SlicePlanner::plan(const Section& section, std::vector<Slice>& slices) {
    const std::size_t count = section.codes.size();
    const std::size_t blocks = (count + block_size - 1) / block_size;
    const bool zero_runs = section.zero_runs();
    const std::size_t rows = zero_runs ? zero_divisors : 1;
    const std::int16_t change = zero_runs ? run_switch_bits : weight_switch_bits;
    weight_sums_.resize(blocks);
    ways_.resize(blocks * rows);
    if (zero_runs) {
        find_ways<true>(section);
    } else {
        find_ways<false>(section);
    }

    // Back along the cheapest path.
    slices.clear();
    std::size_t row = 0;
    std::uint32_t lane = 0;
    const auto find_cheapest = [&](std::size_t block) {
        for (row = 0;; ++row) {
            for (lane = 0; lane < weight_modes; ++lane) {
                if (ways_[block * rows + row].bits[lane] == 0) return;
            }
        }
    };
    std::size_t end = blocks;
    const auto close = [&](std::size_t begin) {
        SliceMode mode = weight_mode(lane);
        if (zero_runs) mode.zero_divisor = static_cast<std::uint32_t>(row);
        add_backwards(slices, {begin, end}, count, mode);
        end = begin;
    };
    find_cheapest(blocks - 1);
    for (std::size_t block = blocks; block-- > 1;) {
        if (ways_[(block - 1) * rows + row].bits[lane] > change) {
            close(block);
            find_cheapest(block - 1);
        }
    }
    close(0);
    std::reverse(slices.begin(), slices.end());
    return size_of(section, slices);
}

SliceMode SlicePlanner::cheapest_mode(const Section& section) {
    const std::size_t count = section.codes.size();
    const std::size_t blocks = weight_sums_.size();
    const ModeTable modes{section.palette};
    std::array<std::uint64_t, weight_modes> bits{};
    std::array<std::uint64_t, zero_divisors> run_bits{};
    for (std::size_t block = 0; block < blocks; ++block) {
        const std::size_t begin = block * block_size;
        const std::size_t length = std::min<std::size_t>(block_size, count - begin);
        Lanes unused;
        weight_sums_[block].add(section.codes.subspan(begin, length), modes, unused);
        for (std::uint32_t lane = 0; lane < weight_modes; ++lane) {
            const std::int16_t more = weight_sums_[block].bits[lane];
            bits[lane] +=
                more >= impossible ? std::uint64_t{1} << 48 : static_cast<std::uint64_t>(more);
        }
        if (!section.zero_runs()) continue;
        for (std::uint32_t z = 0; z < zero_divisors; ++z) {
            run_bits[z] += section.run_sums[block][z] + length * (1 + z);
        }
    }
    const auto index_of_least = [](const auto& from) {
        return static_cast<std::uint32_t>(std::min_element(from.begin(), from.end()) -
                                          from.begin());
    };
    SliceMode mode = weight_mode(index_of_least(bits));
    if (section.zero_runs()) mode.zero_divisor = index_of_least(run_bits);
    return mode;
}

std::uint64_t SlicePlanner::plan_uniform(const Section& section, std::vector<Slice>& slices) {
    const std::size_t count = section.codes.size();
    const std::size_t blocks = (count + block_size - 1) / block_size;
    weight_sums_.resize(blocks);
    slices.clear();
    add_backwards(slices, {0, blocks}, count, cheapest_mode(section));
    std::reverse(slices.begin(), slices.end());
    return size_of(section, slices);
}

std::uint64_t SlicePlanner::size_of(const Section& section, std::span<const Slice> slices) const {
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
        // Costs less what every weight costs: quotients in all, and those filled up to chunks.
        std::uint64_t sum = 0, next = 0;
        const std::uint32_t lane = slice.mode.truncated ? truncated_lane + d : d;
        const std::uint32_t half = d < largest_weight_divisor ? d + 1 : next_lane;
        for (std::size_t block = first; block < last; ++block) {
            sum += static_cast<std::uint64_t>(weight_sums_[block].bits[lane]);
            next += static_cast<std::uint64_t>(weight_sums_[block].bits[half]);
        }
        std::uint64_t more = sum - count * (1 + d), unary = 0;
        if (!slice.mode.truncated) {
            unary = half == next_lane ? next : next - count * (1 + half);
            more -= unary;
        }
        bits += round_up(unary + count, weight_chunk_bits) + more + count * d;
    }
    if (slice.mode.zero_runs()) {
        const std::uint32_t z = slice.mode.zero_divisor;
        // The run before the section's first weight belongs to its first slice.
        const bool leading = slice.begin == 0;
        const std::uint64_t runs = count + (leading ? 1 : 0);
        std::uint64_t unary = runs + (leading ? section.leading_run >> z : 0);
        for (std::size_t block = first; block < last; ++block) {
            unary += section.run_sums[block][z];
        }
        bits += round_up(unary, zero_chunk_bits(z)) + runs * z;
    }
    return bits;
}

}  // namespace u65sim::weights
