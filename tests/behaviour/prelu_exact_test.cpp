// Every form of PRELU gives the bytes of the CPU's kernel.
#include <catch2/catch.hpp>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>

#include "arith/cpu_kernels.hpp"

using namespace u65sim;

namespace {

struct Case {
    Shape slope_shape;
    std::vector<int> slopes;  ///< raw
    float slope_scale;
    std::int64_t slope_zero;
    float in, out;
    std::int64_t in_zero, out_zero;
};

/// A map that holds every int8 value in each of four channels.
const Shape map_shape{1, 16, 16, 4};

Graph graph_of(const Case& c, ElementType type) {
    Graph graph;
    graph.name = "prelu";
    const auto tensor = [&](const Shape& shape, float scale, std::int64_t zero) {
        Tensor t;
        t.name = "t" + std::to_string(graph.tensors.size());
        t.shape = shape;
        t.type = type;
        t.quantization = {{scale}, {zero}, 0};
        graph.tensors.push_back(t);
        return static_cast<TensorId>(graph.tensors.size()) - 1;
    };
    const TensorId x = tensor(map_shape, c.in, c.in_zero);
    const TensorId slope = tensor(c.slope_shape, c.slope_scale, c.slope_zero);
    const TensorId y = tensor(map_shape, c.out, c.out_zero);
    std::vector<std::uint8_t> bytes;
    for (const int value : c.slopes) bytes.push_back(static_cast<std::uint8_t>(value));
    graph.tensors[static_cast<std::size_t>(slope)].data = ConstantData(std::move(bytes));
    Operator op;
    op.type = OpType::prelu;
    op.name = "prelu";
    op.inputs = {x, slope};
    op.outputs = {y};
    graph.operators = {op};
    graph.inputs = {x};
    graph.outputs = {y};
    return graph;
}

void agree(const Case& c, ElementType type) {
    const Graph graph = graph_of(c, type);
    std::vector<std::uint8_t> input(static_cast<std::size_t>(element_count(map_shape)));
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i / 4);
    const Operator& op = graph.operators[0];
    const auto& slope = graph.tensors[1];
    const std::vector<arith::CpuOperand> operands{{&graph.tensors[0], input},
                                                  {&slope, slope.data.bytes()}};
    const std::vector<const Tensor*> outputs{&graph.tensors[2]};
    const auto wanted = arith::run_cpu_operator(op, operands, outputs);
    for (const char* preset : {"u65-256", "u65-512", "u55-64"}) {
        for (const bool like_vela : {false, true}) {
            CAPTURE(preset, like_vela);
            CompileOptions options;
            options.like_vela = like_vela;
            const Target target = Target::preset(preset);
            const auto done =
                execute(compile(graph, target, options), target, {input}, {.check = true});
            CHECK(done.outputs == wanted);
            CHECK(done.findings.empty());
        }
    }
}

}  // namespace

TEST_CASE("PRELU is exact for slopes of every kind") {
    const Shape channels{1, 1, 4};
    const std::vector<int> below{-60, 0, 30, 64}, mixed{-128, 5, 100, 127},
        above{80, 100, 120, 127};
    std::vector<int> each(16 * 16 * 4);
    std::iota(each.begin(), each.end(), 0);
    for (int& value : each) value = value % 60 - 20;
    for (const Case& c : {Case{channels, below, 0.015F, 0, 0.05F, 0.04F, -3, 10},
                          Case{channels, below, 0.015F, 0, 0.05F, 0.05F, 7, 7},
                          Case{channels, mixed, 0.015F, 0, 0.05F, 0.03F, -100, -128},
                          Case{channels, mixed, 0.03F, -128, 0.05F, 0.3F, 0, 127},
                          Case{channels, above, 0.02F, 0, 0.02F, 0.05F, 20, -90},
                          Case{channels, {66, 67, 66, 67}, 0.015F, 0, 0.0512F, 0.05F, 0, 0},
                          Case{{1, 1, 1}, {40}, 0.01F, 0, 0.05F, 0.02F, 3, -9},
                          Case{{16, 16, 4}, each, 0.02F, -3, 0.05F, 0.02F, 3, -9}}) {
        CAPTURE(c.slopes.front(), c.slope_scale, c.in, c.out);
        agree(c, ElementType::int8);
    }
    agree({channels, {0, 200, 128, 255}, 0.02F, 128, 0.05F, 0.04F, 100, 130}, ElementType::uint8);
}
