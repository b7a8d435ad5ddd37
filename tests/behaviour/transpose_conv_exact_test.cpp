// Transposed convolutions on the NPU give the bytes of the CPU's kernel, by phases and over zeros.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "arith/cpu_kernels.hpp"
#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

struct Case {
    std::int32_t height, width, depth, filters, kernel_h, kernel_w, stride_h, stride_w;
    Padding padding;
};

Graph graph_of(const Case& c) {
    test::Builder b;
    const auto size = [&](std::int32_t n, std::int32_t kernel, std::int32_t stride) {
        return c.padding == Padding::same ? n * stride
                                          : (n - 1) * stride + std::max(kernel, stride);
    };
    const Shape out{1, size(c.height, c.kernel_h, c.stride_h),
                    size(c.width, c.kernel_w, c.stride_w), c.filters};
    const TensorId shape = b.numbers({out[0], out[1], out[2], out[3]});
    const TensorId filter = b.weights({c.filters, c.kernel_h, c.kernel_w, c.depth});
    const TensorId map = b.input({1, c.height, c.width, c.depth});
    const TensorId bias =
        b.numbers(std::vector<std::int32_t>(static_cast<std::size_t>(c.filters), -321));
    const TensorId made = b.map(out, 0.9F, 4);
    WindowAttributes window;
    window.stride_h = c.stride_h;
    window.stride_w = c.stride_w;
    window.padding = c.padding;
    b.op(OpType::transpose_conv, {shape, filter, map, bias}, made, window);
    return b.finish(made);
}

}  // namespace

TEST_CASE("TRANSPOSE_CONV is exact for random windows and strides") {
    std::mt19937 random{11};
    const auto pick = [&](int from, int to) {
        return std::uniform_int_distribution<std::int32_t>(from, to)(random);
    };
    std::size_t in_phases = 0;
    for (int i = 0; i < 60; ++i) {
        Case c{};
        c.height = pick(1, 12);
        c.width = pick(1, 24);
        c.depth = pick(1, 40);
        c.filters = pick(1, 40);
        c.stride_h = pick(1, 4);
        c.stride_w = pick(0, 2) == 0 ? pick(1, 4) : c.stride_h;
        c.kernel_h = pick(c.stride_h, 7);
        c.kernel_w = pick(c.stride_w, 7);
        c.padding = pick(0, 1) == 0 ? Padding::same : Padding::valid;
        const Graph graph = graph_of(c);
        const Operator& op = graph.operators[0];
        std::vector<std::uint8_t> input(
            static_cast<std::size_t>(element_count(graph.tensors[2].shape)));
        for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
        std::vector<arith::CpuOperand> operands;
        for (const TensorId id : op.inputs) {
            const Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
            operands.push_back({&tensor, tensor.data
                                             ? std::span<const std::uint8_t>{tensor.data.bytes()}
                                             : std::span<const std::uint8_t>{input}});
        }
        const std::vector<const Tensor*> outputs{
            &graph.tensors[static_cast<std::size_t>(op.outputs[0])]};
        const auto wanted = arith::run_cpu_operator(op, operands, outputs);
        const Target target = Target::preset(i % 2 == 0 ? "u65-256" : "u55-128");
        CAPTURE(i, c.height, c.width, c.depth, c.filters, c.kernel_h, c.kernel_w, c.stride_h,
                c.stride_w, c.padding == Padding::same);
        const CompiledNetwork network = compile(graph, target);
        CHECK(network.segments.size() == 1);
        const Execution done = execute(network, target, {input}, {.check = true});
        CHECK(done.outputs == wanted);
        CHECK(done.findings.empty());
        in_phases += c.stride_h > 2 || c.stride_w > 2;
    }
    CHECK(in_phases > 20);
}
