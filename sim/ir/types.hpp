// Facts of the graph's vocabulary that only the library's own layers need.
#pragma once

#include <optional>
#include <string>

#include <u65sim/graph.hpp>

#include "base/integer_range.hpp"

namespace u65sim::ir {

/// Values of the integer types that operators compute with (int8 to int64, uint8, uint16); nothing
/// for other types.
std::optional<IntegerRange> value_range(ElementType type);
/// What is wrong with a scale of quantisation; empty when nothing.
std::string scale_fault(float scale, bool may_be_zero);

}  // namespace u65sim::ir
