// Dynamic-range ("hybrid") operators: float32 maps that are quantised to 8 bits, row by row, where
// they meet quantised weights.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arith/cpu_operands.hpp"

namespace u65sim::arith {

/// Rows of floats in 8 bits: value = scale * element. Zero points are removed.
struct QuantisedRows {
    std::vector<std::int64_t> elements;
    std::vector<float> scales;  ///< one a row
};

/// Quantises each of the equally long `rows` of `values` with a scale of its own: to -127..127
/// around zero, or with a zero point to -128..127.
QuantisedRows quantise_rows(std::span<const float> values, std::size_t rows, bool asymmetric);

/// Whether the operator multiplies a float32 map by integer weights.
bool is_hybrid(const CpuCall& call);

/// Symmetric weights as numbers. In files of converters before 2019 they are called uint8, though
/// their bytes are signed.
std::vector<std::int64_t> hybrid_weights(const CpuCall& call, const CpuOperand& weights);

/// Any operator of such operands; throws NotExecutable for those without a kernel.
CpuResults cpu_hybrid(const CpuCall& call);

}  // namespace u65sim::arith
