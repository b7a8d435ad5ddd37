// Reference kernels for operators that stay on the CPU, next to the NPU's segments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::arith {

/// A tensor with its little-endian elements.
struct CpuOperand {
    const Tensor* tensor = nullptr;  ///< null: operand left out
    std::span<const std::uint8_t> bytes;
};

/// Computes one operator as TensorFlow Lite's reference kernels do. `outputs` gives the shapes and
/// types to produce, `intermediates` the operator's tensors that only carry quantisation. The
/// results are the outputs' bytes, then the new ones of its variable operands, in order. Throws
/// NotExecutable for operators and element types without a kernel, and InvalidModel when operands
/// do not fit together.
std::vector<std::vector<std::uint8_t>> run_cpu_operator(
    const Operator& op, std::span<const CpuOperand> inputs, std::span<const Tensor* const> outputs,
    std::span<const Tensor* const> intermediates = {});

}  // namespace u65sim::arith
