// CPU kernels on values worked out by hand.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

// Headers alone: its locale object is in the library.
#define FLATBUFFERS_LOCALE_INDEPENDENT 0
#include <flatbuffers/flexbuffers.h>

#include <u65sim/error.hpp>

#include "arith/cpu_kernels.hpp"
#include "arith/fixed_point.hpp"
#include "unit/arith/operator_case.hpp"

using namespace u65sim;
using namespace u65sim::test;

TEST_CASE("SVDF keeps the last steps of every filter in its state") {
    // Two filters of one unit each, three steps; all scales 1, so sums pass as they are.
    Case svdf(OpType::svdf, SvdfAttributes{1, Activation::relu, false});
    svdf.operand(int8, {1, 2}, I8{3, 5}, 1, 1)
        .operand(int8, {2, 2}, I8{1, 2, -1, 1}, 1)
        .operand(int16, {2, 3}, I16{1, 2, 3, 0, 0, 1}, 1)
        .operand(int32, {2}, I32{1, 2}, 1)
        .operand(int16, {1, 6}, I16{9, 1, 2, 9, 4, 5}, 1)
        .output(int8, {1, 2}, 1, -3);
    // Features: (3-1) + 2 (5-1) = 10 and -(3-1) + (5-1) = 2.
    CHECK(svdf.result<std::int16_t>(1) == I16{1, 2, 10, 4, 5, 2});
    CHECK(svdf.result<std::int8_t>(0) == I8{1 + 4 + 30 + 1 - 3, 2 + 2 - 3});
    svdf.tensors[4].shape = {1, 5};
    svdf.data[4].resize(10);
    CHECK_THROWS_AS(svdf.run(), InvalidModel);
}

TEST_CASE("SVDF adds the filters of a rank up") {
    Case svdf(OpType::svdf, SvdfAttributes{2, Activation::none, false});
    svdf.operand(float32, {1, 1}, F32{2})
        .operand(float32, {2, 1}, F32{1, 3})
        .operand(float32, {2, 2}, F32{1, 1, 1, 10})
        .operand(float32, {1}, F32{0.5F})
        .operand(float32, {1, 4}, F32{7, 1, 7, 4})
        .output(float32, {1, 1});
    CHECK(svdf.result<float>(0) == F32{1 + 2 + 4 + 60 + 0.5F});
    CHECK(svdf.result<float>(1) == F32{1, 2, 4, 6});
}

TEST_CASE("the fixed-point logarithm is exact to 2^-20") {
    for (const double x : {1.0, 1.25, 2.0, 3.7, 100.0, 1000.0, 4000.0}) {
        const auto raw = static_cast<std::int32_t>(std::lround(std::ldexp(x, 19)));
        const double log = std::ldexp(arith::log_of_q12(raw), -26);
        CHECK(log == Approx(std::log(x)).margin(1e-6));
    }
}

TEST_CASE("LOG_SOFTMAX of 8 bits has steps of a sixteenth below zero") {
    for (const ElementType type : {int8, ElementType::uint8}) {
        const int low = type == int8 ? -128 : 0;
        Case op(OpType::log_softmax);
        const std::vector<int> raw{low + 10, low + 40, low + 41, low + 255};
        Bytes8 bytes;
        for (const int value : raw) bytes.push_back(static_cast<std::uint8_t>(value));
        op.operand(type, {1, 4}, bytes, 0.0625F, low).output(type, {1, 4}, 0.0625F, low + 255);
        double sum = 0.0;
        for (const int value : raw) sum += std::exp((value - raw[3]) / 16.0);
        Bytes8 wanted;
        for (const int value : raw) {
            const double real = (value - raw[3]) / 16.0 - std::log(sum);
            wanted.push_back(
                static_cast<std::uint8_t>(std::max<long>(low, std::lround(real * 16) + low + 255)));
        }
        CHECK(op.run().at(0) == wanted);
    }
}

TEST_CASE("CUMSUM runs along an axis, either way, with or without the own element") {
    const auto sums = [](bool exclusive, bool reverse, std::int32_t axis) {
        return Case(OpType::cumsum, CumsumAttributes{exclusive, reverse})
            .operand(int32, {2, 3}, I32{1, 2, 3, 4, 5, 6})
            .operand(int32, {}, I32{axis})
            .output(int32, {2, 3})
            .result<std::int32_t>();
    };
    CHECK(sums(false, false, 1) == I32{1, 3, 6, 4, 9, 15});
    CHECK(sums(true, false, -1) == I32{0, 1, 3, 0, 4, 9});
    CHECK(sums(false, true, 1) == I32{6, 5, 3, 15, 11, 6});
    CHECK(sums(true, true, 0) == I32{4, 5, 6, 0, 0, 0});
}

