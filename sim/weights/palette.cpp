#include "weights/palette.hpp"

#include <algorithm>
#include <bit>
#include <functional>
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

/// Codes that occur, and how often: those that a palette lists first.
struct Values {
    std::array<std::uint32_t, code_count> codes, counts;
    std::size_t size = 0;

    void add(std::span<const Key> keys) {
        for (const Key key : keys) {
            codes[size] = code_count - 1 - key % code_count;
            counts[size++] = key / code_count;
        }
    }
};

/// Bits of the weights when every index is coded in the one best mode.
struct ModeCosts {
    const Values& values;
    std::array<std::uint32_t, code_count> indices;  ///< of the values
    std::uint32_t largest = 0;

    explicit ModeCosts(const Values& of) : values(of) {}

    [[nodiscard]] std::uint64_t best(const Palette& palette) const {
        const std::size_t used = values.size;
        std::uint32_t count = 0;
        for (std::size_t i = 0; i < used; ++i) count += values.counts[i];
        auto bits = std::numeric_limits<std::uint64_t>::max();
        for (std::uint32_t d = 0; d < divisors; ++d) {
            const std::uint32_t quotient = largest >> d;
            const std::uint64_t base = std::uint64_t{count} * (1 + d);
            // Truncated weights never take more bits than others of the same divisor. At most 2^17
            // weights a part, indices below 2^10: the sums fit.
            std::uint32_t sum = 0;
            if (quotient <= largest_truncated_quotient) {
                for (std::size_t i = 0; i < used; ++i) {
                    sum += indices[i] >> d != 0 ? values.counts[i] : 0;
                }
            } else if (quotient <= largest_quotient) {
                for (std::size_t i = 0; i < used; ++i) {
                    sum += (indices[i] >> d) * values.counts[i];
                }
            } else {
                continue;
            }
            bits = std::min(bits, base + sum);
        }
        if (palette.size == 0 || largest < palette.size) {
            bits = std::min(bits, std::uint64_t{count} * palette.index_bits());
        }
        return bits;
    }
};

std::uint32_t width_of(std::uint32_t value) {
    return std::max(smallest_entry_bits, static_cast<std::uint32_t>(std::bit_width(value)));
}

/// Where direct codes count from: the lowest of those outside the palette, or of all.
enum class DirectFrom : std::uint8_t { outside, all };

/// A palette of the first `size` values; `bits` stays at the maximum when the direct codes would
/// leave the range of indices.
PaletteChoice try_size(const Values& values, std::uint32_t size,
                       DirectFrom from = DirectFrom::outside) {
    PaletteChoice choice;
    choice.bits = std::numeric_limits<std::uint64_t>::max();
    Palette& palette = choice.palette;
    palette.size = size;
    ModeCosts costs{values};
    std::uint32_t largest_entry = 0;
    const auto listed = std::min<std::size_t>(size, values.size);
    for (std::uint32_t i = 0; i < listed; ++i) {
        palette.entries[i] = static_cast<std::uint16_t>(values.codes[i]);
        largest_entry = std::max(largest_entry, values.codes[i]);
        costs.indices[i] = i;
    }
    if (listed > 0) costs.largest = static_cast<std::uint32_t>(listed) - 1;
    if (listed < values.size) {
        std::uint32_t lowest = largest_direct_offset, highest = 0;
        for (std::size_t i = from == DirectFrom::all ? 0 : listed; i < values.size; ++i) {
            lowest = std::min(lowest, values.codes[i]);
        }
        for (std::size_t i = listed; i < values.size; ++i) {
            highest = std::max(highest, values.codes[i]);
        }
        palette.direct_offset = lowest;
        for (std::size_t i = listed; i < values.size; ++i) {
            costs.indices[i] = size + values.codes[i] - lowest;
        }
        costs.largest = size + highest - lowest;
        if (costs.largest >= code_count) return choice;
    }
    palette.entry_bits = width_of(size > 0 ? largest_entry : costs.largest);
    choice.bits = slice_header_bits + palette_header_bits +
                  std::uint64_t{size} * palette.entry_bits + costs.best(palette);
    return choice;
}

/// The keys of the codes that occur, by code; how many there are.
std::size_t list_codes(const Histogram& histogram, std::array<Key, code_count>& by_code) {
    std::size_t used = 0;
    for (std::uint32_t code = 0; code < code_count; ++code) {
        if (histogram[code] > 0) by_code[used++] = key_of(code, histogram[code]);
    }
    return used;
}

}  // namespace

PaletteChoice frequent_palette(const Histogram& histogram) {
    std::array<Key, code_count> keys;
    const std::size_t used = list_codes(histogram, keys);
    if (used <= largest_palette) return choose_palette(histogram);
    std::partial_sort(keys.begin(), keys.begin() + largest_palette, keys.begin() + used,
                      std::greater<>{});
    Values values;
    values.add(std::span{keys}.first(used));
    std::uint64_t all = 0, listed = 0;
    for (std::size_t i = 0; i < used; ++i) {
        all += values.counts[i];
        if (i < largest_palette) listed += values.counts[i];
    }
    const PaletteChoice choice =
        try_size(values, 2 * listed >= all ? largest_palette : 0, DirectFrom::all);
    const bool is_possible = choice.bits != std::numeric_limits<std::uint64_t>::max();
    return is_possible ? choice : choose_palette(histogram);
}

U65SIM_VERSIONS
PaletteChoice choose_palette(const Histogram& histogram) {
    std::array<Key, code_count> by_code, by_count;
    const std::size_t used = list_codes(histogram, by_code);
    const std::size_t listed = std::min<std::size_t>(used, largest_palette);
    std::copy_n(by_code.begin(), used, by_count.begin());
    std::partial_sort(by_count.begin(), by_count.begin() + listed, by_count.begin() + used,
                      std::greater<>{});
    Values values;
    values.add(std::span{by_count}.first(used));
    PaletteChoice best = try_size(values, 0);
    for (const std::uint32_t size : {2U, 4U, 8U, 16U, static_cast<std::uint32_t>(listed)}) {
        // A palette of one entry does not exist: its second entry is a dummy.
        if (size < 2 ? used != 1 : size > std::max<std::size_t>(listed, 2)) continue;
        PaletteChoice choice = try_size(values, std::max(size, 2U));
        if (choice.bits < best.bits) best = choice;
    }
    if (used > largest_palette) {
        // Codes outside the palette cost least where they follow one another from the lowest on.
        const auto high = std::span{by_code}.subspan(used - listed, listed);
        std::sort(high.begin(), high.end(), std::greater<>{});
        values.size = 0;
        values.add(high);
        values.add(std::span{by_code}.first(used - listed));
        const PaletteChoice choice = try_size(values, largest_palette);
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
