// What an operator computes when that is known before anything runs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::arith {

/// Bytes of the operator's outputs, by the reference kernels, when all its operands are constants,
/// or when only the static shape of its operand matters (SHAPE). Nothing for variables, modelled
/// weights, operators with multiply-accumulates or without a kernel, and for results that outgrow
/// their operands (64 KiB plus eight times their bytes) or take more than `most` bytes. Operand ids
/// must be in range.
std::optional<std::vector<std::vector<std::uint8_t>>> known_results(const Graph& graph,
                                                                    const Operator& op,
                                                                    std::int64_t most);

}  // namespace u65sim::arith
