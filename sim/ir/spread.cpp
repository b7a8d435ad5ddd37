#include "ir/spread.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/types.hpp"

namespace u65sim::ir {
namespace {

constexpr double reach = 4.0;  // standard deviations that are represented

// Moments of max(0, x) for a normal x of deviation 1 whose mean is -3, -2, ... 3.
constexpr std::array<double, 7> rectified_means{0.00038, 0.00849, 0.08332, 0.39894,
                                                1.08332, 2.00849, 3.00038};
constexpr std::array<double, 7> rectified_squares{0.00020, 0.00577, 0.07534, 0.50000,
                                                  1.92466, 4.99423, 9.99980};

double interpolate(const std::array<double, 7>& table, double position) {
    const double place = std::clamp(position, -3.0, 3.0) + 3.0;
    const auto index = static_cast<std::size_t>(std::min(place, 5.0));
    const double fraction = place - static_cast<double>(index);
    return table[index] * (1.0 - fraction) + table[index + 1] * fraction;
}

}  // namespace

Spread bell(double mean, double variance) {
    const double deviation = std::sqrt(variance);
    return {mean, variance, mean - reach * deviation, mean + reach * deviation};
}

Spread uniform_between(double lowest, double highest) {
    const double width = highest - lowest;
    return {(lowest + highest) / 2.0, width * width / 12.0, lowest, highest};
}

Spread activated(const Spread& spread, Activation activation) {
    const double deviation = std::sqrt(spread.variance);
    Spread result = spread;
    switch (activation) {
        case Activation::relu:
        case Activation::relu6: {
            if (deviation > 0.0 && spread.mean < 3.0 * deviation) {
                const double place = spread.mean / deviation;
                result.mean = deviation * interpolate(rectified_means, place);
                result.variance = std::max(spread.variance * interpolate(rectified_squares, place) -
                                               result.mean * result.mean,
                                           0.001 * spread.variance);
            }
            result.lowest = 0.0;
            result.highest = std::max(spread.highest, deviation);
            if (activation == Activation::relu6) {
                result.highest = std::min(result.highest, 6.0);
                result.mean = std::min(result.mean, 6.0);
                result.variance = std::min(result.variance, 9.0);
            }
            break;
        }
        case Activation::relu_n1_to_1:
        case Activation::tanh:
            result.lowest = std::max(spread.lowest, -1.0);
            result.highest = std::min(spread.highest, 1.0);
            result.mean = std::clamp(spread.mean, -1.0, 1.0);
            result.variance = std::min(spread.variance, 0.5);
            break;
        case Activation::relu_0_to_1:
            result.lowest = std::clamp(spread.lowest, 0.0, 1.0);
            result.highest = std::clamp(spread.highest, 0.0, 1.0);
            result.mean = std::clamp(spread.mean, 0.0, 1.0);
            result.variance = std::min(spread.variance, 0.25);
            break;
        case Activation::none:
        case Activation::sign_bit:
            break;
    }
    return result;
}

IntegerRange activation_type_range(ElementType type) {
    if (type != ElementType::int8 && type != ElementType::uint8 && type != ElementType::int16) {
        throw InvalidModel(
            fmt::format("activations of type {}: must be int8, uint8 or int16", to_string(type)));
    }
    return *value_range(type);
}

Quantization per_tensor(double scale, std::int64_t zero_point) {
    return {{static_cast<float>(scale)}, {zero_point}, 0};
}

namespace {

/// Chains of products soon leave what a float can hold.
void check_range(double lowest, double highest) {
    constexpr double most = std::numeric_limits<float>::max();
    constexpr double least = 255.0 * 255.0 * std::numeric_limits<float>::min();
    const double width = highest - lowest;
    if (width == 0.0 || (width >= least && width <= most)) return;
    throw InvalidModel(
        fmt::format("its values from {:.3g} to {:.3g} have no scale that a float "
                    "holds: give inputs another scale",
                    lowest, highest));
}

}  // namespace

Quantization quantization_for(const Spread& spread, ElementType type) {
    const IntegerRange range = activation_type_range(type);
    const double lowest = std::min(spread.lowest, 0.0);
    const double highest = std::max(spread.highest, 0.0);
    check_range(lowest, highest);
    if (highest == lowest) return per_tensor(1.0, type == ElementType::uint8 ? 128 : 0);
    if (type == ElementType::int16) {
        return per_tensor(std::max(-lowest, highest) / static_cast<double>(range.high), 0);
    }
    const double scale = (highest - lowest) / static_cast<double>(range.high - range.low);
    const auto zero_point = static_cast<std::int64_t>(
        std::floor(static_cast<double>(range.low) - lowest / scale + 0.5));
    return per_tensor(scale, std::clamp(zero_point, range.low, range.high));
}

}  // namespace u65sim::ir
