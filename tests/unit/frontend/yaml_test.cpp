#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "support/environment.hpp"

using namespace u65sim;

namespace {

std::string documented_example() {
    std::ifstream stream(test::source_folder() / "docs/yaml-graphs.md");
    std::stringstream text;
    text << stream.rdbuf();
    const std::string page = text.str();
    const auto begin = page.find("```yaml\n");
    REQUIRE(begin != std::string::npos);
    return page.substr(begin + 8, page.find("```", begin + 8) - begin - 8);
}

void check_fails(const std::string& text, const std::string& message) {
    INFO(text);
    CHECK_THROWS_AS(read_yaml_graph(text, "net.yaml"), InvalidModel);
    CHECK_THROWS_WITH(read_yaml_graph(text, "net.yaml"), Catch::Contains(message));
}

const std::string head = "inputs:\n  - {name: x, shape: [1, 8, 8, 4]}\nlayers:\n";

}  // namespace

TEST_CASE("the documented example reads") {
    const Graph graph = read_yaml_graph(documented_example());
    CHECK(graph.name == "tiny_detector");
    REQUIRE(graph.outputs.size() == 1);
    CHECK(graph.tensors[static_cast<std::size_t>(graph.outputs[0])].shape == Shape{1, 10});
    CHECK(graph.operators.front().name == "stem");
    CHECK(graph.operators.size() == 12);
    CHECK(read_tflite(write_tflite(graph), graph.name) == graph);
}

TEST_CASE("read_yaml_graph: a text becomes exactly this network") {
    const Graph graph = read_yaml_graph(
        "name: small\nweights: {seed: 3}\n" + head +
        "  - {op: conv2d, name: c, filters: 8, kernel: [3, 1], stride: 2, activation: relu6}\n"
        "  - {op: max_pool, name: p, kernel: 2}\n"
        "  - {op: flatten, name: f}\n"
        "  - {op: softmax, name: s}\noutputs: [s, p]\n");
    CHECK(dump(graph) == R"(graph small: 4 operators, 8 tensors
input x 1x8x8x4 int8 q(0.0078125, 0)
0 CONV_2D 'c' same stride=2x2 relu6: (x 1x8x8x4 int8 q(0.0078125, 0), c/weights 8x3x1x4 int8 q[8 scales, axis 0] const, c/bias 8 int32 q[8 scales, axis 0] const) -> (c 1x4x4x8 int8 q(0.015996924, -128))
1 MAX_POOL_2D 'p' valid filter=2x2 stride=2x2: (c 1x4x4x8 int8 q(0.015996924, -128)) -> (p 1x2x2x8 int8 q(0.015996924, -128))
2 RESHAPE 'f' to=1x-1: (p 1x2x2x8 int8 q(0.015996924, -128), f/shape 2 int32 const) -> (f 1x32 int8 q(0.015996924, -128))
3 SOFTMAX 's': (f 1x32 int8 q(0.015996924, -128)) -> (s 1x32 int8 q(0.00390625, -128))
output s 1x32 int8 q(0.00390625, -128)
output p 1x2x2x8 int8 q(0.015996924, -128)
)");
}

TEST_CASE("every documented kind of layer is known") {
    const Graph graph =
        read_yaml_graph("type: int16\n" + head +
                        "  - {op: depthwise_conv2d, kernel: 3, stride: [2, 1], padding: valid}\n"
                        "  - {op: resize_nearest, size: [8, 8]}\n"
                        "  - {op: mul, name: m, from: [x, x], activation: relu}\n"
                        "  - {op: split, name: s, parts: 2}\n"
                        "  - {op: concat, from: [s/1, s/0]}\n"
                        "  - {op: pad, before: [0, 1, 1, 0], after: [0, 1, 1, 0]}\n"
                        "  - {op: slice, begin: [0, 0, 0, 0], size: [1, 4, 4, -1]}\n"
                        "  - {op: mean, axes: [1, 2], keep_dims: true}\n"
                        "  - {op: reshape, shape: [1, 4]}\n"
                        "  - {op: leaky_relu, alpha: 0.2}\n");
    CHECK(graph.tensors[static_cast<std::size_t>(graph.outputs[0])].shape == Shape{1, 4});
    CHECK(graph.tensors[static_cast<std::size_t>(graph.inputs[0])].type == ElementType::int16);
}

TEST_CASE("mistakes are answered with line, column and the nearest word") {
    check_fails(head + "  - {op: con2d, filters: 4, kernel: 3}\n",
                "net.yaml:4:10: unknown op 'con2d'; the nearest known one is 'conv2d'");
    check_fails(head + "  - {op: conv2d, filter: 4, kernel: 3}\n",
                "net.yaml:4:18: unknown key 'filter'; the nearest known one is 'filters'");
    check_fails(head + "  - {op: relu, from: y}\n", "net.yaml:4:22: no earlier layer");
    check_fails(head + "  - {op: conv2d, filters: 0, kernel: 3}\n", "at least 1");
    check_fails(head + "  - {op: conv2d, filters: 4}\n", "net.yaml:4:5: 'kernel' is missing");
    check_fails(head + "  - {op: conv2d, filters: 99999999999, kernel: 3}\n", "whole number");
    check_fails(head + "  - {op: add, from: [x]}\n", "must name 2");
    check_fails(head + "  - {op: relu, name: x}\n", "net.yaml:4:5: ");
    check_fails(head + "  - {op: max_pool, kernel: 9}\n", "net.yaml:4:5: ");
    check_fails("inputs:\n  - {name: x, shape: [8]}\nlayers:\n  - {op: prelu}\n",
                "net.yaml:4:5: prelu of 8: must be of rank 2");
    check_fails("inputs:\n  - {name: x, shape: []}\nlayers:\n  - {op: softmax}\n",
                "net.yaml:4:5: ");
    for (const std::string word : {"-.inf", ".inf", ".nan"}) {
        check_fails("inputs:\n  - {name: x, shape: [1, 4, 4, 4], scale: " + word +
                        "}\nlayers:\n  - {op: conv2d, filters: 4, kernel: 1}\n",
                    "net.yaml:2:43: scale = " + word + ": must be a finite number");
    }
    check_fails(
        "inputs:\n  - {name: x, shape: [1, 4, 4, 4], scale: 0}\n"
        "layers:\n  - {op: conv2d, filters: 4, kernel: 1}\n",
        "net.yaml:2:5: input 'x': scale is 0, must be positive and finite");
    check_fails("layer: []\n", "unknown key 'layer'; the nearest known one is 'layers'");
    check_fails("weights: {sparsity: 2}\ninputs: []\nlayers: []\n", "net.yaml:1:21: sparsity");
    check_fails("inputs: [\n", "net.yaml:");
    check_fails("", "must be a map");
    check_fails(std::string(100'000, '['), "nested deeper");
}

TEST_CASE("a chain whose scale leaves what a float holds is refused at the layer that does it") {
    const std::string input =
        "inputs:\n  - {name: x, shape: [1, 4, 4, 4], scale: 1.0e+15}\nlayers:\n";
    const std::string square = "  - {op: mul, name: a, from: [x, x]}\n";
    CHECK_NOTHROW(read_yaml_graph(input + square, "net.yaml"));
    check_fails(input + square + "  - {op: mul, from: [a, a]}\n", "net.yaml:5:5: ");
}
