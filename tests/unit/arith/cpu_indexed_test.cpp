// Operators that choose or place elements by numbers, on values worked out by hand.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include <u65sim/error.hpp>

#include "unit/arith/operator_case.hpp"

using namespace u65sim;
using namespace u65sim::test;

TEST_CASE("REVERSE_SEQUENCE turns the first elements of each batch") {
    Case reverse(OpType::reverse_sequence, ReverseSequenceAttributes{1, 0});
    reverse.operand(int32, {2, 3}, I32{1, 2, 3, 4, 5, 6})
        .operand(int32, {2}, I32{2, 3})
        .output(int32, {2, 3});
    CHECK(reverse.result<std::int32_t>() == I32{2, 1, 3, 6, 5, 4});
    reverse.op.attributes = ReverseSequenceAttributes{0, 1};
    reverse.data[1] = bytes_of(I32{1, 2});
    CHECK_THROWS_AS(reverse.run(), InvalidModel);
    reverse.tensors[1].shape = {3};
    reverse.data[1] = bytes_of(I32{1, 2, 0});
    CHECK(reverse.result<std::int32_t>() == I32{1, 5, 3, 4, 2, 6});
    reverse.data[1] = bytes_of(I32{1, 3, 0});
    CHECK_THROWS_AS(reverse.run(), InvalidModel);
}

TEST_CASE("WHERE lists places, as many as its result has room for") {
    Case where(OpType::where);
    where.operand(float32, {2, 2}, F32{0, -1, -0.0F, 2}).output(ElementType::int64, {2, 2});
    CHECK(where.result<std::int64_t>() == std::vector<std::int64_t>{0, 1, 1, 1});
    where.outputs[0].shape = {3, 2};
    CHECK_THROWS_WITH(where.run(), Catch::Contains("2 elements are not zero"));
}

TEST_CASE("NON_MAX_SUPPRESSION takes the best box of those that overlap") {
    const F32 boxes{0, 0, 1, 1, 1, 1, 0, 0.1F, 0, 2, 1, 3};
    Case choice(OpType::non_max_suppression_v4);
    choice.operand(float32, {3, 4}, boxes)
        .operand(float32, {3}, F32{0.5F, 0.9F, 0.4F})
        .operand(int32, {}, I32{4})
        .operand(float32, {}, F32{0.5F})
        .operand(float32, {}, F32{0.1F})
        .output(int32, {4})
        .output(int32, {});
    CHECK(choice.result<std::int32_t>(0) == I32{1, 2, 0, 0});
    CHECK(choice.result<std::int32_t>(1) == I32{2});
    // With a width for lowered scores: exp(-0.5 / 0.5 * 0.9^2) of the overlapped one's score.
    Case soft = choice;
    soft.op.type = OpType::non_max_suppression_v5;
    soft.data[3] = bytes_of(F32{0.95F});
    soft.operand(float32, {}, F32{0.5F});
    soft.outputs.clear();
    soft.output(int32, {4}).output(float32, {4}).output(int32, {});
    CHECK(soft.result<std::int32_t>(0) == I32{1, 2, 0, 0});
    CHECK(soft.result<std::int32_t>(2) == I32{3});
    CHECK(soft.result<float>(1)[2] == Approx(0.5 * std::exp(-0.81)).epsilon(1e-6));
}

TEST_CASE("LOCAL_RESPONSE_NORMALIZATION leaves the far end of its radius out") {
    Case local(OpType::local_response_normalization, LocalResponseAttributes{1, 1.0F, 1.0F, 1.0F});
    local.operand(float32, {1, 3}, F32{1, 2, 4}).output(float32, {1, 3});
    CHECK(local.result<float>() == F32{0.5F, 2.0F / 6, 4.0F / 21});
}

TEST_CASE("REDUCE_PROD of quantised elements scales each product") {
    Case product(OpType::reduce_prod, ReduceAttributes{false});
    product.operand(int8, {1, 2}, I8{5, 7}, 0.5F, 1)
        .operand(int32, {1}, I32{1})
        .output(int8, {1}, 0.25F, -3);
    // 2 and 3 make 6, which is 24 quarters.
    CHECK(product.result<std::int8_t>() == I8{21});
}

TEST_CASE("BATCH_MATMUL broadcasts what stands in front of its matrices") {
    Case product(OpType::batch_matmul, BatchMatmulAttributes{});
    product.operand(float32, {2, 1, 1, 2}, F32{1, 2, 3, 4})
        .operand(float32, {3, 2, 1}, F32{1, 0, 0, 1, 1, 1})
        .output(float32, {2, 3, 1, 1});
    CHECK(product.result<float>() == F32{1, 2, 3, 3, 4, 7});
    product.op.attributes = BatchMatmulAttributes{false, true, false};
    CHECK_THROWS_AS(product.run(), InvalidModel);
}

