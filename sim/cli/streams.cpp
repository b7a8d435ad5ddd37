#include "streams.hpp"

#include <fmt/format.h>
#include <u65sim/error.hpp>

namespace u65sim::cli {

std::vector<StreamPlace> stream_places(const Graph& graph, const std::string& file) {
    std::vector<StreamPlace> places;
    for (const Operator& op : graph.operators) {
        if (op.type != OpType::custom || op.custom_code != "ethos-u") continue;
        // The first operand of an ethos-u operator is its driver payload.
        const TensorId payload = op.inputs.empty() ? no_tensor : op.inputs.front();
        if (payload < 0 || static_cast<std::size_t>(payload) >= graph.tensors.size() ||
            !graph.tensors[static_cast<std::size_t>(payload)].data) {
            throw InvalidModel(
                fmt::format("{}: {}: its first operand must be a constant, the "
                            "driver payload",
                            file, op.name));
        }
        places.push_back({op.name, payload});
    }
    if (places.empty()) {
        throw InvalidModel(
            fmt::format("{}: holds no ethos-u operator: compile it first (u65sim compile)", file));
    }
    return places;
}

}  // namespace u65sim::cli
