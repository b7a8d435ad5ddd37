// Runs of operators for the NPU, and what crosses their borders.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// conv, something the NPU lacks, conv.
Graph interrupted() {
    test::Builder b;
    const TensorId x = b.conv(b.input({1, 8, 8, 8}), 8, 1);
    const TensorId y = b.map({1, 8, 8, 8});
    b.op(OpType::custom, {x}, y);
    b.graph.operators.back().custom_code = "mine";
    return b.finish(b.conv(y, 8, 1));
}

}  // namespace

TEST_CASE("split_segments: an operator on the CPU ends a segment, the next one starts another") {
    CHECK(test::dump_after("split_segments", interrupted()) == R"(CONV_2D op0: npu0
CUSTOM:mine op1: cpu, CUSTOM:mine has no form on the NPU
CONV_2D op2: npu1
)");
    const CompiledNetwork network = compile(interrupted(), test::target());
    REQUIRE(network.segments.size() == 2);
    CHECK(network.segments[0].inputs == std::vector<TensorId>{0});
    CHECK(network.segments[0].outputs == std::vector<TensorId>{3});
    CHECK(network.segments[1].inputs == std::vector<TensorId>{4});
    CHECK(network.segments[1].outputs == std::vector<TensorId>{7});
    const std::vector<CompiledNetwork::Step> steps{{0, -1, -1}, {-1, 0, 1}, {1, -1, -1}};
    CHECK(network.steps == steps);
}

TEST_CASE(
    "split_segments: a map that both sides read is an output of one and an input of the other") {
    test::Builder b;
    const TensorId x = b.conv(b.input({1, 8, 8, 8}), 8, 1);
    const TensorId y = b.map({1, 8, 8, 8});
    b.op(OpType::custom, {x}, y);
    b.graph.operators.back().custom_code = "mine";
    const CompiledNetwork network = compile(b.finish(b.binary(OpType::add, x, y)), test::target());
    REQUIRE(network.segments.size() == 2);
    CHECK(network.segments[0].outputs == std::vector<TensorId>{x});
    CHECK(network.segments[1].inputs == std::vector<TensorId>{x, y});
}

TEST_CASE("split_segments: what the CPU can do before starts no further segment") {
    test::Builder b;
    const TensorId in = b.input({1, 8, 8, 8});
    const TensorId x = b.conv(in, 8, 1);
    const TensorId aside = b.map({1, 8, 8, 8});
    b.op(OpType::custom, {in}, aside);
    b.graph.operators.back().custom_code = "mine";
    const TensorId y = b.conv(x, 8, 1);
    const TensorId sum = b.binary(OpType::add, y, aside);
    const CompiledNetwork network = compile(b.finish(sum), test::target());
    REQUIRE(network.segments.size() == 1);
    const std::vector<CompiledNetwork::Step> steps{{-1, 0, 1}, {0, -1, -1}};
    CHECK(network.steps == steps);
}

namespace {

/// Two variables of the same name or of two, each read, changed on the NPU and assigned.
Graph two_variables(const std::string& second) {
    test::Builder b;
    const TensorId x = b.input({1, 8, 8, 8});
    std::vector<TensorId> outputs;
    for (const std::string& name : {std::string{"first"}, second}) {
        const TensorId handle = b.map({});
        b.graph.tensors.back().type = ElementType::resource;
        b.op(OpType::var_handle, {}, handle, VariableAttributes{{}, name});
        const TensorId state = b.map({1, 8, 8, 8});
        b.op(OpType::read_variable, {handle}, state);
        const TensorId sum = b.binary(OpType::add, state, x);
        b.op(OpType::assign_variable, {handle, sum}, no_tensor);
        b.graph.operators.back().outputs.clear();
        outputs.push_back(sum);
    }
    return b.finish(b.binary(OpType::add, outputs[0], outputs[1]));
}

}  // namespace

TEST_CASE("split_segments: variables are read in front of a segment and assigned behind it") {
    const CompiledNetwork network = compile(two_variables("second"), test::target());
    CHECK(network.segments.size() == 1);
    REQUIRE(network.steps.size() == 7);
    CHECK(network.steps[4].segment == 0);
}

TEST_CASE("split_segments: a variable is read after what was assigned to it") {
    const CompiledNetwork network = compile(two_variables("first"), test::target());
    REQUIRE(network.segments.size() == 2);
    std::vector<std::int32_t> order;
    for (const auto& step : network.steps) order.push_back(step.graph_operator);
    const auto at = [&](std::int32_t op) {
        return std::find(order.begin(), order.end(), op) - order.begin();
    };
    CHECK(at(3) < at(5));
}

TEST_CASE("split_segments: a reshape alone between CPU operators is the CPU's") {
    test::Builder b;
    const TensorId x = b.input({1, 8, 8, 8});
    const TensorId y = b.map({1, 8, 8, 8});
    b.op(OpType::custom, {x}, y);
    b.graph.operators.back().custom_code = "mine";
    const TensorId flat = b.map({1, 512});
    b.op(OpType::reshape, {y, b.numbers({1, 512})}, flat, ReshapeAttributes{{1, 512}});
    CHECK(test::dump_after("split_segments", b.finish(flat)) ==
          R"(CUSTOM:mine op0: cpu, CUSTOM:mine has no form on the NPU
RESHAPE op1: cpu, only renames a shape, with no NPU operator beside it
)");
}
