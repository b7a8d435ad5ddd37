// Runs of operators for the NPU, and what crosses their borders.
#include <catch2/catch.hpp>

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
