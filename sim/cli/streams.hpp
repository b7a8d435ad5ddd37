// The command streams inside a compiled file.
#pragma once

#include <string>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::cli {

/// One `ethos-u` operator and the constant that holds its driver payload.
struct StreamPlace {
    std::string operator_name;
    TensorId payload = no_tensor;
};

/// All of them in order. Throws InvalidModel, naming `file`, when there is none, and for a payload
/// that is no constant.
std::vector<StreamPlace> stream_places(const Graph& graph, const std::string& file);

}  // namespace u65sim::cli
