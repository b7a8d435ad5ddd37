// The `ethos-u` custom operator: how a compiled network carries command streams in a graph.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

inline constexpr std::string_view npu_operator_code = "ethos-u";
inline constexpr std::string_view offsets_metadata = "OfflineMemoryAllocation";
inline constexpr std::string_view places_metadata = "u65sim_places";
inline constexpr std::string_view vela_metadata = "vela_version";
inline constexpr std::string_view own_metadata = "u65sim_version";

/// One unsigned byte of value 1, as a flexbuffer: what the runtime's operator expects.
inline constexpr std::uint8_t npu_custom_options[]{1, 4, 1};

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

/// Where a feature map lies while one NPU operator runs.
struct MapPlace {
    std::int32_t region = 0;
    std::int32_t offset = 0;  ///< bytes
};
/// Content of `places_metadata`, for formats in which each NPU operator places its feature maps by
/// itself: a place for every input and then every output, of every NPU operator in order.
std::vector<std::uint8_t> write_places(const std::vector<MapPlace>& places);
/// Nothing when the bytes are not whole places.
std::optional<std::vector<MapPlace>> read_places(const std::vector<std::uint8_t>& bytes);

}  // namespace u65sim::ir
