// Operators that an ExecuTorch program leaves to the CPU.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

#include "frontend/pte/values.hpp"

namespace u65sim::frontend {

/// A call of the kernel `name` ("aten::permute_copy.out"). Copies, permutations, reshapes and
/// quantisation by tensor become TensorFlow Lite's operators; everything else is a custom operator
/// of that name, its operands in the kernel's order with numbers as constants. Inputs come first in
/// `args`, results last. Throws InvalidModel.
Operator read_kernel_call(Values& values, const std::string& name,
                          const std::vector<std::int32_t>& args, const std::string& operator_name);

}  // namespace u65sim::frontend
