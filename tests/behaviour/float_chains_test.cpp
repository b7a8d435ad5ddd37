// Float32 operators between a DEQUANTIZE and a QUANTIZE, which converters leave where they cannot
// quantise one, are a look-up on the NPU with the bytes of the CPU's kernels.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/target.hpp>

#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

const Shape shape{1, 4, 8, 8};

struct Chain {
    test::Builder builder;
    TensorId in = builder.input(shape);
    TensorId last = in;

    void add(OpType type, TensorId to) {
        builder.op(type, {last}, to);
        last = to;
    }
    TensorId float_map() {
        const TensorId id = builder.map(shape);
        Tensor& made = builder.graph.tensors[static_cast<std::size_t>(id)];
        made.type = ElementType::float32;
        made.quantization = {};
        return id;
    }
    /// What the converter leaves of an operator without a quantised form.
    void add_float(const std::vector<OpType>& types) {
        add(OpType::dequantize, float_map());
        for (const OpType type : types) add(type, float_map());
        add(OpType::quantize, builder.map(shape, 0.03F, 10));
    }
};

std::vector<std::uint8_t> every_byte() {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(element_count(shape)));
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
    return bytes;
}

}  // namespace

TEST_CASE("A negation on float32 between 8 bits runs on the NPU, exactly") {
    Chain chain;
    chain.add_float({OpType::neg});
    const Graph graph = chain.builder.finish(chain.last);
    std::vector<std::uint8_t> wanted;
    for (const std::uint8_t byte : every_byte()) {
        const float value = -0.05F * static_cast<float>(static_cast<std::int8_t>(byte) + 3);
        const auto quantised = static_cast<int>(std::round(value / 0.03F)) + 10;
        wanted.push_back(static_cast<std::uint8_t>(std::clamp(quantised, -128, 127)));
    }
    for (const char* name : {"u65-256", "u55-64"}) {
        const Target target = Target::preset(name);
        const CompiledNetwork network = compile(graph, target);
        CHECK(network.cpu_operators.empty());
        const Execution done = execute(network, target, {every_byte()}, {.check = true});
        CHECK(done.outputs == std::vector<std::vector<std::uint8_t>>{wanted});
        CHECK(done.findings.empty());
    }
}

TEST_CASE("GIVEN several exact float32 operators in a row, THEN they are one look-up") {
    Chain chain;
    chain.add_float({OpType::abs, OpType::sqrt, OpType::floor, OpType::neg});
    const Graph graph = chain.builder.finish(chain.last);
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    CHECK(network.cpu_operators.empty());
    CompileOptions like_vela;
    like_vela.like_vela = true;
    const CompiledNetwork on_cpu = compile(graph, target, like_vela);
    CHECK(on_cpu.cpu_operators.size() == 6);
    CHECK(execute(network, target, {every_byte()}).outputs ==
          execute(on_cpu, target, {every_byte()}).outputs);
}

TEST_CASE("Effort high leaves no more to the CPU for the sake of the NPU's cycles") {
    Chain chain;
    chain.last = chain.builder.conv(chain.in, 8, 3);
    chain.add_float({OpType::neg});
    const Graph graph = chain.builder.finish(chain.last);
    const Target target = Target::preset("u65-256");
    CompileOptions like_vela;
    like_vela.like_vela = true;
    REQUIRE(compile(graph, target, like_vela).cpu_operators.size() == 3);
    CHECK(compile(graph, target, {}, Effort::high).cpu_operators.empty());
}

TEST_CASE("A float32 map that others read, or an operator that rounds, leaves a chain on the CPU") {
    const auto on_cpu = [](const Chain& chain, std::vector<TensorId> outputs) {
        Graph graph = chain.builder.graph;
        graph.outputs = std::move(outputs);
        return compile(graph, Target::preset("u65-256")).cpu_operators.size();
    };
    Chain read_twice;
    read_twice.add_float({OpType::neg});
    CHECK(on_cpu(read_twice, {read_twice.last}) == 0);
    CHECK(on_cpu(read_twice, {read_twice.last, read_twice.last - 1}) == 3);
    Chain rounds;
    rounds.add_float({OpType::exp});
    CHECK(on_cpu(rounds, {rounds.last}) == 3);
}
