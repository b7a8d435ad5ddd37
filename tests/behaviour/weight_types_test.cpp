// Weights of types that the NPU does not take: executed on the CPU, or refused by their names.
#include <catch2/catch.hpp>
#include <cstring>
#include <random>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>

using namespace u65sim;

namespace {

using Bytes8 = std::vector<std::uint8_t>;

Bytes8 drawn(std::size_t size, unsigned seed) {
    std::mt19937 random{seed};
    Bytes8 bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

Graph fully_connected(Bytes8 weights, std::int32_t units, std::int32_t inputs) {
    GraphBuilder net{"fc"};
    GivenWeights given;
    given.values = std::move(weights);
    given.quantization = {{0.05F}, {0}, 0};
    const Value x = net.input({1, inputs}, "in", Quantization{{0.1F}, {3}, 0});
    net.output(net.fully_connected(
        x, units, {.name = "fc", .quantization = Quantization{{0.5F}, {-7}, 0}, .weights = given}));
    return net.build();
}

/// Float32 at the network's inputs and outputs, whatever the weights are.
void set_float_maps(Graph& graph) {
    for (const TensorId id : {graph.inputs[0], graph.outputs[0]}) {
        Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
        tensor.type = ElementType::float32;
        tensor.quantization = {};
    }
}

Tensor& weights_of(Graph& graph) {
    return graph.tensors[static_cast<std::size_t>(graph.operators.at(0).inputs.at(1))];
}

}  // namespace

TEST_CASE("int4 weights compute what the same weights in int8 do, two to a byte") {
    constexpr std::int32_t units = 5, inputs = 7;  // an odd number: the last byte is half full
    const Target target = Target::preset("u65-256");
    Bytes8 wide = drawn(units * inputs, 3);
    for (auto& value : wide) {
        value = static_cast<std::uint8_t>(static_cast<int>(value % 16) - 8);
    }
    const Graph plain = fully_connected(wide, units, inputs);
    Graph narrow = plain;
    Bytes8 packed((wide.size() + 1) / 2);
    for (std::size_t i = 0; i < wide.size(); ++i) {
        packed[i / 2] = static_cast<std::uint8_t>(packed[i / 2] | (wide[i] & 0xF) << (4 * (i % 2)));
    }
    weights_of(narrow).type = ElementType::int4;
    weights_of(narrow).data = ConstantData{packed};
    CHECK(stored_bytes(weights_of(narrow)) == 18);
    CHECK(read_tflite(write_tflite(narrow), narrow.name) == narrow);
    const CompiledNetwork network = compile(narrow, target);
    REQUIRE(network.cpu_operators.size() == 1);
    CHECK_THAT(network.cpu_operators[0].reason, Catch::Contains("int4"));
    const Bytes8 input = drawn(inputs, 4);
    CHECK(execute(network, target, {input}).outputs ==
          execute(compile(plain, target), target, {input}).outputs);
}

TEST_CASE("float maps with int8 weights quantise their input, or are refused by their name") {
    const Target target = Target::preset("u65-256");
    const Bytes8 weights{1, 2, 3, 4, 0xFF, 0, 0x7F, 0x80, 10, 20, 30, 40};
    Graph graph = fully_connected(weights, 3, 4);
    set_float_maps(graph);
    graph.operators[0].inputs.resize(2);  // no bias
    // The largest value, 2, becomes 127: the third weight of each row, times its scale of 0.05,
    // twice.
    const float input[] = {0.0F, 0.0F, 2.0F, 0.0F};
    Bytes8 bytes(sizeof input);
    std::memcpy(bytes.data(), input, sizeof input);
    const auto outputs = execute(compile(graph, target), target, {bytes}).outputs;
    float results[3];
    REQUIRE(outputs.at(0).size() == sizeof results);
    std::memcpy(results, outputs[0].data(), sizeof results);
    for (std::size_t unit = 0; unit < 3; ++unit) {
        const auto weight = static_cast<std::int8_t>(weights[4 * unit + 2]);
        CHECK(results[unit] == Approx(2 * 0.05 * weight).epsilon(1e-6));
    }

    GraphBuilder net{"up"};
    net.output(
        net.transpose_conv(net.input({1, 2, 2, 4}, "in"), 4, Window::square(2, 2), {.name = "up"}));
    Graph transposed = net.build();
    set_float_maps(transposed);
    transposed.operators[0].inputs.resize(3);  // no bias
    CHECK_THROWS_WITH(execute(compile(transposed, target), target, {Bytes8(64)}),
                      Catch::Contains("TRANSPOSE_CONV") && Catch::Contains("int8 weights") &&
                          Catch::Contains("dynamic-range"));
}

TEST_CASE("float16 weights behind DEQUANTIZE become float32 constants") {
    const Target target = Target::preset("u65-256");
    Graph graph = fully_connected(drawn(4, 1), 1, 4);
    set_float_maps(graph);
    graph.operators[0].inputs.resize(2);  // no bias
    Tensor& weights = weights_of(graph);
    weights.quantization = {};
    weights.type = ElementType::float16;
    // 1, -2, the smallest number 2^-24, 65504
    const std::vector<std::uint16_t> halves{0x3C00, 0xC000, 0x0001, 0x7BFF};
    Bytes8 bytes(8);
    std::memcpy(bytes.data(), halves.data(), 8);
    weights.data = ConstantData{bytes};
    Tensor wide = weights;
    wide.name = "wide";
    wide.type = ElementType::float32;
    wide.data = {};
    graph.tensors.push_back(wide);
    Operator widen;
    widen.name = "wide";
    widen.type = OpType::dequantize;
    widen.inputs = {graph.operators[0].inputs[1]};
    widen.outputs = {static_cast<TensorId>(graph.tensors.size() - 1)};
    graph.operators[0].inputs[1] = widen.outputs[0];
    graph.operators.insert(graph.operators.begin(), widen);
    verify(graph);
    const CompiledNetwork network = compile(graph, target);
    CHECK(network.graph.operators.size() == 1);
    const std::vector<float> ones{1, 1, 16777216, 0.5F};
    Bytes8 input(16);
    std::memcpy(input.data(), ones.data(), 16);
    const auto output = execute(network, target, {input}).outputs.at(0);
    float sum = 0;
    std::memcpy(&sum, output.data(), 4);
    CHECK(sum == 1.0F - 2.0F + 1.0F + 32752.0F);
}

TEST_CASE("a channel whose weights have a scale of zero is its zero point") {
    const Target target = Target::preset("u65-256");
    GraphBuilder net{"dead"};
    GivenWeights given;
    given.values = drawn(3 * 4, 9);
    given.quantization = {{0.05F, 0.04F, 0.03F}, {0, 0, 0}, 0};
    const Value x = net.input({1, 2, 2, 4}, "in", Quantization{{0.1F}, {3}, 0});
    net.output(net.conv2d(
        x, 3, Window{},
        {.name = "conv", .quantization = Quantization{{0.5F}, {-7}, 0}, .weights = given}));
    Graph graph = net.build();
    weights_of(graph).quantization.scales[1] = 0.0F;
    verify(graph);
    const CompiledNetwork network = compile(graph, target);
    CHECK(network.cpu_operators.empty());
    const auto output = execute(network, target, {drawn(16, 2)}).outputs.at(0);
    for (std::size_t i = 1; i < output.size(); i += 3) {
        CHECK(static_cast<std::int8_t>(output[i]) == -7);
    }
}
