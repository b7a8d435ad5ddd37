// Why an operator is left to the CPU.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// The only operator's line.
std::string decision(OpType type, const Shape& from, const Shape& to, Attributes attributes,
                     const std::vector<std::vector<std::int32_t>>& numbers = {}) {
    test::Builder b;
    std::vector<TensorId> inputs{b.input(from)};
    for (const auto& each : numbers) inputs.push_back(b.numbers(each));
    const TensorId out = b.map(to);
    b.op(type, inputs, out, std::move(attributes));
    return test::dump_after("check_support", b.finish(out));
}

WindowAttributes pool_window(std::int32_t size) {
    WindowAttributes window;
    window.padding = Padding::valid;
    window.filter_h = window.filter_w = size;
    return window;
}

}  // namespace

TEST_CASE("check_support: windows end at the hardware's limits") {
    CHECK(decision(OpType::max_pool_2d, {1, 256, 256, 8}, {1, 1, 1, 8}, pool_window(256)) ==
          R"(MAX_POOL_2D op0: npu
)");
    CHECK(decision(OpType::max_pool_2d, {1, 257, 257, 8}, {1, 1, 1, 8}, pool_window(257)) ==
          R"(MAX_POOL_2D op0: cpu, window is 257x257: at most 256 high and 65536 elements
)");
}

TEST_CASE("check_support: float maps are the CPU's") {
    test::Builder b;
    const TensorId x = b.input({1, 4, 4, 8});
    const TensorId out = b.map({1, 4, 4, 8});
    for (Tensor& tensor : b.graph.tensors) {
        tensor.type = ElementType::float32;
        tensor.quantization = {};
    }
    b.op(OpType::relu, {x}, out);
    CHECK(test::dump_after("check_support", b.finish(out)) ==
          R"(RELU op0: cpu, input 'map0' is float32: the NPU takes int8, uint8, int16 and int32
)");
}

TEST_CASE("check_support: maps without a quantisation are the CPU's") {
    test::Builder b;
    const TensorId x = b.input({1, 4, 4, 8});
    const TensorId out = b.map({1, 4, 4, 8});
    b.graph.tensors[0].quantization = {};
    b.op(OpType::logistic, {x}, out);
    CHECK(test::dump_after("check_support", b.finish(out)) ==
          R"(LOGISTIC op0: cpu, input 'map0' needs one scale for the whole tensor
)");
}

TEST_CASE("check_support: a custom operator is the CPU's") {
    test::Builder b;
    const TensorId x = b.input({1, 4, 4, 8});
    const TensorId out = b.map({1, 4, 4, 8});
    b.op(OpType::custom, {x}, out);
    b.graph.operators.back().custom_code = "mine";
    CHECK(test::dump_after("check_support", b.finish(out)) ==
          R"(CUSTOM:mine op0: cpu, CUSTOM:mine has no form on the NPU
)");
}
