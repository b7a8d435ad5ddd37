// Reports on the graph that Model Explorer shows: node data, which it lays over a network.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/report.hpp>

namespace u65sim {

/// What a node's value is.
enum class NodeMeasure : std::uint8_t {
    cycles,         ///< that the operator accounts for
    bound_by,       ///< the cause with the most of them, as a text; "cpu" for CPU operators
    sram_bytes,     ///< payload over AXI0
    dram_bytes,     ///< payload over AXI1
    spilled_bytes,  ///< DRAM traffic of the operator's output where the SRAM had no room for it
};
std::string_view to_string(NodeMeasure measure);
/// All measures, the first one first.
std::vector<NodeMeasure> node_measures();

/// Node data (JSON) of ai-edge-model-explorer for the report's network: a value for each operator,
/// under the name of its output tensor, and the colour of what binds it. One measure a file is
/// what Model Explorer loads.
std::string model_explorer_data(const Report& report, NodeMeasure measure = NodeMeasure::cycles);

}  // namespace u65sim
