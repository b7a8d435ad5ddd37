#include "weights/palette.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

#include "base/versions.hpp"

namespace u65sim::weights {
namespace {

constexpr std::uint32_t divisors = largest_weight_divisor + 1;

/// A code that occurs and how often (at most 2^17 times in a part) in one number, which is larger
/// for codes that come first in a palette: the more frequent one, or the smaller one.
using Key = std::uint32_t;
constexpr Key key_of(std::uint32_t code, std::uint32_t count) {
    return count * code_count + (code_count - 1 - code);
}

/// Codes, or how often they occur, that are handled at once.
using Eight = std::uint32_t __attribute__((vector_size(32)));
constexpr std::size_t step = 8;

/// Codes that occur, in ascending order, and how often each does. Behind the last one stand codes
/// that do not, so that there is no rest.
struct Counts {
    std::array<std::uint32_t, code_count + step> codes, counts;
    std::size_t size = 0;
    std::uint64_t all = 0;  ///< weights

    explicit Counts(const Histogram& histogram) {
        for (std::uint32_t first = 0; first < code_count; first += step) {
            std::uint32_t sum = 0;
            for (std::uint32_t i = 0; i < step; ++i) sum += histogram[first + i];
            if (sum == 0) continue;
            all += sum;
            for (std::uint32_t i = 0; i < step; ++i) {
                codes[size] = first + i;
                counts[size] = histogram[first + i];
                size += counts[size] > 0 ? 1 : 0;
            }
        }
        std::fill_n(codes.begin() + size, step, 0);
        std::fill_n(counts.begin() + size, step, 0);
    }

    /// Of what `cost` puts in the place of codes, over all weights.
    template <class Cost>
    [[nodiscard]] std::uint32_t sum(Cost&& cost) const {
        Eight sums{};
        for (std::size_t first = 0; first < size; first += step) {
            Eight code, count;
            std::memcpy(&code, &codes[first], sizeof code);
            std::memcpy(&count, &counts[first], sizeof count);
            cost(code);
            sums += code * count;
        }
        std::uint32_t result = 0;
        for (std::size_t i = 0; i < step; ++i) result += sums[i];
        return result;
    }
};

/// Codes in the order in which a palette lists them.
struct Ranking {
    std::array<Key, largest_palette> keys;
    std::size_t size = 0;

    /// The first ones of those from `begin` on.
    Ranking(const Counts& counts, std::size_t begin) {
        for (std::size_t i = begin; i < counts.size; ++i) {
            const Key key = key_of(counts.codes[i], counts.counts[i]);
            std::size_t at = size;
            if (size < keys.size()) {
                ++size;
            } else if (key < keys[--at]) {
                continue;
            }
            // Codes mostly come in this order already.
            for (; at > 0 && keys[at - 1] < key; --at) keys[at] = keys[at - 1];
            keys[at] = key;
        }
    }
    [[nodiscard]] std::uint32_t code(std::size_t i) const {
        return code_count - 1 - keys[i] % code_count;
    }
    [[nodiscard]] std::uint32_t count(std::size_t i) const { return keys[i] / code_count; }
};

void cap(std::uint32_t& value, std::uint32_t most) { value = std::min(value, most); }
void cap(Eight& values, std::uint32_t most) {
    const Eight limit = Eight{} + most;
    values = values < limit ? values : limit;
}

/// A palette's index of every code, as far as costs need it.
struct Indices {
    const Counts& counts;
    const Ranking& ranking;
    std::size_t listed;      ///< how many the palette lists: these have the lowest ones
    std::uint64_t outside;   ///< weights that have others
    std::uint32_t distance;  ///< from the code of one of these to its index; modulo 2^32
    std::uint32_t largest;

