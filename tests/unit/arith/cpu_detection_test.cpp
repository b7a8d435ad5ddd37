// TFLite_Detection_PostProcess on boxes worked out by hand.
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

// Headers alone: its locale object is in the library.
#define FLATBUFFERS_LOCALE_INDEPENDENT 0
#include <flatbuffers/flexbuffers.h>

#include <u65sim/error.hpp>

#include "arith/cpu_kernels.hpp"

using namespace u65sim;

namespace {

using Bytes8 = std::vector<std::uint8_t>;

Bytes8 bytes_of(const std::vector<float>& values) {
    Bytes8 bytes(values.size() * sizeof(float));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}
std::vector<float> values_of(const Bytes8& bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

Bytes8 options(int detections, bool by_class) {
    flexbuffers::Builder builder;
    builder.Map([&] {
        builder.Int("max_detections", detections);
        builder.Int("max_classes_per_detection", 1);
        builder.Int("num_classes", 2);
        builder.Bool("use_regular_nms", by_class);
        builder.Float("nms_score_threshold", 0.15F);
        builder.Float("nms_iou_threshold", 0.5F);
        for (const char* name : {"y_scale", "x_scale"}) builder.Float(name, 10.0F);
        for (const char* name : {"h_scale", "w_scale"}) builder.Float(name, 5.0F);
    });
    builder.Finish();
    return builder.GetBuffer();
}

Tensor tensor(Shape shape) {
    Tensor result;
    result.type = ElementType::float32;
    result.shape = std::move(shape);
    return result;
}

/// Three anchors without offsets, the second one inside of the first, two classes.
std::vector<Bytes8> detect(const Bytes8& custom_options, int places) {
    Operator op;
    op.name = "detect";
    op.type = OpType::custom;
    op.custom_code = "TFLite_Detection_PostProcess";
    op.custom_options = custom_options;
    const std::vector<Tensor> in{tensor({1, 3, 4}), tensor({1, 3, 2}), tensor({3, 4})};
    const std::vector<Bytes8> data{
        bytes_of(std::vector<float>(12, 0.0F)), bytes_of({0.9F, 0.1F, 0.8F, 0.3F, 0.2F, 0.7F}),
        bytes_of({0.5F, 0.5F, 1, 1, 0.5F, 0.5F, 0.9F, 0.9F, 5, 5, 1, 1})};
    const std::vector<Tensor> out{tensor({1, places, 4}), tensor({1, places}), tensor({1, places}),
                                  tensor({1})};
    std::vector<arith::CpuOperand> operands;
    std::vector<const Tensor*> results;
    for (std::size_t i = 0; i < in.size(); ++i) operands.push_back({&in[i], data[i]});
    for (const Tensor& each : out) results.push_back(&each);
    return arith::run_cpu_operator(op, operands, results);
}

}  // namespace

TEST_CASE("a box that overlaps a better one is left out with all its classes") {
    const auto found = detect(options(3, false), 3);
    CHECK(values_of(found[0]) ==
          std::vector<float>{0, 0, 1, 1, 4.5F, 4.5F, 5.5F, 5.5F, 0, 0, 0, 0});
    CHECK(values_of(found[1]) == std::vector<float>{0, 1, 0});
    CHECK(values_of(found[2]) == std::vector<float>{0.9F, 0.7F, 0});
    CHECK(values_of(found[3]) == std::vector<float>{2});
}

TEST_CASE("by class, a box is left out of the classes where a better one overlaps it") {
    const auto found = detect(options(4, true), 4);
    // Class 0: boxes 0 and 2 (score 0.2); class 1: boxes 2 and 1, where box 0 is below the
    // threshold.
    CHECK(values_of(found[1]) == std::vector<float>{0, 1, 1, 0});
    CHECK(values_of(found[2]) == std::vector<float>{0.9F, 0.7F, 0.3F, 0.2F});
    CHECK(values_of(found[3]) == std::vector<float>{4});
}

TEST_CASE("options that are no map of the right numbers are refused") {
    CHECK_THROWS_AS(detect({}, 3), InvalidModel);
    CHECK_THROWS_AS(detect({1, 2, 3, 4, 5}, 3), InvalidModel);
    CHECK_THROWS_AS(detect(options(0, false), 3), InvalidModel);
    CHECK_THROWS_AS(detect(options(3, false), 5), InvalidModel);  // another room than the output's
    Bytes8 cut = options(3, false);
    cut.resize(cut.size() - 1);
    CHECK_THROWS_AS(detect(cut, 3), Error);
}