TEST_CASE("divisions of numbers round down, whatever the signs") {
    const auto pair = [](OpType type, const I32& a, const I32& b) {
        return Case(type)
            .operand(int32, {4}, a)
            .operand(int32, {4}, b)
            .output(int32, {4})
            .result<std::int32_t>();
    };
    CHECK(pair(OpType::floor_div, {7, -7, 7, -7}, {2, 2, -2, -2}) == I32{3, -4, -4, 3});
    CHECK(pair(OpType::floor_mod, {7, -7, 7, -7}, {2, 2, -2, -2}) == I32{1, 1, -1, -1});
    CHECK(pair(OpType::pow, {2, -3, 0, 5}, {10, 3, 0, 1}) == I32{1024, -27, 1, 5});
    constexpr auto lowest = std::numeric_limits<std::int32_t>::min();
    CHECK(pair(OpType::floor_div, {lowest, 0, 0, 0}, {-1, 1, 1, 1}).front() == lowest);
    CHECK_THROWS_AS(pair(OpType::floor_div, {1, 1, 1, 1}, {1, 0, 1, 1}), InvalidModel);
    CHECK_THROWS_AS(pair(OpType::floor_mod, {1, 1, 1, 1}, {1, 0, 1, 1}), InvalidModel);
    CHECK_THROWS_AS(pair(OpType::pow, {1, 2, 1, 1}, {1, -1, 1, 1}), InvalidModel);
}

TEST_CASE("rows of indices name slices") {
    Case gather(OpType::gather_nd);
    gather.operand(int8, {2, 2, 2}, I8{0, 1, 2, 3, 4, 5, 6, 7})
        .operand(int32, {2, 2}, I32{1, 0, 0, 1})
        .output(int8, {2, 2});
    CHECK(gather.result<std::int8_t>() == I8{4, 5, 2, 3});
    gather.data[1] = bytes_of(I32{1, 2, 0, 1});
    CHECK_THROWS_AS(gather.run(), InvalidModel);
    gather.data[1] = bytes_of(I32{1, -1, 0, 1});
    CHECK_THROWS_AS(gather.run(), InvalidModel);

    Case scatter(OpType::scatter_nd);
    scatter.operand(int32, {3, 1}, I32{2, 0, 2})
        .operand(int32, {3, 2}, I32{1, 2, 3, 4, 5, 6})
        .operand(int32, {2}, I32{3, 2})
        .output(int32, {3, 2});
    CHECK(scatter.result<std::int32_t>() == I32{3, 4, 0, 0, 6, 8});

    Case lookup(OpType::embedding_lookup);
    lookup.operand(int32, {3}, I32{1, 1, 0})
        .operand(int16, {2, 2}, I16{1, 2, 3, 4})
        .output(int16, {3, 2});
    CHECK(lookup.result<std::int16_t>() == I16{3, 4, 3, 4, 1, 2});
    lookup.data[0] = bytes_of(I32{1, 2, 0});
    CHECK_THROWS_AS(lookup.run(), InvalidModel);
}

TEST_CASE("an update that would leave its operand is moved inside") {
    Case update(OpType::dynamic_update_slice);
    update.operand(int8, {3, 3}, I8{0, 1, 2, 3, 4, 5, 6, 7, 8})
        .operand(int8, {2, 1}, I8{10, 11})
        .operand(int32, {2}, I32{7, -1})
        .output(int8, {3, 3});
    CHECK(update.result<std::int8_t>() == I8{0, 1, 2, 10, 4, 5, 11, 7, 8});
}

TEST_CASE("TOPK_V2 sorts downwards and prefers the first of equals") {
    Case top(OpType::topk_v2);
    top.operand(int8, {2, 4}, I8{1, 5, 5, -3, -1, -2, 0, 0})
        .operand(int32, {}, I32{3})
        .output(int8, {2, 3})
        .output(int32, {2, 3});
    CHECK(top.result<std::int8_t>(0) == I8{5, 5, 1, 0, 0, -1});
    CHECK(top.result<std::int32_t>(1) == I32{1, 2, 0, 2, 3, 0});
    top.data[1] = bytes_of(I32{5});
    CHECK_THROWS_AS(top.run(), InvalidModel);
}

