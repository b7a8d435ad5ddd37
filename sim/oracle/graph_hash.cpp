#include "oracle/graph_hash.hpp"

#include <span>

#include "base/hash.hpp"
#include "oracle/wire.hpp"

namespace u65sim::oracle {

GraphHash hash_graph(const Graph& graph) {
    const std::string bytes = identity_of(graph);
    const std::span all{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
    return {hash_bytes(all, 1), hash_bytes(all, 2)};
}

}  // namespace u65sim::oracle
