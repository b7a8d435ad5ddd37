// A .tflite in memory to a graph.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <u65sim/graph.hpp>

namespace u65sim::frontend {

/// As u65sim::read_tflite, from bytes wherever they are.
Graph read_tflite(std::span<const std::uint8_t> bytes, std::string_view name);

}  // namespace u65sim::frontend
