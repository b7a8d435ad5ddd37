// Where results lie halfway between two integers, each operator rounds as the reference kernel
// does: QUANTIZE, MUL and 8-bit convolutions in two steps, sums and pools away from zero, means up.
#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>

#include "arith/cpu_kernels.hpp"

using namespace u65sim;

namespace {

constexpr int count = 256;  ///< every value of a signed byte

Tensor tensor(const std::string& name, Shape shape, float scale) {
    Tensor result;
    result.name = name;
    result.shape = std::move(shape);
    result.type = ElementType::int8;
    result.quantization = {{scale}, {0}, 0};
    return result;
}

/// One operator on int8 maps without zero points: the input, a constant, the result.
struct Layer {
    Graph graph;

    Layer(OpType type, Attributes attributes, Shape input, Shape output, float output_scale) {
        graph.name = "ties";
        graph.tensors = {tensor("in", std::move(input), 1.0F),
                         tensor("out", std::move(output), output_scale)};
        Operator op;
        op.name = "op";
        op.type = type;
        op.inputs = {0};
        op.outputs = {1};
        op.attributes = std::move(attributes);
        graph.operators = {op};
        graph.inputs = {0};
        graph.outputs = {1};
    }
    Layer& constant(Tensor values, std::vector<std::uint8_t> bytes) {
        values.data = ConstantData(std::move(bytes));
        graph.operators[0].inputs.push_back(static_cast<TensorId>(graph.tensors.size()));
        graph.tensors.push_back(std::move(values));
        return *this;
    }
    Layer& number(std::int8_t value, Shape shape) {
        return constant(tensor("constant", std::move(shape), 1.0F),
                        {static_cast<std::uint8_t>(value)});
    }
    Layer& integers(const std::vector<std::int32_t>& values) {
        Tensor list;
        list.name = "integers";
        list.type = ElementType::int32;
        list.shape = {static_cast<std::int32_t>(values.size())};
        std::vector<std::uint8_t> bytes;
        for (const std::int32_t value : values) {
            for (int shift = 0; shift < 32; shift += 8) {
                bytes.push_back(static_cast<std::uint8_t>(value >> shift));
            }
        }
        return constant(std::move(list), std::move(bytes));
    }

    /// On the NPU and by the CPU's kernel, which agree.
    [[nodiscard]] std::vector<std::uint8_t> run(const std::vector<std::uint8_t>& input) const {
        const Target target = Target::preset("u65-256");
        const CompiledNetwork network = compile(graph, target);
        CHECK(network.cpu_operators.empty());
        const auto result = execute(network, target, {input}, {.check = true}).outputs.at(0);
        std::vector<arith::CpuOperand> operands{{&graph.tensors[0], input}};
        for (std::size_t i = 2; i < graph.tensors.size(); ++i) {
            operands.push_back({&graph.tensors[i], graph.tensors[i].data.bytes()});
        }
        const Tensor* const output = &graph.tensors[1];
        CHECK(arith::run_cpu_operator(graph.operators[0], operands, {&output, 1}).at(0) == result);
        return result;
    }
};

int floor_half(int value) { return value >= 0 ? value / 2 : -((1 - value) / 2); }
int half_away(int value) { return value >= 0 ? (value + 1) / 2 : -((1 - value) / 2); }
/// value / 4: first to halves, halves of these up, then to integers, halves away from zero.
int quarter_in_two_steps(int value) { return half_away(floor_half(value + 1)); }
int quarter_away(int value) { return value >= 0 ? (value + 2) / 4 : -((2 - value) / 4); }

std::vector<std::uint8_t> bytes() {
    std::vector<std::uint8_t> result;
    for (int value = -128; value < 128; ++value) result.push_back(static_cast<std::uint8_t>(value));
    return result;
}

std::vector<std::uint8_t> each(const std::function<int(int)>& rule) {
    std::vector<std::uint8_t> result;
    for (int value = -128; value < 128; ++value) {
        result.push_back(static_cast<std::uint8_t>(rule(value)));
    }
    return result;
}

const Shape row{1, 1, count, 1};

}  // namespace

TEST_CASE("two roundings: QUANTIZE, MUL and convolutions of 8 bits") {
    const auto wanted = each(quarter_in_two_steps);
    CHECK(Layer(OpType::quantize, {}, row, row, 4.0F).run(bytes()) == wanted);
    CHECK(Layer(OpType::mul, ArithmeticAttributes{}, row, row, 4.0F)
              .number(1, {1, 1, 1, 1})
              .run(bytes()) == wanted);
    WindowAttributes window;
    window.padding = Padding::valid;
    for (const OpType type : {OpType::conv_2d, OpType::depthwise_conv_2d}) {
        CHECK(Layer(type, window, row, row, 4.0F).number(1, {1, 1, 1, 1}).run(bytes()) == wanted);
    }
}

TEST_CASE("halves of sums go away from zero") {
    const auto sum = Layer(OpType::add, ArithmeticAttributes{}, row, row, 4.0F)
                         .number(1, {1, 1, 1, 1})
                         .run(bytes());
    CHECK(sum == each([](int value) { return quarter_away(value + 1); }));
    const auto difference = Layer(OpType::sub, ArithmeticAttributes{}, row, row, 4.0F)
                                .number(1, {1, 1, 1, 1})
                                .run(bytes());
    CHECK(difference == each([](int value) { return quarter_away(value - 1); }));
    const auto leaky = Layer(OpType::leaky_relu, LeakyReluAttributes{0.25F}, row, row, 1.0F);
    CHECK(leaky.run(bytes()) ==
          each([](int value) { return value < 0 ? quarter_in_two_steps(value) : value; }));
}

TEST_CASE("averages of pools go away from zero, means up") {
    // Each value beside a 1.
    std::vector<std::uint8_t> pairs;
    for (const std::uint8_t value : bytes()) {
        pairs.push_back(value);
        pairs.push_back(1);
    }
    WindowAttributes window;
    window.padding = Padding::valid;
    window.filter_h = 1;
    window.filter_w = 2;
    window.stride_w = 2;
    CHECK(Layer(OpType::average_pool_2d, window, {1, 1, 2 * count, 1}, row, 1.0F).run(pairs) ==
          each([](int value) { return half_away(value + 1); }));
    CHECK(Layer(OpType::mean, ReduceAttributes{}, {1, count, 2, 1}, {1, count, 1}, 1.0F)
              .integers({2})
              .run(pairs) == each([](int value) { return floor_half(value + 2); }));
}
