// Weights that are only described: checks, values, and their expected energy.
#pragma once

#include <cstdint>

#include <u65sim/graph.hpp>

#include "ir/drawn_weights.hpp"

namespace u65sim::ir {

/// Throws InvalidModel for settings out of range, or a negative size.
void check(const WeightModel& model, std::int64_t size);

/// The same for equal models.
std::uint64_t hash(const WeightModel& model, std::int64_t size);

/// How values for this model are drawn.
DrawSettings draw_settings(const WeightModel& model);

/// Expected square of a quantised weight, where `fan_in` weights share a scale. Close enough to
/// choose scales by.
double expected_square(const WeightModel& model, std::size_t fan_in);

}  // namespace u65sim::ir
