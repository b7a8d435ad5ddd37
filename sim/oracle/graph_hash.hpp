// The identity of a network: equal graphs have equal hashes.
#pragma once

#include <cstdint>

#include <u65sim/graph.hpp>

namespace u65sim::oracle {

/// Two independent hashes: together long enough that no two networks are taken for one.
struct GraphHash {
    std::uint64_t first = 0, second = 0;
    bool operator==(const GraphHash&) const = default;
};

/// Hash of everything in a graph, constants included.
GraphHash hash_graph(const Graph& graph);

}  // namespace u65sim::oracle
