// How a tensor's real values are expected to spread, and the quantisation that fits.
#pragma once

#include <u65sim/graph.hpp>

#include "base/integer_range.hpp"

namespace u65sim::ir {

/// Mean and variance of all elements over typical inputs, and the range worth representing.
struct Spread {
    double mean = 0.0, variance = 1.0;
    double lowest = -4.0, highest = 4.0;
};

/// A bell curve, represented to four standard deviations.
Spread bell(double mean, double variance);
/// Behind an activation. The curve's moments come from those of a rectified normal.
Spread activated(const Spread& spread, Activation activation);
/// As uniform between two values.
Spread uniform_between(double lowest, double highest);

/// Values of a type that activations have; throws InvalidModel unless it is int8, uint8 or int16.
IntegerRange activation_type_range(ElementType type);

/// One scale and zero point that cover the spread's range and represent zero exactly; symmetric
/// for int16.
Quantization quantization_for(const Spread& spread, ElementType type);
/// One scale and zero point.
Quantization per_tensor(double scale, std::int64_t zero_point);

}  // namespace u65sim::ir