TEST_CASE("16 bits are ordered as they are, and equal by what they stand for") {
    Case less(OpType::less);
    less.operand(int16, {2}, I16{1, 5}, 100)
        .operand(int16, {2}, I16{2, 5}, 1)
        .output(ElementType::boolean, {2});
    CHECK(less.run()[0] == Bytes8{1, 0});
    Case equal(OpType::equal);
    equal.operand(int16, {2}, I16{3, 5}, 0.5F)
        .operand(int16, {2}, I16{6, 5}, 0.25F)
        .output(ElementType::boolean, {2});
    CHECK(equal.run()[0] == Bytes8{1, 0});
}

TEST_CASE("STRIDED_SLICE takes an ellipsis, new axes, and fewer numbers than axes") {
    Case slice(OpType::strided_slice, StridedSliceAttributes{0, 0, 1, 0, 2});
    slice.operand(int32, {2, 1, 3}, I32{1, 2, 3, 4, 5, 6})
        .operand(int32, {2}, I32{0, 1})
        .operand(int32, {2}, I32{0, 2})
        .operand(int32, {2}, I32{1, 1})
        .output(int32, {2, 1});
    CHECK(slice.result<std::int32_t>() == I32{2, 5});
    slice.op.attributes = StridedSliceAttributes{0, 0, 0, 1, 0};
    slice.outputs[0].shape = {1, 1, 1, 3};
    CHECK(slice.result<std::int32_t>() == I32{4, 5, 6});
    slice.op.attributes = StridedSliceAttributes{0, 0, 3, 0, 0};
    CHECK_THROWS_AS(slice.run(), InvalidModel);
}

TEST_CASE("STRIDED_SLICE begins at the border where its begin lies beyond") {
    Case slice(OpType::strided_slice, StridedSliceAttributes{});
    slice.operand(int32, {4}, I32{1, 2, 3, 4})
        .operand(int32, {1}, I32{-9})
        .operand(int32, {1}, I32{3})
        .operand(int32, {1}, I32{2})
        .output(int32, {2});
    CHECK(slice.result<std::int32_t>() == I32{1, 3});
}

TEST_CASE("GATHER takes indices of each batch alone") {
    Case gather(OpType::gather, AxisAttributes{1, 0, Activation::none, 1});
    gather.operand(int32, {2, 3}, I32{1, 2, 3, 4, 5, 6})
        .operand(int32, {2, 2}, I32{2, 0, 1, 1})
        .output(int32, {2, 2});
    CHECK(gather.result<std::int32_t>() == I32{3, 1, 5, 5});
}

TEST_CASE("DEQUANTIZE knows scales of slices along any axis") {
    Case reals(OpType::dequantize);
    reals.operand(int8, {2, 2}, I8{1, 2, 3, 4}, 1).output(float32, {2, 2});
    reals.tensors[0].quantization = {{0.5F, 2}, {1, 0}, 1};
    CHECK(reals.result<float>() == F32{0, 4, 1, 8});
    reals.tensors[0].quantization.axis = 0;
    CHECK(reals.result<float>() == F32{0, 0.5F, 6, 8});
    reals.tensors[0].quantization.axis = 2;
    CHECK_THROWS_AS(reals.run(), InvalidModel);
}

TEST_CASE("CONCATENATION rescales operands of other scales, rounding once") {
    Case joined(OpType::concatenation, AxisAttributes{0, 0, Activation::none, 0});
    joined.operand(int8, {3}, I8{2, -2, 9}, 0.25F)
        .operand(int8, {2}, I8{1, 127}, 4)
        .output(int8, {5}, 1, 1);
    // Halves away from zero, then the range of the type.
    CHECK(joined.result<std::int8_t>() == I8{2, 0, 3, 5, 127});
}

TEST_CASE("RESIZE_NEAREST_NEIGHBOR moves elements of any type") {
    Case resize(OpType::resize_nearest_neighbor, ResizeAttributes{});
    resize.operand(float32, {1, 1, 2, 1}, F32{1.5F, -2})
        .operand(int32, {2}, I32{1, 4})
        .output(float32, {1, 1, 4, 1});
    CHECK(resize.result<float>() == F32{1.5F, 1.5F, -2, -2});
}