TEST_CASE("ONE_HOT puts its depth on any axis") {
    Case hot(OpType::one_hot, AxisAttributes{-1});
    hot.operand(int32, {2}, I32{1, 3})
        .operand(int32, {}, I32{3})
        .operand(float32, {}, F32{9})
        .operand(float32, {}, F32{1})
        .output(float32, {2, 3});
    CHECK(hot.result<float>() == F32{1, 9, 1, 1, 1, 1});
    hot.op.attributes = AxisAttributes{0};
    hot.outputs[0].shape = {3, 2};
    CHECK(hot.result<float>() == F32{1, 1, 9, 1, 1, 1});
}

TEST_CASE("ONE_HOT of another shape than its indices make is refused") {
    for (const Shape& shape : {Shape{2, 2}, Shape{2, 4}}) {
        Case hot(OpType::one_hot, AxisAttributes{0});
        hot.operand<std::int32_t>(ElementType::int32, {3}, {0, 1, 0})
            .operand<std::int32_t>(ElementType::int32, {}, {2})
            .operand<std::int8_t>(ElementType::int8, {}, {1})
            .operand<std::int8_t>(ElementType::int8, {}, {0})
            .output(ElementType::int8, shape);
        CHECK_THROWS_WITH(hot.run(), Catch::Contains("disagrees with the indices"));
    }
}

TEST_CASE("quantised DIV by both signs, also of minus one") {
    Case division(OpType::div, ArithmeticAttributes{});
    division.operand<std::int8_t>(ElementType::int8, {6}, {-1, -1, 0, 100, -100, 7}, 1.0F)
        .operand<std::int8_t>(ElementType::int8, {6}, {1, -1, 5, -10, 10, 2}, 1.0F)
        .output(ElementType::int8, {6}, 0.5F);
    CHECK(division.result<std::int8_t>() == std::vector<std::int8_t>{-2, 2, 0, -20, -20, 7});
}

TEST_CASE("LOG_SOFTMAX takes scales at which all or nothing differs") {
    constexpr float largest = std::numeric_limits<float>::max();
    const auto result = [](ElementType type, float scale) {
        Case op(OpType::log_softmax);
        const bool is_signed = type == ElementType::int8;
        op.operand<std::uint8_t>(type, {1, 2}, {0, 127}, scale)
            .output(type, {1, 2}, 1.0F / 16, is_signed ? 127 : 255);
        return op.result<std::uint8_t>();
    };
    // Equal but for nothing: the logarithm of a half, -11 sixteenths.
    CHECK(result(ElementType::uint8, 1e-30F) == Bytes8{255 - 11, 255 - 11});
    CHECK(result(ElementType::int8, 1e-8F) == Bytes8{127 - 11, 127 - 11});
    CHECK(result(ElementType::uint8, 1e30F) == Bytes8{0, 255});
    CHECK(result(ElementType::uint8, largest).at(0) == 0);
    CHECK(result(ElementType::int8, 1e30F) == Bytes8{0x80, 127});
}

namespace {

/// One box around its anchor, of one class.
Case detection(std::int64_t detections, std::int64_t classes_a_detection, Shape boxes) {
    flexbuffers::Builder builder;
    builder.Map([&] {
        builder.Int("max_detections", detections);
        builder.Int("max_classes_per_detection", classes_a_detection);
        builder.Int("num_classes", 1);
        builder.Float("nms_score_threshold", 0.1F);
        builder.Float("nms_iou_threshold", 0.5F);
        for (const char* name : {"y_scale", "x_scale", "h_scale", "w_scale"}) {
            builder.Float(name, 1.0F);
        }
    });
    builder.Finish();
    Case made(OpType::custom);
    made.op.custom_code = "TFLite_Detection_PostProcess";
    made.op.custom_options = builder.GetBuffer();
    made.operand<float>(ElementType::float32, {1, 1, 4}, {0, 0, 0, 0})
        .operand<float>(ElementType::float32, {1, 1, 1}, {0.75F})
        .operand<float>(ElementType::float32, {1, 4}, {0.5F, 0.5F, 1, 1})
        .output(ElementType::float32, std::move(boxes));
    for (const Shape& shape : {Shape{1, 2}, Shape{1, 2}, Shape{1}}) {
        made.output(ElementType::float32, shape);
    }
    return made;
}

}  // namespace

TEST_CASE("detections fill the boxes that the options ask for, and no more than the file holds") {
    const Case two = detection(2, 1, {1, 2, 4});
    CHECK(two.result<float>() == std::vector<float>{0, 0, 1, 1, 0, 0, 0, 0});
    CHECK(two.result<float>(2) == std::vector<float>{0.75F, 0});
    CHECK(two.result<float>(3) == std::vector<float>{1});
    CHECK_THROWS_WITH(detection(1 << 20, 1 << 20, {1, 2, 4}).run(),
                      Catch::Contains("options disagree with the shape of the boxes"));
}

