// Where the feature maps that cross a segment's border lie, as a compiled file says it.
#pragma once

#include <string>
#include <string_view>

#include <u65sim/compile.hpp>
#include <u65sim/graph.hpp>

namespace u65sim::compiler {

/// Null when there is none of this name.
const Metadata* find_metadata(const Graph& graph, std::string_view name);
/// Once, also where an imported network is exported and imported again.
void add_note(Graph& graph, std::string text);

/// Fills `network.bindings` from the metadata of its graph, widens the arena for tensors that a
/// runtime puts behind its end, and drops inputs that no stream can read. Without places, the
/// network gets a note and no bindings.
void bind_maps(CompiledNetwork& network);

}  // namespace u65sim::compiler
