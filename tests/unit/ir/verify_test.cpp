#include <limits>

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>

#include "ir/analysis.hpp"

using namespace u65sim;

namespace {

Graph small() {
    GraphBuilder net{"small"};
    const Value x = net.conv2d(net.input({1, 6, 6, 3}), 4, Window::square(3), {.name = "conv"});
    net.output(net.max_pool(x, Window::square(2, 2), {.name = "pool"}));
    return net.build();
}

}  // namespace

TEST_CASE("verify names what breaks a rule") {
    Graph graph = small();
    CHECK_NOTHROW(verify(graph));
    std::string part;
    SECTION("operand out of range") {
        graph.operators[0].inputs[1] = 99;
        part = "tensor 99";
    }
    SECTION("operand left out") {
        graph.operators[0].inputs[1] = no_tensor;
        part = "operand 1 is left out";
    }
    SECTION("constant of the wrong size") {
        graph.tensors[static_cast<std::size_t>(graph.operators[0].inputs[1])].data =
            ConstantData{std::vector<std::uint8_t>(5)};
        part = "holds 5 bytes, must be 108";
    }
    SECTION("wrong order") {
        std::swap(graph.operators[0], graph.operators[1]);
        part = "made by no earlier operator";
    }
    SECTION("two producers") {
        graph.operators[1].outputs = graph.operators[0].outputs;
        part = "made by an earlier operator too";
    }
    SECTION("name taken") {
        graph.operators[1].name = "conv";
        part = "name is taken";
    }
    SECTION("attributes of another kind") {
        graph.operators[1].attributes = SoftmaxAttributes{};
        part = "attributes are of another kind";
    }
    SECTION("shape that inference contradicts") {
        graph.tensors[static_cast<std::size_t>(graph.outputs[0])].shape = {1, 2, 3, 4};
        part = "is 1x2x3x4, must be 1x3x3x4";
    }
    SECTION("stride of zero") {
        std::get<WindowAttributes>(graph.operators[1].attributes).stride_h = 0;
        part = "stride is 0x2";
    }
    SECTION("negative extent") {
        graph.tensors[static_cast<std::size_t>(graph.inputs[0])].shape[1] = -1;
        part = "extents must not be negative";
    }
    SECTION("size beyond 64 bits") {
        graph.tensors[static_cast<std::size_t>(graph.inputs[0])].shape =
            Shape(4, std::numeric_limits<std::int32_t>::max());
        part = "64 bits";
    }
    SECTION("scale that is no number") {
        graph.tensors[static_cast<std::size_t>(graph.inputs[0])].quantization.scales[0] =
            std::numeric_limits<float>::quiet_NaN();
        part = "scale is nan";
    }
    SECTION("zero point outside the type") {
        graph.tensors[static_cast<std::size_t>(graph.inputs[0])].quantization.zero_points[0] = 128;
        part = "zero point is 128";
    }
    SECTION("too few scales along an axis") {
        auto& weights = graph.tensors[static_cast<std::size_t>(graph.operators[0].inputs[1])];
        weights.quantization.scales.pop_back();
        weights.quantization.zero_points.pop_back();
        part = "3 scales for 4 slices";
    }
    SECTION("output without producer") {
        graph.tensors.push_back({"lost", {1}, ElementType::int8, {}, {}, false});
        graph.outputs = {static_cast<TensorId>(graph.tensors.size() - 1)};
        part = "'lost' is made by no operator";
    }
    CHECK_THROWS_WITH(verify(graph), Catch::Contains(part));
    CHECK_THROWS_AS(verify(graph), InvalidModel);
}

TEST_CASE("several command streams may write parts of one tensor") {
    Graph graph = small();
    Operator part;
    part.type = OpType::custom;
    part.custom_code = "ethos-u";
    part.outputs = graph.operators[1].outputs;
    for (const std::size_t reads : {0, 1}) {
        part.name = "part " + std::to_string(reads);
        part.inputs = {graph.operators[reads].inputs[0]};
        graph.operators.push_back(part);
    }
    SECTION("and nothing else") {
        graph.operators.erase(graph.operators.begin() + 1);
        CHECK_NOTHROW(verify(graph));
        const ir::Connections connections{graph};
        CHECK(connections.producer_of(part.outputs[0]) == 2);
    }
    SECTION("but not beside one that makes it whole") {
        CHECK_THROWS_WITH(verify(graph), Catch::Contains("made by an earlier operator too"));
        CHECK_THROWS_WITH(ir::Connections(graph), Catch::Contains("must have one producer"));
    }
}

TEST_CASE("a slice with an ellipsis and new axes has the shape that its operands give") {
    Graph graph;
    const auto add = [&](const Shape& shape, std::vector<std::int32_t> values = {}) {
        Tensor tensor;
        tensor.name = "t" + std::to_string(graph.tensors.size());
        tensor.type = ElementType::int32;
        tensor.shape = shape;
        if (!values.empty()) {
            std::vector<std::uint8_t> bytes(4 * values.size());
            std::memcpy(bytes.data(), values.data(), bytes.size());
            tensor.data = ConstantData{std::move(bytes)};
        }
        graph.tensors.push_back(tensor);
        return static_cast<TensorId>(graph.tensors.size() - 1);
    };
    Operator op;
    op.name = "slice";
    op.type = OpType::strided_slice;
    // x[..., newaxis, 1:3, 2] of 2x4x4x3
    op.attributes = StridedSliceAttributes{0, 0, 1, 2, 8};
    graph.inputs = {add({2, 4, 4, 3})};
    op.inputs = {graph.inputs[0], add({4}, {0, 0, 1, 2}), add({4}, {0, 0, 3, 3}),
                 add({4}, {1, 1, 1, 1})};
    op.outputs = {add({2, 4, 1, 2})};
    graph.outputs = op.outputs;
    graph.operators = {op};
    verify(graph);
    graph.tensors.back().shape = {2, 4, 1, 3};
    CHECK_THROWS_WITH(verify(graph), Catch::Contains("is 2x4x1x3, must be 2x4x1x2"));
}
