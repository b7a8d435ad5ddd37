// A network as JSON, without its constants' bytes.
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <u65sim/graph_json.hpp>

#include "ir/attribute_text.hpp"
#include "ir/builtins.hpp"

namespace u65sim {

namespace {

using Json = nlohmann::ordered_json;

Json tensor_json(const Tensor& tensor) {
    Json json{{"name", tensor.name},
              {"shape", tensor.shape},
              {"type", to_string(tensor.type)},
              {"bytes", stored_bytes(tensor)},
              {"constant", static_cast<bool>(tensor.data)},
              {"variable", tensor.is_variable}};
    if (!tensor.quantization.empty()) {
        json["scales"] = tensor.quantization.scales;
        json["zero_points"] = tensor.quantization.zero_points;
        json["axis"] = tensor.quantization.axis;
    }
    return json;
}

Json operator_json(const Operator& op) {
    const std::string attributes = ir::attribute_text(op);
    return {{"name", op.name},
            {"type", ir::kind_name(op)},
            {"attributes", attributes.empty() ? attributes : attributes.substr(1)},
            {"inputs", op.inputs},
            {"outputs", op.outputs}};
}

Json graph_json(const Graph& graph) {
    Json json{{"name", graph.name}, {"inputs", graph.inputs}, {"outputs", graph.outputs}};
    json["operators"] = Json::array();
    for (const Operator& op : graph.operators) json["operators"].push_back(operator_json(op));
    json["tensors"] = Json::array();
    for (const Tensor& tensor : graph.tensors) json["tensors"].push_back(tensor_json(tensor));
    json["notes"] = graph.notes;
    json["subgraphs"] = Json::array();
    for (const Graph& each : graph.subgraphs) json["subgraphs"].push_back(graph_json(each));
    return json;
}

}  // namespace

std::string to_json(const Graph& graph) {
    return graph_json(graph).dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace u65sim
