// Products of two maps on the NPU give the bytes of the CPU's kernel.
#include <catch2/catch.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "arith/cpu_kernels.hpp"

using namespace u65sim;

namespace {

struct MatrixProduct {
    Shape a, b, out;
    bool adjoint_x = false, adjoint_y = false;
    ElementType type = ElementType::int8;
    std::int64_t zero_a = 0, zero_b = 0;
};

Graph graph_of(const MatrixProduct& p) {
    Graph graph;
    graph.name = "product";
    const auto tensor = [&](const Shape& shape, float scale, std::int64_t zero) {
        Tensor t;
        t.name = "t" + std::to_string(graph.tensors.size());
        t.shape = shape;
        t.type = p.type;
        t.quantization = {{scale}, {zero}, 0};
        graph.tensors.push_back(t);
        return static_cast<TensorId>(graph.tensors.size()) - 1;
    };
    Operator op;
    op.type = OpType::batch_matmul;
    op.name = "product";
    op.inputs = {tensor(p.a, 0.02F, p.zero_a), tensor(p.b, 0.03F, p.zero_b)};
    op.outputs = {tensor(p.out, 0.17F, p.type == ElementType::int8 ? -7 : 121)};
    op.attributes = BatchMatmulAttributes{p.adjoint_x, p.adjoint_y, false};
    graph.inputs = op.inputs;
    graph.outputs = op.outputs;
    graph.operators = {op};
    return graph;
}

/// Bytes that hold the extremes, too.
std::vector<std::uint8_t> values(const Shape& shape, std::mt19937& random) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(element_count(shape)));
    for (auto& byte : bytes) {
        const auto drawn = static_cast<std::uint8_t>(random());
        byte = random() % 4 == 0 ? (drawn < 128 ? 0x80 : 0x7F) : drawn;
    }
    return bytes;
}

void agree(const MatrixProduct& p, const char* preset, std::int64_t sram = 0) {
    const Graph graph = graph_of(p);
    Target target = Target::preset(preset);
    if (sram > 0) target.sram.size = Bytes{sram};
    std::mt19937 random{7};
    const std::vector<std::vector<std::uint8_t>> inputs{values(p.a, random), values(p.b, random)};
    const std::vector<arith::CpuOperand> operands{{&graph.tensors[0], inputs[0]},
                                                  {&graph.tensors[1], inputs[1]}};
    const std::vector<const Tensor*> outputs{&graph.tensors[2]};
    const auto wanted = arith::run_cpu_operator(graph.operators[0], operands, outputs);
    for (const bool like_vela : {false, true}) {
        CompileOptions options;
        options.like_vela = like_vela;
        const CompiledNetwork network = compile(graph, target, options);
        REQUIRE(network.segments.size() == 1);
        const auto done = execute(network, target, inputs, {.check = true});
        CAPTURE(preset, to_string(p.a), to_string(p.b), p.adjoint_x, p.adjoint_y, p.zero_a,
                p.zero_b, like_vela);
        CHECK(done.outputs == wanted);
        CHECK(done.findings.empty());
    }
}

}  // namespace

TEST_CASE("BATCH_MATMUL is exact for every form, zero point and batch") {
    std::vector<MatrixProduct> products;
    for (const bool x : {false, true}) {
        for (const bool y : {false, true}) {
            // Products of 16 and of 32 bits.
            for (const std::int64_t zero : {0, -128}) {
                MatrixProduct p;
                p.a = x ? Shape{2, 19, 13} : Shape{2, 13, 19};
                p.b = y ? Shape{2, 21, 19} : Shape{2, 19, 21};
                p.out = {2, 13, 21};
                p.adjoint_x = x;
                p.adjoint_y = y;
                p.zero_a = zero;
                p.zero_b = zero / -2;
                products.push_back(p);
                p.type = ElementType::uint8;
                p.zero_a = zero + 128;
                p.zero_b = 128;
                products.push_back(p);
            }
        }
    }
    // Batches that broadcast, one dimension of one, matrices alone.
    products.push_back({{3, 1, 5, 8}, {1, 2, 8, 4}, {3, 2, 5, 4}});
    products.push_back({{5, 8}, {2, 8, 4}, {2, 5, 4}, false, false, ElementType::int8, -128, 60});
    products.push_back({{1, 32}, {32, 1}, {1, 1}, false, false, ElementType::int8, -128, -128});
    products.push_back({{40, 1}, {1, 40}, {40, 40}});
    for (const MatrixProduct& p : products) {
        for (const char* preset : {"u65-256", "u65-512", "u55-64"}) agree(p, preset);
    }
}

TEST_CASE("BATCH_MATMUL in parts of a row computes the same") {
    for (const std::int64_t zero : {0, -128}) {
        for (const bool y : {false, true}) {
            MatrixProduct p{{3, 300}, y ? Shape{40, 300} : Shape{300, 40}, {3, 40}};
            p.adjoint_y = y;
            p.zero_a = zero;
            p.zero_b = 100;
            agree(p, "u65-256", 32 * 1024);
        }
    }
}
