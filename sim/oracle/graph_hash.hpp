// The identity of a network: equal graphs have equal hashes.
#pragma once

#include <cstdint>

#include <u65sim/graph.hpp>

namespace u65sim::oracle {

/// Hash of everything in a graph, constants included.
std::uint64_t hash_graph(const Graph& graph, std::uint64_t seed = 0);

}  // namespace u65sim::oracle
