// Shapes of computed tensors, as an interpreter sets them before it runs.
#pragma once

#include <u65sim/graph.hpp>

namespace u65sim::frontend {

/// Gives every computed tensor the shape that its operator makes of its operands, where that
/// follows from them and from numbers that are known (chains from SHAPE to RESHAPE). Files may say
/// otherwise: interpreters take no notice. Adds a note when a shape changed. Operand ids must be in
/// range.
void settle_shapes(Graph& graph);

}  // namespace u65sim::frontend
