#include "compile/lower/slopes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "compile/lower/operators.hpp"

namespace u65sim::compiler {

SlopedLines::SlopedLines(const Tensor& map, const Tensor& slope, const Tensor& result) {
    // The reference divides in float.
    const float in = scale(map), out = scale(result);
    kept_ = arith::quantise(static_cast<double>(in / out));
    sloped_ = arith::quantise(static_cast<double>(in * scale(slope) / out));
    const bool is_signed = map.type == ElementType::int8;
    low_ = (is_signed ? -128 : 0) - zero_point(map);
    high_ = low_ + 255;
    slope_zero_ = zero_point(slope);
    result_zero_ = zero_point(result);
    result_low_ = is_signed ? -128 : 0;
    result_high_ = result_low_ + 255;
}

namespace {

std::int64_t line(std::int32_t value, arith::Multiplier m) {
    return arith::round_shift(value, m.multiplier, m.shift, arith::RoundingMode::tfl);
}

}  // namespace

std::optional<Bend> SlopedLines::bend(std::int32_t factor) const {
    // Lines of opposite directions never cross but in zero, however they are rounded.
    if (factor <= 0) return Bend::up;
    // Two roundings of each line move it by less than one: only lines less than two apart may be
    // rounded past each other.
    constexpr double apart = 2.0;
    const auto real = [](arith::Multiplier m) { return std::ldexp(m.multiplier, -m.shift); };
    const double gap = real(kept_) - factor * real(sloped_);
    const double most = std::max(-low_, high_);
    const double reach = std::abs(gap) * most < apart ? most : std::ceil(apart / std::abs(gap));
    const auto near = static_cast<std::int32_t>(reach);
    bool may_be_up = reach == most || gap > 0;
    bool may_be_down = reach == most || gap < 0;
    const std::int32_t last = std::min(high_, near);
    for (std::int32_t value = std::max(low_, -near); value <= last; ++value) {
        const std::int64_t more = line(value * factor, sloped_) - line(value, kept_);
        // Above zero the result is the line that is kept, below it the other.
        if (value >= 0 ? more > 0 : more < 0) may_be_up = false;
        if (value >= 0 ? more < 0 : more > 0) may_be_down = false;
    }
    if (may_be_up && may_be_down) return Bend::straight;
    if (may_be_up) return Bend::up;
    if (may_be_down) return Bend::down;
    return std::nullopt;
}

std::optional<std::vector<Bend>> SlopedLines::bends(const Tensor& slope) const {
    // A byte less a zero point.
    constexpr std::int32_t most = 511;
    std::array<std::optional<Bend>, 2 * most + 1> known;
    std::vector<Bend> result;
    const auto values = integers(slope);
    result.reserve(values.size());
    for (const std::int64_t value : values) {
        const auto factor = static_cast<std::int32_t>(value - slope_zero_);
        if (factor < -most || factor > most) return std::nullopt;
        std::optional<Bend>& found = known[static_cast<std::size_t>(std::int64_t{factor} + most)];
        if (!found) found = bend(factor);
        if (!found) return std::nullopt;
        result.push_back(*found);
    }
    return result;
}

std::vector<std::uint8_t> SlopedLines::table(std::int64_t slope) const {
    const auto factor = static_cast<std::int32_t>(slope - slope_zero_);
    std::vector<std::uint8_t> entries;
    entries.reserve(256);
    for (std::int32_t value = low_; value <= high_; ++value) {
        const std::int64_t scaled = value >= 0 ? line(value, kept_) : line(value * factor, sloped_);
        entries.push_back(
            static_cast<std::uint8_t>(std::clamp<std::int64_t>(scaled, result_low_ - result_zero_,
                                                               result_high_ - result_zero_) +
                                      result_zero_));
    }
    return entries;
}

}  // namespace u65sim::compiler
