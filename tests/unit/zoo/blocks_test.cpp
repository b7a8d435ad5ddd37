#include <catch2/catch.hpp>

#include <u65sim/blocks.hpp>
#include <u65sim/error.hpp>

using namespace u65sim;

namespace {

std::int64_t macs(const char* name, const BlockShape& shape) {
    return count_macs(block(name, shape)).count();
}

}  // namespace

TEST_CASE("Every block keeps its input's shape") {
    for (const ZooEntry& entry : block_list()) {
        for (const BlockShape& shape : {BlockShape{7, 9, 16}, BlockShape{14, 14, 24}}) {
            CAPTURE(entry.name, to_string(shape));
            const Graph graph = block(entry.name, shape);
            const Shape expected{1, shape.height, shape.width, shape.channels};
            REQUIRE(graph.inputs.size() == 1);
            REQUIRE(graph.outputs.size() == 1);
            CHECK(graph.tensors[static_cast<std::size_t>(graph.inputs[0])].shape == expected);
            CHECK(graph.tensors[static_cast<std::size_t>(graph.outputs[0])].shape == expected);
            CHECK_FALSE(entry.summary.empty());
        }
    }
}

TEST_CASE("Blocks have the MACs and weights their definition gives") {
    const BlockShape shape{14, 14, 32};
    const std::int64_t area = 14 * 14, c = 32;
    CHECK(macs("standard_1x1", shape) == area * c * c);
    CHECK(macs("standard_3x3", shape) == area * 9 * c * c);
    CHECK(macs("standard_5x5", shape) == area * 25 * c * c);
    CHECK(macs("depthwise", shape) == area * 9 * c);
    CHECK(macs("depthwise_separable", shape) == area * (9 * c + c * c));
    CHECK(macs("grouped", shape) == area * 9 * c * c / 4);
    CHECK(macs("inverted_bottleneck", shape) == area * (12 * c * c + 9 * 6 * c));
    CHECK(macs("fused_inverted_bottleneck", shape) == area * (54 * c * c + 6 * c * c));
    CHECK(macs("max_pool_bottleneck", shape) == macs("inverted_bottleneck", shape));
    CHECK(macs("ghost_module", shape) == area * (c * c / 2 + 9 * c / 2));
    CHECK(macs("blueprint_separable_u", shape) == area * (c * c + 9 * c));
    CHECK(macs("blueprint_separable_s", shape) == area * (c * c / 2 + 9 * c));
    CHECK(macs("grouped_bottleneck", shape) == area * (c * c + 9 * c * c / 16));
    CHECK(macs("basic_residual", shape) == area * 18 * c * c);
    CHECK(macs("bottleneck_residual", shape) == area * (c * c / 2 + 9 * c * c / 16));
    CHECK(macs("squeeze_excite", shape) == area * c + c * c / 2);
    // The pool in place of the depthwise convolution saves its weights and biases.
    CHECK(count_parameters(block("inverted_bottleneck", shape)) -
              count_parameters(block("max_pool_bottleneck", shape)) ==
          10 * 6 * c);
}

TEST_CASE("Blocks behind each other are named apart and add up") {
    for (const ZooEntry& entry : block_list()) {
        CAPTURE(entry.name);
        const BlockShape shape{8, 8, 16};
        const Graph one = block(entry.name, shape), three = block(entry.name, shape, {}, 3);
        CHECK(three.operators.size() == 3 * one.operators.size());
        CHECK(count_macs(three) == 3 * count_macs(one));
        for (std::size_t i = 0; i < three.operators.size(); ++i) {
            const std::size_t k = i % one.operators.size();
            CHECK(three.operators[i].name ==
                  std::to_string(i / one.operators.size() + 1) + "/" + one.operators[k].name);
        }
    }
}

TEST_CASE("pointwise is another name for the 1x1 convolution, and unknown names are answered") {
    CHECK(block("pointwise", {7, 7, 16}) == block("standard_1x1", {7, 7, 16}));
    CHECK_THROWS_WITH(block("ghost_modul", {7, 7, 16}),
                      Catch::Contains("nearest known one is 'ghost_module'"));
    CHECK_THROWS_AS(block("grouped", {7, 7, 18}), InvalidModel);
}

TEST_CASE("Shapes are read and written as HxWxC") {
    CHECK(parse_block_shape("28x14x64") == BlockShape{28, 14, 64});
    CHECK(to_string(BlockShape{28, 14, 64}) == "28x14x64");
    for (const char* text : {"", "28", "28x14", "28x14x", "0x1x1", "28x14x64x2", "axbxc", "-1x2x3",
                             "1x2x99999999999"}) {
        CAPTURE(text);
        CHECK_THROWS_AS(parse_block_shape(text), InvalidConfig);
    }
}
