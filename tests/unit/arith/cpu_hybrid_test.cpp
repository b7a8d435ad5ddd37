// Dynamic-range operators on values worked out by hand: float32 maps that meet 8-bit weights.
#include <catch2/catch.hpp>
#include <vector>

#include <u65sim/error.hpp>

#include "unit/arith/operator_case.hpp"

using namespace u65sim;
using namespace u65sim::test;

namespace {

Case fully_connected(const F32& rows, std::int32_t count, bool asymmetric) {
    Case layer(OpType::fully_connected,
               FullyConnectedAttributes{Activation::none, false, asymmetric});
    const auto depth = static_cast<std::int32_t>(rows.size()) / count;
    I8 unit(static_cast<std::size_t>(depth * depth), 0);  // each element is a result
    for (std::int32_t i = 0; i < depth; ++i) unit[static_cast<std::size_t>(i * (depth + 1))] = 1;
    layer.operand(float32, {count, depth}, rows)
        .operand(int8, {depth, depth}, unit, 1)
        .output(float32, {count, depth});
    return layer;
}

}  // namespace

TEST_CASE("Each row of a dynamic-range layer has a scale of its own") {
    // Largest magnitudes 127 and 254: steps of 1 and 2. Halves of a step go away from zero.
    const F32 rows{127, 1.5F, -1.5F, 0.4F, -254, 1, -1, 100.9F};
    CHECK(fully_connected(rows, 2, false).result<float>() == F32{127, 2, -2, 0, -254, 2, -2, 100});
}

TEST_CASE("Asymmetric rows are rounded before their zero point is added") {
    // -64 to 63.5 in 255 steps of a half: -64 becomes -128, so the zero point is 0.
    const F32 rows{-64, 63.5F, 0.25F, -0.25F};
    CHECK(fully_connected(rows, 1, true).result<float>() == F32{-64, 63.5F, 0.5F, -0.5F});
    // 0 to 255 in steps of 1, the zero point at -128: no step is lost on negative numbers.
    CHECK(fully_connected({0, 255, 1.5F, 2.4F}, 1, true).result<float>() == F32{0, 255, 2, 2});
    // Symmetric, the same row has steps of 255/127.
    CHECK(fully_connected({0, 255, 1.5F, 2.4F}, 1, false).result<float>(0)[2] ==
          1.0F * (255.0F / 127.0F));
}

TEST_CASE("Rows of zeros, and maps of zeros, leave the bias") {
    Case layer = fully_connected({0, 0, 127, 127}, 2, false);
    layer.operand(float32, {2}, F32{7, -8});
    CHECK(layer.result<float>() == F32{7, -8, 134, 119});
    layer.data[0] = bytes_of(F32{0, 0, 0, 0});
    layer.op.attributes = FullyConnectedAttributes{Activation::relu, false, true};
    CHECK(layer.result<float>() == F32{7, 0, 7, 0});
}

TEST_CASE("Filters with scales of their own want asymmetric maps, those of one scale do not") {
    const auto convolution = [](const std::vector<float>& scales) {
        Case layer(OpType::conv_2d, WindowAttributes{});
        layer.operand(float32, {1, 1, 3, 1}, F32{0, 255, 1.5F})
            .operand(int8, {2, 1, 1, 1}, I8{1, 1}, 1)
            .output(float32, {1, 1, 3, 2});
        layer.tensors[1].quantization = {scales, std::vector<std::int64_t>(scales.size(), 0), 0};
        return layer.result<float>();
    };
    const float symmetric = 255.0F / 127.0F;
    CHECK(convolution({2})[4] == 1.0F * (symmetric * 2));
    CHECK(convolution({2, 2})[4] == 1.0F * (symmetric * 2));
    CHECK(convolution({2, 1}) == F32{0, 0, 510, 255, 4, 2});
}

TEST_CASE("Depthwise maps are quantised with a zero point, and padding is zero") {
    WindowAttributes window;
    Case layer(OpType::depthwise_conv_2d, window);
    layer.operand(float32, {1, 1, 2, 1}, F32{-255, -1})
        .operand(int8, {1, 1, 3, 1}, I8{1, 1, 1}, 2)
        .operand(float32, {1}, F32{0.5F})
        .output(float32, {1, 1, 2, 1});
    CHECK(layer.result<float>() == F32{-511.5F, -511.5F});
}

TEST_CASE("Four-bit and old unsigned weights count as signed numbers") {
    Case layer = fully_connected({127, 1}, 1, false);
    layer.tensors[1].type = ElementType::int4;
    layer.data[1] = {0x0F, 0xF0};  // -1 0, 0 -1
    CHECK(layer.result<float>() == F32{-127, -1});
    layer.tensors[1].type = ElementType::uint8;
    layer.data[1] = {0xFF, 0, 0, 0xFF};
    CHECK(layer.result<float>() == F32{-127, -1});
}

TEST_CASE("Dynamic-range matrices, filters over time and tables") {
    Case product(OpType::batch_matmul, BatchMatmulAttributes{false, true, false});
    product.operand(float32, {1, 1, 2}, F32{127, 2})
        .operand(int8, {1, 1, 2}, I8{1, 3}, 0.5F)
        .output(float32, {1, 1, 1});
    CHECK(product.result<float>() == F32{66.5F});
    Case svdf(OpType::svdf, SvdfAttributes{1, Activation::none, false});
    svdf.operand(float32, {1, 2}, F32{127, 1.6F})
        .operand(int8, {1, 2}, I8{1, 1}, 1)
        .operand(int8, {1, 2}, I8{3, 2}, 0.5F)
        .operand(float32, {1}, F32{1})
        .operand(float32, {1, 2}, F32{9, 4})
        .output(float32, {1, 1});
    CHECK(svdf.result<float>(0) == F32{1.5F * 4 + 129 + 1});
    CHECK(svdf.result<float>(1) == F32{4, 129});
    Case table(OpType::embedding_lookup);
    table.operand(int32, {2}, I32{1, 0})
        .operand(int8, {2, 2}, I8{1, 2, 3, 4}, 0.25F)
        .output(float32, {2, 2});
    CHECK(table.result<float>() == F32{0.75F, 1, 0.25F, 0.5F});
}

TEST_CASE("Dynamic-range operators without a kernel are refused by their names") {
    Case layer(OpType::transpose_conv, WindowAttributes{});
    layer.operand(int32, {4}, I32{1, 1, 1, 1})
        .operand(int8, {1, 1, 1, 1}, I8{1}, 1)
        .operand(float32, {1, 1, 1, 1}, F32{1})
        .output(float32, {1, 1, 1, 1});
    CHECK_THROWS_WITH(layer.run(), Catch::Contains("TRANSPOSE_CONV") &&
                                       Catch::Contains("int8 weights") &&
                                       Catch::Contains("not executed"));
    Case off_centre = fully_connected({1, 2}, 1, false);
    off_centre.tensors[1].quantization.zero_points = {3};
    CHECK_THROWS_AS(off_centre.run(), NotExecutable);
}
