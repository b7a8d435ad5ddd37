// The two lines of PRELU: the map rescaled, and the map times a slope, and which of them the result
// follows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <u65sim/graph.hpp>

#include "arith/scaling.hpp"

namespace u65sim::compiler {

/// Which line the result is everywhere, for one slope.
enum class Bend : std::uint8_t {
    up,        ///< the larger one
    down,      ///< the smaller one
    straight,  ///< either: both lines are the same
};

/// Scales as TensorFlow Lite works them out for PRELU on quantised maps.
class SlopedLines {
public:
    SlopedLines(const Tensor& map, const Tensor& slope, const Tensor& result);

    /// What the map above its zero point is multiplied by.
    [[nodiscard]] arith::Multiplier kept() const { return kept_; }
    /// What the product with the slope above its zero point is multiplied by.
    [[nodiscard]] arith::Multiplier sloped() const { return sloped_; }

    /// For each element of the constant slopes, where the map has 8 bits; empty where some slope's
    /// result is neither line everywhere, as roundings may have it for slopes near one.
    [[nodiscard]] std::optional<std::vector<Bend>> bends(const Tensor& slope) const;

    /// Raw results for all raw values of a map of 8 bits, the lowest first, with this raw slope.
    [[nodiscard]] std::vector<std::uint8_t> table(std::int64_t slope) const;

private:
    /// `factor`: a slope above its zero point. Both lines are compared at every value of the map.
    [[nodiscard]] std::optional<Bend> bend(std::int32_t factor) const;

    arith::Multiplier kept_, sloped_;
    std::int32_t low_ = 0, high_ = 0;  ///< of the map above its zero point
    std::int32_t slope_zero_ = 0, result_zero_ = 0, result_low_ = 0, result_high_ = 0;
};

}  // namespace u65sim::compiler
