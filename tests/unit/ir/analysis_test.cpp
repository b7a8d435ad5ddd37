#include <algorithm>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>

#include "ir/analysis.hpp"
#include "ir/builtins.hpp"

using namespace u65sim;

namespace {

// input -> a -> b -> sum, a -> sum; and a side branch that no output needs.
Graph diamond() {
    GraphBuilder net{"diamond"};
    const Value x = net.input({1, 4, 4, 8});
    const Value a = net.conv2d(x, 8, Window::square(3), {.name = "a"});
    const Value b = net.conv2d(a, 8, Window::square(1), {.name = "b"});
    net.relu(a, {.name = "side"});
    net.output(net.add(a, b, {.name = "sum"}));
    return net.build();
}

}  // namespace

TEST_CASE("connections name producer and consumers of each tensor") {
    const Graph graph = diamond();
    const ir::Connections connections{graph};
    CHECK(connections.producer_of(graph.inputs[0]) == ir::no_operator);
    CHECK(connections.consumers_of(graph.inputs[0]) == std::vector<ir::OperatorIndex>{0});
    CHECK(connections.consumers_of(graph.operators[0].outputs[0]) ==
          std::vector<ir::OperatorIndex>{1, 2, 3});
    CHECK(connections.producer_of(graph.outputs[0]) == 3);
}

TEST_CASE("a sorted network keeps its order, a shuffled one gets a valid one") {
    Graph graph = diamond();
    CHECK(ir::topological_order(graph) == std::vector<ir::OperatorIndex>{0, 1, 2, 3});
    std::reverse(graph.operators.begin(), graph.operators.end());
    const auto order = ir::topological_order(graph);
    REQUIRE(order.size() == 4);
    const auto place = [&](const std::string& name) {
        return std::find_if(order.begin(), order.end(),
                            [&](ir::OperatorIndex index) {
                                return graph.operators[static_cast<std::size_t>(index)].name ==
                                       name;
                            }) -
               order.begin();
    };
    CHECK(place("a") < place("b"));
    CHECK(place("b") < place("sum"));
    CHECK(place("a") < place("side"));
    CHECK_THROWS_AS(verify(graph), InvalidModel);
}

TEST_CASE("a cycle is refused and named") {
    Graph graph = diamond();
    graph.operators[0].inputs[0] = graph.operators[1].outputs[0];
    CHECK_THROWS_WITH(ir::topological_order(graph), Catch::Contains("'a'"));
}

TEST_CASE("reachability follows operands both ways") {
    const Graph graph = diamond();
    CHECK(ir::downstream_of(graph, 1) == std::vector<bool>{false, true, false, true});
    CHECK(ir::needed_by_outputs(graph) == std::vector<bool>{true, true, false, true});
}

TEST_CASE("names of builtins and their kinds agree") {
    for (int index = 0; index < static_cast<int>(OpType::other); ++index) {
        const auto type = static_cast<OpType>(index);
        CHECK(ir::op_type_of_builtin(ir::builtin_code(type)) == type);
        CHECK_FALSE(to_string(type).empty());
    }
    CHECK(to_string(OpType::conv_2d) == "CONV_2D");
    CHECK(ir::builtin_name(48) == "TOPK_V2");
    Operator op;
    op.type = OpType::other;
    op.builtin_code = 999;
    CHECK(ir::kind_name(op) == "BUILTIN_999");
    op.builtin_code = 209;
    CHECK(ir::kind_name(op) == "STABLEHLO_CASE");
    for (std::int32_t code = 0; code <= 209; ++code) {
        CHECK_FALSE(ir::builtin_name(code).empty());
        CHECK(ir::builtin_name(code) != "OTHER");
    }
}

TEST_CASE("dump and DOT name every operator") {
    const Graph graph = diamond();
    const std::string text = dump(graph);
    const std::string dot = to_dot(graph);
    for (const Operator& op : graph.operators) {
        CHECK_THAT(text, Catch::Contains("'" + op.name + "'"));
        CHECK_THAT(dot, Catch::Contains(op.name));
    }
    CHECK_THAT(text, Catch::Contains("input input 1x4x4x8 int8"));
    CHECK_THAT(dot, Catch::Contains("1x4x4x8 int8"));
    CHECK(text == dump(diamond()));
}
