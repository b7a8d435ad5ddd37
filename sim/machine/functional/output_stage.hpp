// What happens to a scaled result before it is written: zero point, activation, clamp, table.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "arith/scaling.hpp"
#include "arith/tables.hpp"
#include "machine/functional/memory.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::machine::functional {

arith::RoundingMode rounding_of(const stream::KernelOp& op);

/// Applies a scale with rounding; the common case (32-bit value) inline in 64-bit arithmetic.
inline std::int64_t scale_value(std::int64_t value, std::uint32_t multiplier, int shift,
                                arith::RoundingMode mode) {
    constexpr std::int64_t limit = std::int64_t{1} << 31;
    if (value < -limit || value >= limit || multiplier > (1U << 31) || shift < 1 || shift > 62 ||
        mode == arith::RoundingMode::truncate) {
        return arith::round_shift(value, multiplier, shift, mode);
    }
    std::int64_t nudge = std::int64_t{1} << (shift - 1);
    if (mode == arith::RoundingMode::tfl && shift > 31) {
        constexpr std::int64_t first_rounding = std::int64_t{1} << 30;
        nudge += value >= 0 ? first_rounding : -first_rounding;
    }
    return (value * std::int64_t{multiplier} + nudge) >> shift;
}

/// Sum that stays at the ends of 64 bits instead of overflowing.
inline std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (!__builtin_add_overflow(a, b, &sum)) return sum;
    return a < 0 ? std::numeric_limits<std::int64_t>::min()
                 : std::numeric_limits<std::int64_t>::max();
}

/// One kernel operation's way from a scaled value to the raw output.
class OutputStage {
public:
    /// Reads the look-up table from SHRAM when the operation uses one.
    OutputStage(const stream::KernelOp& op, const Architecture& arch, Memory& memory);

    [[nodiscard]] std::int32_t finish(std::int64_t scaled) const {
        if (!plain_) return finish_activated(scaled);
        return clamped(scaled);
    }

    /// Whether finish() only adds the zero point and clamps.
    [[nodiscard]] bool plain() const { return plain_; }
    [[nodiscard]] std::int64_t zero_point() const { return zero_point_; }
    [[nodiscard]] std::int64_t low() const { return low_; }
    [[nodiscard]] std::int64_t high() const { return high_; }

private:
    enum class Table : std::uint8_t { none, bytes, words, interpolated };

    /// Clamped before the zero point is added, so that no sum overflows.
    [[nodiscard]] std::int32_t clamped(std::int64_t scaled) const {
        const std::int64_t within =
            std::min(std::max(scaled, low_ - zero_point_), high_ - zero_point_);
        return static_cast<std::int32_t>(within + zero_point_);
    }
    [[nodiscard]] std::int32_t finish_activated(std::int64_t scaled) const;
    void load_table(const stream::KernelOp& op, const Architecture& arch, Memory& memory);

    bool plain_ = true;
    int function_ = 0;
    std::int64_t zero_point_ = 0, low_ = 0, high_ = 0;
    Table table_ = Table::none;
    std::int32_t first_index_ = 0;
    std::array<std::int32_t, 256> entries_{};
    arith::Table16 steps_{};
};

}  // namespace u65sim::machine::functional
