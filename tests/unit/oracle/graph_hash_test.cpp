#include <catch2/catch.hpp>
#include <functional>

#include "oracle/graph_hash.hpp"

using namespace u65sim;
using oracle::hash_graph;

namespace {

Graph sample() {
    Graph graph;
    graph.name = "g";
    graph.tensors.resize(3);
    graph.tensors[0].name = "in";
    graph.tensors[0].shape = {1, 8, 8, 4};
    graph.tensors[1].name = "weights";
    graph.tensors[1].data = ConstantData{{1, 2, 3, 4}};
    graph.tensors[2].name = "out";
    graph.tensors[2].quantization = {{0.5F}, {3}, 0};
    Operator op;
    op.name = "conv";
    op.type = OpType::conv_2d;
    op.inputs = {0, 1, no_tensor};
    op.outputs = {2};
    op.attributes = WindowAttributes{};
    graph.operators = {op};
    graph.inputs = {0};
    graph.outputs = {2};
    return graph;
}

}  // namespace

TEST_CASE("Equal graphs have equal hashes, also when their constants are other copies") {
    Graph other = sample();
    other.tensors[1].data = ConstantData{{1, 2, 3, 4}};
    CHECK(hash_graph(sample()) == hash_graph(other));
}

TEST_CASE("Every part of a graph counts in its hash") {
    const std::vector<std::pair<const char*, std::function<void(Graph&)>>> changes{
        {"name", [](Graph& g) { g.name = "h"; }},
        {"description", [](Graph& g) { g.description = "d"; }},
        {"tensor name", [](Graph& g) { g.tensors[0].name = "other"; }},
        {"shape",
         [](Graph& g) {
             g.tensors[0].shape = {1, 8, 4, 8};
         }},
        {"type", [](Graph& g) { g.tensors[0].type = ElementType::uint8; }},
        {"variable", [](Graph& g) { g.tensors[0].is_variable = true; }},
        {"scale", [](Graph& g) { g.tensors[2].quantization.scales = {0.25F}; }},
        {"zero point", [](Graph& g) { g.tensors[2].quantization.zero_points = {4}; }},
        {"axis", [](Graph& g) { g.tensors[2].quantization.axis = 3; }},
        {"constant",
         [](Graph& g) {
             g.tensors[1].data = ConstantData{{1, 2, 3, 5}};
         }},
        {"no constant", [](Graph& g) { g.tensors[1].data = ConstantData{}; }},
        {"empty constant", [](Graph& g) { g.tensors[0].data = ConstantData{{}}; }},
        {"operator type", [](Graph& g) { g.operators[0].type = OpType::transpose_conv; }},
        {"operands",
         [](Graph& g) {
             g.operators[0].inputs = {0, 1};
         }},
        {"attribute kind", [](Graph& g) { g.operators[0].attributes = std::monostate{}; }},
        {"stride",
         [](Graph& g) { std::get<WindowAttributes>(g.operators[0].attributes).stride_w = 2; }},
        {"activation",
         [](Graph& g) {
             std::get<WindowAttributes>(g.operators[0].attributes).activation = Activation::relu;
         }},
        {"version", [](Graph& g) { g.operators[0].version = 3; }},
        {"outputs", [](Graph& g) { g.outputs = {}; }},
        {"metadata",
         [](Graph& g) {
             g.metadata = {{"m", {1}}};
         }},
    };
    std::vector<oracle::GraphHash> hashes{hash_graph(sample())};
    for (const auto& [what, change] : changes) {
        Graph graph = sample();
        change(graph);
        const oracle::GraphHash hash = hash_graph(graph);
        CAPTURE(what);
        CHECK(std::find(hashes.begin(), hashes.end(), hash) == hashes.end());
        hashes.push_back(hash);
    }
}

TEST_CASE("The two hashes are independent") {
    CHECK(hash_graph(sample()).first != hash_graph(sample()).second);
}
