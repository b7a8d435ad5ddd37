// Graphs: reading, writing, looking into them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <u65sim/bare_stream.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/operator_support.hpp>
#include <u65sim/zoo.hpp>

#include "attributes.hpp"
#include "message.hpp"

namespace u65sim::python {

namespace {

ZooWeights zoo_weights(const Arguments& given) {
    return {.seed = given.seed("seed"),
            .sparsity = given.number("sparsity"),
            .clusters = given.integer("clusters"),
            .modelled = given.flag("modelled")};
}

Reply read(const Request& request) {
    const std::vector<std::string> external = request.arguments.texts("external");
    return graph_reply(read_network(std::filesystem::path{request.arguments.text("file")},
                                    {external.begin(), external.end()}));
}

/// Buffers: the stream, the constants. `sizes` are those of the regions, or null.
Reply from_stream(const Request& request) {
    RegionSizes sizes;
    const Json& given = request.arguments.at("sizes");
    for (std::size_t i = 0; i < sizes.size() && i < given.size(); ++i) {
        if (!given[i].is_null()) sizes.at(i) = Bytes{given[i].get<std::int64_t>()};
    }
    return graph_reply(payload_network(read_stream(request.bytes(0), request.target(0).accelerator),
                                       request.bytes(1), request.arguments.text("name"), sizes));
}

Reply from_tflite(const Request& request) {
    return graph_reply(read_tflite(request.bytes(0), request.arguments.text("name")));
}

Reply from_yaml(const Request& request) {
    return graph_reply(
        read_yaml_graph(request.arguments.text("text"), request.arguments.text("origin")));
}

Reply from_zoo(const Request& request) {
    return graph_reply(zoo(request.arguments.text("name"), zoo_weights(request.arguments)));
}

Reply from_block(const Request& request) {
    const std::vector<std::int32_t> shape = request.arguments.integers("shape");
    if (shape.size() != 3) throw WrongArgument("shape: must be (height, width, channels)");
    return graph_reply(block(request.arguments.text("name"), {shape[0], shape[1], shape[2]},
                             zoo_weights(request.arguments), request.arguments.integer("count")));
}

Json entries(const std::vector<ZooEntry>& list) {
    Json all = Json::array();
    for (const ZooEntry& entry : list) all.push_back({entry.name, entry.summary});
    return all;
}

Reply supported(const Request&) {
    Json rows = Json::array();
    for (const OperatorSupport& each : operator_support()) {
        rows.push_back({each.operators, each.types, each.form, each.left_to_cpu});
    }
    return {std::move(rows), {}, {}};
}

Reply zoo_names(const Request&) { return {entries(zoo_list()), {}, {}}; }
Reply block_names(const Request&) { return {entries(block_list()), {}, {}}; }

Reply to_tflite(const Request& request) { return bytes_reply(write_tflite(request.graph(0))); }

/// A file of the graph with zeros for weights that are only modelled, and their models.
Reply to_pickle(const Request& request) {
    Graph graph = request.graph(0);
    Json models = Json::array();
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
        ConstantData& data = graph.tensors[i].data;
        if (!data || data.model() == nullptr) continue;
        const WeightModel& model = *data.model();
        models.push_back({i, data.size(), static_cast<int>(model.distribution), model.density,
                          model.clusters, model.seed, model.bits_per_weight});
        data = ConstantData{std::vector<std::uint8_t>(static_cast<std::size_t>(data.size()))};
    }
    Reply reply = bytes_reply(write_tflite(graph));
    reply.value = std::move(models);
    return reply;
}

Reply from_pickle(const Request& request) {
    Graph graph = read_tflite(request.bytes(0), request.arguments.text("name"));
    for (const Json& each : request.arguments.at("models")) {
        WeightModel model;
        model.distribution = static_cast<WeightModel::Distribution>(each.at(2).get<int>());
        model.density = each.at(3).get<double>();
        model.clusters = each.at(4).get<std::int32_t>();
        model.seed = each.at(5).get<std::uint64_t>();
        model.bits_per_weight = each.at(6).get<double>();
        graph.tensors.at(each.at(0).get<std::size_t>()).data =
            ConstantData{model, each.at(1).get<std::int64_t>()};
    }
    return graph_reply(std::move(graph));
}

Reply save(const Request& request) {
    save_tflite(request.graph(0), std::filesystem::path{request.arguments.text("file")});
    return {};
}

Json tensor_row(const Tensor& tensor) {
    return {{"name", tensor.name},
            {"shape", tensor.shape},
            {"type", to_string(tensor.type)},
            {"scales", tensor.quantization.scales},
            {"zero_points", tensor.quantization.zero_points},
            {"axis", tensor.quantization.axis},
            {"constant_bytes", tensor.data ? tensor.data.size() : 0},
            {"is_variable", tensor.is_variable}};
}

Json attributes_row(const Attributes& attributes) {
    return std::visit(
        [](const auto& each) -> Json {
            if constexpr (std::is_same_v<std::decay_t<decltype(each)>, std::monostate>) {
                return Json::object();
            } else {
                return each;
            }
        },
        attributes);
}

Json operator_row(const Graph& graph, const Operator& op) {
    return {{"name", op.name},
            {"type", op.type == OpType::custom ? op.custom_code : std::string{to_string(op.type)}},
            {"inputs", op.inputs},
            {"outputs", op.outputs},
            {"attributes", attributes_row(op.attributes)},
            {"macs", count_macs(graph, op).count()}};
}

/// Tensors and operators, by position in the graph.
Reply content(const Request& request) {
    const Graph& graph = request.graph(0);
    Json tensors = Json::array();
    for (const Tensor& tensor : graph.tensors) tensors.push_back(tensor_row(tensor));
    Json operators = Json::array();
    for (const Operator& op : graph.operators) operators.push_back(operator_row(graph, op));
    Reply reply;
    reply.value = {{"tensors", std::move(tensors)},
                   {"operators", std::move(operators)},
                   {"description", graph.description},
                   {"notes", graph.notes}};
    return reply;
}

Reply data(const Request& request) {
    const Graph& graph = request.graph(0);
    const std::int32_t index = request.arguments.integer("tensor");
    if (index < 0 || static_cast<std::size_t>(index) >= graph.tensors.size()) {
        throw InvalidModel("tensor = " + std::to_string(index) + ": the network has " +
                           std::to_string(graph.tensors.size()));
    }
    const Tensor& tensor = graph.tensors[static_cast<std::size_t>(index)];
    if (!tensor.data) throw InvalidModel("tensor '" + tensor.name + "' is no constant");
    return bytes_reply(tensor.data.bytes());
}

Reply listing(const Request& request) { return text_reply(dump(request.graph(0))); }
Reply dot(const Request& request) { return text_reply(to_dot(request.graph(0))); }

Reply check(const Request& request) {
    verify(request.graph(0));
    return {};
}

Reply draw(const Request& request) { return graph_reply(draw_weights(request.graph(0))); }

Reply equal(const Request& request) { return {request.graph(0) == request.graph(1), {}, {}}; }

}  // namespace

