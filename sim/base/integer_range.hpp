// What whole numbers of a width can hold.
#pragma once

#include <cstdint>

namespace u65sim {

/// From `low` to `high`, both included.
struct IntegerRange {
    std::int64_t low = 0, high = 0;

    [[nodiscard]] constexpr bool holds(std::int64_t value) const {
        return low <= value && value <= high;
    }
    bool operator==(const IntegerRange&) const = default;
};

/// In two's complement; `bits` from 1 to 64 with sign, to 63 without.
constexpr IntegerRange integer_range(int bits, bool is_signed) {
    if (!is_signed) return {0, static_cast<std::int64_t>((std::uint64_t{1} << bits) - 1)};
    const auto high = static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1);
    return {-high - 1, high};
}

}  // namespace u65sim
