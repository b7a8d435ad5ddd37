// Vela's raw output (--output-format raw, .npz) to a graph of one NPU operator.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <u65sim/graph.hpp>

namespace u65sim::frontend {

/// Inputs are named input_0 ..., outputs output_0 ...; a raw file tells bytes of an element, not
/// its type: int8, int16, int32 and int64 are taken. Every size is checked; throws InvalidModel.
Graph read_npz(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace u65sim::frontend
