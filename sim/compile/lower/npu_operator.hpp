// The `ethos-u` custom operator: how a compiled .tflite carries command streams.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::compiler {

inline constexpr std::string_view npu_operator_code = "ethos-u";
inline constexpr std::string_view offsets_metadata = "OfflineMemoryAllocation";
inline constexpr std::string_view vela_metadata = "vela_version";
inline constexpr std::string_view own_metadata = "u65sim_version";

/// Its first operands; feature maps follow.
enum NpuOperand : std::size_t {
    command_stream_operand,
    constants_operand,
    arena_operand,
    fast_operand,
    first_map_operand
};

inline bool is_npu_operator(const Operator& op) {
    return op.type == OpType::custom && op.custom_code == npu_operator_code;
}

}  // namespace u65sim::compiler
