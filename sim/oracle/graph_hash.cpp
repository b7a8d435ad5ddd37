#include "oracle/graph_hash.hpp"

#include "base/hash.hpp"
#include "oracle/writer.hpp"

namespace u65sim::oracle {

GraphHash hash_graph(const Graph& graph) {
    Writer<LongHasher> writer;
    writer.one(graph);
    const auto [first, second] = writer.sink().digest();
    return {first, second};
}

}  // namespace u65sim::oracle