    /// Bits of the weights when every index is coded in the one best mode; `limit` where there is
    /// none below it.
    [[nodiscard]] std::uint64_t best_bits(const Palette& palette, std::uint64_t limit) const {
        std::uint64_t bits = limit;
        if (palette.size == 0 || largest < palette.size) {
            bits = std::min(bits, counts.all * palette.index_bits());
        }
        for (std::uint32_t d = 0; d < divisors; ++d) {
            const std::uint32_t quotient = largest >> d;
            const std::uint64_t base = counts.all * (1 + d);
            if (base >= bits) break;
            if (quotient > largest_quotient) continue;
            // Truncated weights never take more bits than others of the same divisor. At most 2^17
            // weights a part, indices below 2^10: the sums fit.
            const bool truncated = quotient <= largest_truncated_quotient;
            const std::uint32_t least = palette.size >> d;
            if (base + outside * (truncated ? std::min(least, 1U) : least) >= bits) continue;
            bits = std::min(bits, base + (truncated ? sum([d](auto& index) { cap(index >>= d, 1); })
                                                    : sum([d](auto& index) { index >>= d; })));
        }
        return bits;
    }

private:
    /// Of what `cost` puts in the place of indices, over all weights: taken as if no code were
    /// listed, then put right.
    template <class Cost>
    [[nodiscard]] std::uint32_t sum(Cost&& cost) const {
        std::uint32_t result = counts.sum([&](Eight& codes) { cost(codes += distance); });
        for (std::uint32_t i = 0; i < listed; ++i) {
            std::uint32_t right = i, wrong = ranking.code(i) + distance;
            cost(right);
            cost(wrong);
            result += (right - wrong) * ranking.count(i);
        }
        return result;
    }
};

std::uint32_t width_of(std::uint32_t value) {
    return std::max(smallest_entry_bits, static_cast<std::uint32_t>(std::bit_width(value)));
}

/// Where direct codes count from: the lowest of those outside the palette, or of all.
enum class DirectFrom : std::uint8_t { outside, all };

constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();

/// A palette of the first `size` codes; `bits` is `limit` or more when it takes as many, or when
/// the direct codes would leave the range of indices.
PaletteChoice try_size(const Counts& counts, const Ranking& ranking, std::uint32_t size,
                       std::uint64_t limit = no_limit, DirectFrom from = DirectFrom::outside) {
    PaletteChoice choice;
    choice.bits = limit;
    Palette& palette = choice.palette;
    palette.size = size;
    const auto listed = std::min<std::size_t>(size, counts.size);
    Indices indices{counts, ranking, listed, counts.all, 0, 0};
    std::array<bool, code_count> is_listed{};
    std::uint32_t largest_entry = 0;
    for (std::size_t i = 0; i < listed; ++i) {
        const std::uint32_t code = ranking.code(i);
        palette.entries[i] = static_cast<std::uint16_t>(code);
        largest_entry = std::max(largest_entry, code);
        is_listed[code] = true;
        indices.outside -= ranking.count(i);
    }
    if (listed > 0) indices.largest = static_cast<std::uint32_t>(listed) - 1;
    if (listed < counts.size) {
        const auto outside = [&](std::uint32_t code) { return !is_listed[code]; };
        const auto codes = std::span{counts.codes}.first(counts.size);
        const std::uint32_t first =
            from == DirectFrom::all ? codes[0] : *std::find_if(codes.begin(), codes.end(), outside);
        const std::uint32_t highest = *std::find_if(codes.rbegin(), codes.rend(), outside);
        palette.direct_offset = std::min(first, largest_direct_offset);
        indices.distance = size - palette.direct_offset;
        indices.largest = indices.distance + highest;
        if (indices.largest >= code_count) return choice;
    }
    palette.entry_bits = width_of(size > 0 ? largest_entry : indices.largest);
    const std::uint64_t header =
        slice_header_bits + palette_header_bits + std::uint64_t{size} * palette.entry_bits;
    if (header < limit) choice.bits = header + indices.best_bits(palette, limit - header);
    return choice;
}

}  // namespace

PaletteChoice frequent_palette(const Histogram& histogram) {
    const Counts counts{histogram};
    if (counts.size <= largest_palette) return choose_palette(histogram);
    const Ranking ranking{counts, 0};
    std::uint64_t listed = 0;
    for (std::size_t i = 0; i < ranking.size; ++i) listed += ranking.count(i);
    const PaletteChoice choice = try_size(
        counts, ranking, 2 * listed >= counts.all ? largest_palette : 0, no_limit, DirectFrom::all);
    const bool is_possible = choice.bits != no_limit;
    return is_possible ? choice : choose_palette(histogram);
}

U65SIM_VERSIONS
PaletteChoice choose_palette(const Histogram& histogram) {
    const Counts counts{histogram};
    const Ranking ranking{counts, 0};
    const std::size_t used = counts.size;
    const std::size_t listed = ranking.size;
    PaletteChoice best = try_size(counts, ranking, 0);
    for (const std::uint32_t size : {2U, 4U, 8U, 16U, static_cast<std::uint32_t>(listed)}) {
        // A palette of one entry does not exist: its second entry is a dummy.
        if (size < 2 ? used != 1 : size > std::max<std::size_t>(listed, 2)) continue;
        const PaletteChoice choice = try_size(counts, ranking, std::max(size, 2U), best.bits);
        if (choice.bits < best.bits) best = choice;
    }
    if (used > largest_palette) {
        // Codes outside the palette cost least where they follow one another from the lowest on.
        const Ranking high{counts, used - listed};
        const PaletteChoice choice = try_size(counts, high, largest_palette, best.bits);
        if (choice.bits < best.bits) best = choice;
    }
    return best;
}

std::array<std::uint16_t, code_count> index_table(const Palette& palette) {
    std::array<std::uint16_t, code_count> table{};
    for (std::uint32_t code = palette.direct_offset; code < code_count; ++code) {
        table[code] = static_cast<std::uint16_t>(palette.size + code - palette.direct_offset);
    }
    for (std::uint32_t i = palette.size; i-- > 0;) {
        table[palette.entries[i]] = static_cast<std::uint16_t>(i);
    }
    return table;
}

}  // namespace u65sim::weights