Reply graph_reply(Graph graph) {
    Reply reply;
    reply.value = {{"name", graph.name},
                   {"macs", count_macs(graph).count()},
                   {"parameters", count_parameters(graph)},
                   {"operators", graph.operators.size()},
                   {"inputs", graph.inputs},
                   {"outputs", graph.outputs},
                   {"compiled", is_compiled(graph)},
                   {"modelled", has_modelled_weights(graph)}};
    reply.objects.push_back(hold(std::move(graph)));
    return reply;
}

std::span<const Function> graph_functions() {
    static constexpr std::array functions{
        Function{"graph.read", read},
        Function{"graph.from_tflite", from_tflite},
        Function{"graph.from_yaml", from_yaml},
        Function{"graph.from_stream", from_stream},
        Function{"graph.operator_support", supported},
        Function{"graph.zoo", from_zoo},
        Function{"graph.zoo_list", zoo_names},
        Function{"graph.block", from_block},
        Function{"graph.block_list", block_names},
        Function{"graph.to_tflite", to_tflite},
        Function{"graph.save", save},
        Function{"graph.to_pickle", to_pickle},
        Function{"graph.from_pickle", from_pickle},
        Function{"graph.content", content},
        Function{"graph.data", data},
        Function{"graph.listing", listing},
        Function{"graph.dot", dot},
        Function{"graph.verify", check},
        Function{"graph.draw_weights", draw},
        Function{"graph.equal", equal},
    };
    return functions;
}

}  // namespace u65sim::python
