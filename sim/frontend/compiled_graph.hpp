// Graphs around command streams that another compiler made, from the parts a format gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/graph.hpp>

#include "ir/npu_operator.hpp"

namespace u65sim::frontend {

/// A feature map that crosses the border of a command stream.
struct PlacedTensor {
    TensorId tensor = no_tensor;
    ir::MapPlace place;
};

/// One command stream with the memory that a driver sets up for it.
struct CompiledPart {
    std::string name;                     ///< of the operator, unique in the graph
    std::vector<std::uint8_t> payload;    ///< driver payload ("COP1")
    std::vector<std::uint8_t> constants;  ///< region 0
    std::int32_t arena_bytes = 0;         ///< region 1
    /// Arena and fast memory (region 2) are one memory: made for a mode without dedicated SRAM.
    bool has_one_memory = false;
    /// Region 2 where it is a memory of its own; nothing: as large as the stream needs.
    std::optional<std::int32_t> fast_bytes;
    std::vector<PlacedTensor> inputs, outputs;
};

/// Appends `ethos-u` operators to a graph.
class CompiledGraph {
public:
    explicit CompiledGraph(Graph& graph) : graph_(graph) {}
    void add(CompiledPart part);
    /// Behind the last part: says where the feature maps of all lie.
    void finish();

private:
    TensorId add_bytes(std::string name, std::vector<std::uint8_t> bytes);
    TensorId add_memory(std::string name, std::int32_t bytes);

    Graph& graph_;
    std::vector<ir::MapPlace> places_;
};

/// verify(), whose message begins with the file's name here.
void verify_file(const Graph& graph, std::string_view name);

}  // namespace u65sim::frontend