TEST_CASE("tensors are made from numbers and shapes") {
    CHECK(Case(OpType::fill)
              .operand(int32, {2}, I32{2, 2})
              .operand(int8, {}, I8{7})
              .output(int8, {2, 2})
              .result<std::int8_t>() == I8{7, 7, 7, 7});
    CHECK(Case(OpType::range)
              .operand(int32, {}, I32{5})
              .operand(int32, {}, I32{-2})
              .operand(int32, {}, I32{-3})
              .output(int32, {3})
              .result<std::int32_t>() == I32{5, 2, -1});
    CHECK(Case(OpType::rank)
              .operand(int8, {1, 2, 1}, I8{0, 0})
              .output(int32, {})
              .result<std::int32_t>() == I32{3});
    CHECK(Case(OpType::zeros_like)
              .operand(float32, {2}, F32{1, 2})
              .output(float32, {2})
              .result<float>() == F32{0, 0});
    CHECK(Case(OpType::broadcast_args)
              .operand(int32, {3}, I32{2, 1, 3})
              .operand(int32, {2}, I32{4, 1})
              .output(int32, {3})
              .result<std::int32_t>() == I32{2, 4, 3});
    CHECK(Case(OpType::add_n)
              .operand(int32, {2}, I32{1, 2})
              .operand(int32, {2}, I32{10, 20})
              .operand(int32, {2}, I32{100, 200})
              .output(int32, {2})
              .result<std::int32_t>() == I32{111, 222});
}

TEST_CASE("products and truth values are reduced over axes") {
    CHECK(Case(OpType::reduce_prod, ReduceAttributes{})
              .operand(int32, {2, 2}, I32{2, 3, 4, 5})
              .operand(int32, {1}, I32{1})
              .output(int32, {2})
              .result<std::int32_t>() == I32{6, 20});
    for (const OpType type : {OpType::reduce_any, OpType::reduce_all}) {
        const auto found = Case(type, ReduceAttributes{})
                               .operand(ElementType::boolean, {3, 2}, Bytes8{0, 0, 0, 1, 1, 1})
                               .operand(int32, {1}, I32{1})
                               .output(ElementType::boolean, {3})
                               .result<std::uint8_t>();
        CHECK(found == (type == OpType::reduce_any ? Bytes8{0, 1, 1} : Bytes8{0, 0, 1}));
    }
}

TEST_CASE("BITWISE_XOR of integers and truth values, whose operands broadcast") {
    CHECK(Case(OpType::bitwise_xor)
              .operand(int8, {2, 2}, I8{-128, 5, 0, -1})
              .operand(int8, {2}, I8{127, 3})
              .output(int8, {2, 2})
              .result<std::int8_t>() == I8{-1, 6, 127, -4});
    CHECK(Case(OpType::bitwise_xor)
              .operand(int32, {2}, I32{INT32_MIN, 12})
              .operand(int32, {2}, I32{-1, 10})
              .output(int32, {2})
              .result<std::int32_t>() == I32{INT32_MAX, 6});
    CHECK(Case(OpType::bitwise_xor)
              .operand(ElementType::boolean, {3}, Bytes8{0, 1, 1})
              .operand(ElementType::boolean, {1}, Bytes8{1})
              .output(ElementType::boolean, {3})
              .result<std::uint8_t>() == Bytes8{1, 0, 0});
    Case real(OpType::bitwise_xor);
    real.operand(float32, {1}, F32{1}).operand(float32, {1}, F32{2}).output(float32, {1});
    CHECK_THROWS_AS(real.run(), NotExecutable);
}

TEST_CASE("an L2 pool is the root of the mean square") {
    WindowAttributes window;
    window.padding = Padding::valid;
    window.filter_h = 1;
    window.filter_w = 2;
    window.stride_w = 2;
    CHECK(Case(OpType::l2_pool_2d, window)
              .operand(float32, {1, 1, 4, 1}, F32{1, 7, -3, 3})
              .output(float32, {1, 1, 2, 1})
              .result<float>() == F32{5, 3});
}

TEST_CASE("an operator without a kernel is refused by its own name") {
    Case unknown(OpType::other);
    unknown.op.builtin_code = 109;
    CHECK_THROWS_WITH(unknown.run(), Catch::Contains("WHERE"));
    Case custom(OpType::custom);
    custom.op.custom_code = "Mine";
    CHECK_THROWS_WITH(custom.run(), Catch::Contains("Mine"));
}
