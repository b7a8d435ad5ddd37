// One subgraph of a .tflite as a Graph.
#pragma once

#include <vector>

#include <u65sim/graph.hpp>

#include "frontend/file_bytes.hpp"
#include "frontend/tflite/options.hpp"

namespace u65sim::frontend {

/// Tensors, operators, inputs and outputs, and notes about them; neither name nor metadata.
/// Throws InvalidModel. `buffers` are the file's, in its order.
Graph read_subgraph(FileBytes& file, const schema::ModelTable& model,
                    const schema::SubGraphTable& subgraph,
                    const std::vector<ConstantData>& buffers);

}  // namespace u65sim::frontend
