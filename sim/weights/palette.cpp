#include "weights/palette.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <span>

#include "base/versions.hpp"

namespace u65sim::weights {
namespace {

struct Value {
    std::uint32_t code, count;
};

constexpr std::uint32_t divisors = largest_weight_divisor + 1;

/// Bits of the weights when every index is coded in the one best mode.
class ModeCosts {
public:
    void add(std::uint32_t index, std::uint32_t times) {
        indices_[used_] = index;
        times_[used_++] = times;
    }
    [[nodiscard]] std::uint32_t largest() const {
        return *std::max_element(indices_.begin(), indices_.begin() + used_);
    }
    [[nodiscard]] std::uint64_t best(const Palette& palette) const {
        const std::uint32_t most = largest();
        std::uint32_t count = 0;
        for (std::size_t i = 0; i < used_; ++i) count += times_[i];
        auto bits = std::numeric_limits<std::uint64_t>::max();
        for (std::uint32_t d = 0; d < divisors; ++d) {
            const std::uint32_t quotient = most >> d;
            const std::uint64_t base = std::uint64_t{count} * (1 + d);
            // At most 2^17 weights a part, indices below 2^10: the sums fit.
            std::uint32_t quotients = 0, above = 0;
            for (std::size_t i = 0; i < used_; ++i) {
                quotients += (indices_[i] >> d) * times_[i];
                above += indices_[i] >> d != 0 ? times_[i] : 0;
            }
            if (quotient <= largest_quotient) bits = std::min(bits, base + quotients);
            if (quotient <= largest_truncated_quotient) bits = std::min(bits, base + above);
        }
        if (palette.size == 0 || most < palette.size) {
            bits = std::min(bits, std::uint64_t{count} * palette.index_bits());
        }
        return bits;
    }

private:
    std::array<std::uint32_t, code_count> indices_, times_;
    std::size_t used_ = 0;
};

std::uint32_t width_of(std::uint32_t value) {
    return std::max(smallest_entry_bits, static_cast<std::uint32_t>(std::bit_width(value)));
}

/// A palette of the first `size` values; `bits` stays at the maximum when the direct codes would
/// leave the range of indices.
PaletteChoice try_size(std::span<const Value> values, std::uint32_t size) {
    PaletteChoice choice;
    choice.bits = std::numeric_limits<std::uint64_t>::max();
    Palette& palette = choice.palette;
    palette.size = size;
    ModeCosts costs;
    std::uint32_t largest_entry = 0;
    const auto listed = std::min<std::size_t>(size, values.size());
    for (std::uint32_t i = 0; i < listed; ++i) {
        palette.entries[i] = static_cast<std::uint16_t>(values[i].code);
        largest_entry = std::max(largest_entry, values[i].code);
        costs.add(i, values[i].count);
    }
    const auto direct = values.subspan(listed);
    if (!direct.empty()) {
        std::uint32_t lowest = largest_direct_offset;
        for (const Value& value : direct) lowest = std::min(lowest, value.code);
        palette.direct_offset = lowest;
        for (const Value& value : direct) costs.add(size + value.code - lowest, value.count);
        if (costs.largest() >= code_count) return choice;
    }
    palette.entry_bits = width_of(size > 0 ? largest_entry : costs.largest());
    choice.bits = slice_header_bits + palette_header_bits +
                  std::uint64_t{size} * palette.entry_bits + costs.best(palette);
    return choice;
}

bool more_frequent(const Value& a, const Value& b) {
    return a.count != b.count ? a.count > b.count : a.code < b.code;
}

}  // namespace

U65SIM_VERSIONS
PaletteChoice choose_palette(const Histogram& histogram) {
    std::array<Value, code_count> storage;
    std::size_t used = 0;
    for (std::uint32_t code = 0; code < code_count; ++code) {
        if (histogram[code] > 0) storage[used++] = {code, histogram[code]};
    }
    const std::span<Value> values{storage.data(), used};
    const std::size_t listed = std::min<std::size_t>(used, largest_palette);
    std::partial_sort(values.begin(), values.begin() + listed, values.end(), more_frequent);
    PaletteChoice best = try_size(values, 0);
    for (const std::uint32_t size : {2U, 4U, 8U, 16U, static_cast<std::uint32_t>(listed)}) {
        // A palette of one entry does not exist: its second entry is a dummy.
        if (size < 2 ? used != 1 : size > std::max<std::size_t>(listed, 2)) continue;
        PaletteChoice choice = try_size(values, std::max(size, 2U));
        if (choice.bits < best.bits) best = choice;
    }
    if (used > largest_palette) {
        // Codes outside the palette cost least where they follow one another from the lowest on.
        std::nth_element(values.begin(), values.begin() + listed, values.end(),
                         [](const Value& a, const Value& b) { return a.code > b.code; });
        std::sort(values.begin(), values.begin() + listed, more_frequent);
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
