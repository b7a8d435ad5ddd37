// The CPU's kernels and the NPU's streams are two ways to the same bytes.
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>

#include "arith/cpu_kernels.hpp"

using namespace u65sim;

namespace {

using Bytes8 = std::vector<std::uint8_t>;

Bytes8 drawn(const Tensor& tensor, std::uint64_t state) {
    Bytes8 bytes(
        static_cast<std::size_t>(element_count(tensor.shape) * element_bytes(tensor.type)));
    for (std::uint8_t& byte : bytes) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        byte = static_cast<std::uint8_t>(state >> 56U);
    }
    return bytes;
}

/// Every operator of the graph in turn, through the CPU's kernels alone.
std::vector<Bytes8> on_the_cpu(const Graph& graph, const std::vector<Bytes8>& inputs) {
    std::vector<Bytes8> values(graph.tensors.size());
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
        if (graph.tensors[i].data) values[i] = graph.tensors[i].data.bytes();
    }
    const auto at = [](TensorId id) { return static_cast<std::size_t>(id); };
    for (std::size_t i = 0; i < inputs.size(); ++i) values[at(graph.inputs[i])] = inputs[i];
    for (const Operator& op : graph.operators) {
        std::vector<arith::CpuOperand> operands;
        for (const TensorId id : op.inputs) {
            operands.push_back(id == no_tensor
                                   ? arith::CpuOperand{}
                                   : arith::CpuOperand{&graph.tensors[at(id)], values[at(id)]});
        }
        std::vector<const Tensor*> outputs;
        for (const TensorId id : op.outputs) outputs.push_back(&graph.tensors[at(id)]);
        auto results = arith::run_cpu_operator(op, operands, outputs);
        for (std::size_t i = 0; i < op.outputs.size(); ++i) {
            values[at(op.outputs[i])] = std::move(results[i]);
        }
    }
    std::vector<Bytes8> outputs;
    for (const TensorId id : graph.outputs) outputs.push_back(values[at(id)]);
    return outputs;
}

void agree(const Graph& graph) {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    for (const CpuOperator& op : network.cpu_operators) FAIL_CHECK(op.type << ": " << op.reason);
    for (const std::uint64_t seed : {1U, 2U}) {
        std::vector<Bytes8> inputs;
        for (const TensorId id : graph.inputs) {
            inputs.push_back(drawn(graph.tensors[static_cast<std::size_t>(id)], seed));
        }
        const Execution execution = execute(network, target, inputs, {.check = true});
        CHECK(execution.outputs == on_the_cpu(graph, inputs));
        CHECK(execution.findings.empty());
    }
}

using Layer = std::function<Value(GraphBuilder&, Value)>;

/// One layer behind an input, for these types of feature maps.
void agree(const std::string& name, const std::vector<ElementType>& types, const Layer& layer,
           const Shape& shape = {1, 9, 10, 12}) {
    for (const ElementType type : types) {
        CAPTURE(name, to_string(type));
        BuilderOptions options;
        options.activations = type;
        GraphBuilder builder{name, options};
        builder.output(layer(builder, builder.input(shape)));
        agree(builder.build());
    }
}

const std::vector<ElementType> all{ElementType::int8, ElementType::uint8, ElementType::int16};
const std::vector<ElementType> bytes{ElementType::int8, ElementType::uint8};
const std::vector<ElementType> words{ElementType::int16};

}  // namespace

TEST_CASE("Convolutions give the same bytes on the NPU and on the CPU") {
    agree("conv", all, [](GraphBuilder& b, Value x) {
        return b.conv2d(x, 20, Window::square(3, 2), {.name = {}, .activation = Activation::relu});
    });
    agree("dilated", all, [](GraphBuilder& b, Value x) {
        return b.conv2d(x, 7, {3, 3, 1, 1, 2, 3, Padding::same});
    });
    agree("depthwise", all,
          [](GraphBuilder& b, Value x) { return b.depthwise_conv2d(x, Window::square(3)); });
    agree("transposed", all,
          [](GraphBuilder& b, Value x) { return b.transpose_conv(x, 5, Window::square(3, 2)); });
    agree("fully connected", all, [](GraphBuilder& b, Value x) { return b.fully_connected(x, 11); },
          {6, 40});
}

TEST_CASE("A stride above 3 along the width is folded into the depth") {
    for (const auto& [stride, width, padding] :
         {std::tuple{4, 16, Padding::same}, std::tuple{4, 20, Padding::valid},
          std::tuple{6, 18, Padding::same}, std::tuple{5, 15, Padding::valid}}) {
        CAPTURE(stride, width);
        agree("wide stride", all,
              [&, s = stride, p = padding](GraphBuilder& b, Value x) {
                  return b.conv2d(x, 9, {3, 5, 2, s, 1, 1, p});
              },
              {1, 9, width, 5});
    }
}

TEST_CASE("Pools and means give the same bytes on the NPU and on the CPU") {
    agree("average", all,
          [](GraphBuilder& b, Value x) { return b.average_pool(x, Window::square(3, 2)); });
    agree("max", all, [](GraphBuilder& b, Value x) {
        return b.max_pool(x, Window::square(2, 2, Padding::valid));
    });
    agree("mean", all, [](GraphBuilder& b, Value x) { return b.mean(x, {1, 2}, true); });
}

TEST_CASE(
    "A map that is padded and read elsewhere gives the same bytes on the NPU and on the CPU") {
    agree("padded", all, [](GraphBuilder& b, Value x) {
        const Value y = b.conv2d(x, 20, Window::square(3));
        const Value pad = b.pad(y, {0, 2, 1, 4}, {0, 0, 3, 8});
        return b.add(b.conv2d(b.max_pool(pad, Window::square(3, 1)), 6, Window::square(1)),
                     b.mean(b.conv2d(y, 6, Window::square(1)), {1, 2}, true));
    });
}

TEST_CASE(
    "A table of 16 bits behind a convolution gives the same bytes on the NPU and on the CPU") {
    agree("table", words, [](GraphBuilder& b, Value x) {
        return b.unary(OpType::exp, b.conv2d(x, 8, Window::square(3)), {});
    });
}

TEST_CASE("Sums of a map with fewer channels give the same bytes on the NPU and on the CPU") {
    using Member = Value (GraphBuilder::*)(Value, Value, LayerOptions);
    for (const Member member : {Member{&GraphBuilder::add}, Member{&GraphBuilder::sub}}) {
        for (const bool is_first : {false, true}) {
            for (const float scale : {0.3F, 1.0F, 1.7F}) {
                CAPTURE(is_first, scale);
                agree("padded sum", bytes, [&](GraphBuilder& b, Value x) {
                    const Quantization& like = b.quantization(x);
                    const Value other =
                        b.input({1, 9, 10, 20}, "other",
                                Quantization{{like.scales[0] * scale}, like.zero_points});
                    const Value pad = b.pad(x, {0, 0, 0, 0}, {0, 0, 0, 8});
                    const LayerOptions options{.name = {}, .activation = Activation::relu6};
                    const Value sum = is_first ? (b.*member)(pad, other, options)
                                               : (b.*member)(other, pad, options);
                    return b.max_pool(sum, Window::square(2));
                });
            }
        }
    }
}

TEST_CASE("Operators of two maps give the same bytes on the NPU and on the CPU") {
    using Member = Value (GraphBuilder::*)(Value, Value, LayerOptions);
    for (const Member member : {Member{&GraphBuilder::add}, Member{&GraphBuilder::sub},
                                Member{&GraphBuilder::mul}, Member{&GraphBuilder::maximum}}) {
        agree("binary", all, [&](GraphBuilder& b, Value x) {
            const Quantization& like = b.quantization(x);
            const Value other = b.input(
                {1, 1, 10, 12}, "other",
                Quantization{
                    {like.scales[0] * (member == Member{&GraphBuilder::maximum} ? 1.0F : 1.3F)},
                    like.zero_points});
            return (b.*member)(x, other, {});
        });
    }
    agree("prelu", bytes, [](GraphBuilder& b, Value x) { return b.prelu(x); });
}

TEST_CASE("SQUARED_DIFFERENCE gives the same bytes on the NPU and on the CPU") {
    GraphBuilder builder{"squares"};
    const Value a = builder.input({1, 5, 6, 7}, "a", Quantization{{0.02F}, {3}});
    const Value b = builder.input({1, 1, 1, 7}, "b", Quantization{{0.05F}, {-9}});
    builder.output(builder.sub(a, b,
                               {.name = "difference",
                                .activation = Activation::none,
                                .quantization = Quantization{{0.2F}, {-128}}}));
    Graph graph = builder.build();
    graph.operators[0].type = OpType::squared_difference;
    graph.operators[0].attributes = {};
    agree(graph);
}

TEST_CASE("Resizing gives the same bytes on the NPU and on the CPU") {
    for (const std::int32_t factor : {2, 4, 8}) {
        for (const auto& form : {ResizeAttributes{false, false}, ResizeAttributes{true, false},
                                 ResizeAttributes{false, true}}) {
            if (form.half_pixel_centers && factor == 8) continue;
            CAPTURE(factor, form.align_corners, form.half_pixel_centers);
            const auto size = [&](std::int32_t n) {
                return form.align_corners ? (n - 1) * factor + 1 : n * factor;
            };
            agree("bilinear", all,
                  [&](GraphBuilder& b, Value x) {
                      return b.resize_bilinear(x, size(4), size(5), form);
                  },
                  {1, 4, 5, 3});
            agree("nearest", all,
                  [&](GraphBuilder& b, Value x) {
                      return b.resize_nearest(x, size(4), size(5), form);
                  },
                  {1, 4, 5, 3});
        }
    }
}

TEST_CASE("16-bit softmax and leaky ReLU give the same bytes on the NPU and on the CPU") {
    agree("softmax", words, [](GraphBuilder& b, Value x) { return b.softmax(x); }, {5, 33});
    agree("leaky", words, [](GraphBuilder& b, Value x) {
        return b.leaky_relu(x, 0.1F,
                            {.name = {},
                             .activation = Activation::none,
                             .quantization = Quantization{{0.00007F}, {0}}});
    });
}

TEST_CASE("ARG_MAX gives the first of equal elements on the NPU and on the CPU") {
    for (const ElementType type : bytes) {
        BuilderOptions options;
        options.activations = type;
        GraphBuilder builder{"positions", options};
        builder.output(builder.mean(builder.input({1, 5, 6, 127}), {3}, false));
        Graph graph = builder.build();
        Operator& op = graph.operators[0];
        op.type = OpType::arg_max;
        op.attributes = AxisAttributes{.axis = 3};
        Tensor& output = graph.tensors[static_cast<std::size_t>(op.outputs[0])];
        output.type = ElementType::int32;
        output.quantization = {};
        agree(graph);
    }
}

TEST_CASE("Reductions over any axes give the same bytes on the NPU and on the CPU") {
    const std::vector<std::vector<std::int32_t>> choices{{3}, {1, 3}, {2, 3}, {1, 2, 3}};
    for (const OpType type : {OpType::mean, OpType::sum, OpType::reduce_max}) {
        for (const auto& axes : choices) {
            for (const ElementType elements : all) {
                CAPTURE(to_string(type), axes.size(), to_string(elements));
                BuilderOptions options;
                options.activations = elements;
                GraphBuilder builder{"reduction", options};
                const Value x = builder.input({1, 7, 9, 21});
                LayerOptions layer;
                if (type == OpType::reduce_max) layer.quantization = builder.quantization(x);
                builder.output(builder.mean(x, axes, false, layer));
                Graph graph = builder.build();
                graph.operators[0].type = type;
                agree(graph);
            }
        }
    }
}

TEST_CASE("Means over more than 64 rows or 4096 elements add up partial sums") {
    agree("large", all,
          [](GraphBuilder& b, Value x) {
              return b.mean(x, {1, 2}, true);
          },
          {1, 130, 70, 3});
    agree("tall", bytes, [](GraphBuilder& b, Value x) { return b.mean(x, {1}, true); },
          {1, 100, 3, 5});
}

TEST_CASE("A few strides above 3 become an operation for each output") {
    for (const auto& [h, w] : {std::pair{4, 5}, std::pair{2, 4}, std::pair{7, 1}}) {
        for (const Padding padding : {Padding::same, Padding::valid}) {
            CAPTURE(h, w, padding == Padding::same);
            const Window window{3, 3, h, w, 1, 1, padding};
            agree("conv", all, [&](GraphBuilder& b, Value x) { return b.conv2d(x, 6, window); },
                  {1, 13, 17, 5});
            agree("depthwise", all,
                  [&](GraphBuilder& b, Value x) { return b.depthwise_conv2d(x, window); },
                  {1, 13, 17, 5});
            agree("average", all,
                  [&](GraphBuilder& b, Value x) { return b.average_pool(x, window); },
                  {1, 13, 17, 5});
            agree("max", all, [&](GraphBuilder& b, Value x) { return b.max_pool(x, window); },
                  {1, 13, 17, 5});
        }
    }
}

TEST_CASE("Columns of a first layer with few channels become depth without changing a byte") {
    for (const std::int32_t width : {32, 33}) {
        for (const Padding padding : {Padding::same, Padding::valid}) {
            for (const ElementType type : all) {
                CAPTURE(width, to_string(type), padding == Padding::same);
                BuilderOptions options;
                options.activations = type;
                GraphBuilder builder{"first", options};
                builder.output(builder.conv2d(builder.input({1, 64, width * 2, 3}), 16,
                                              Window::square(3, 2, padding)));
                const Graph graph = builder.build();
                agree(graph);
            }
        }
    }
    GraphBuilder builder{"first"};
    builder.output(builder.conv2d(builder.input({1, 96, 96, 3}), 16, Window::square(3, 2)));
    const Target target = Target::preset("u55-128");
    const CompiledNetwork network = compile(builder.build(), target, {.dump_after = "lower"});
    CHECK(network.pass_dump.find("96x48x6") != std::string::npos);
}

TEST_CASE("Both operands of a sum may be broadcast along other axes") {
    for (const ElementType type : all) {
        CAPTURE(to_string(type));
        BuilderOptions options;
        options.activations = type;
        GraphBuilder builder{"both", options};
        const Value a = builder.input({1, 1, 6, 7}, "a");
        const Value b = builder.input({1, 5, 1, 7}, "b");
        const Value c = builder.input({1, 5, 1, 1}, "c");
        builder.output(builder.add(a, b));
        builder.output(builder.mul(a, c));
        builder.output(builder.sub(c, a));
        agree(builder.build());
    }
}

TEST_CASE("Plain int32 is added, multiplied and transposed on the NPU") {
    GraphBuilder builder{"words"};
    const Value a = builder.input({1, 5, 6, 7}, "a");
    const Value b = builder.input({1, 1, 6, 7}, "b");
    builder.output(builder.add(a, b));
    builder.output(builder.transpose(a, {0, 2, 1, 3}));
    builder.output(builder.transpose(a, {0, 3, 1, 2}));
    Graph graph = builder.build();
    for (Tensor& tensor : graph.tensors) {
        if (tensor.type != ElementType::int8) continue;
        tensor.type = ElementType::int32;
        tensor.quantization = {};
    }
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    CHECK(network.cpu_operators.empty());
    // Sums that stay in 32 bits: the NPU saturates, the reference wraps.
    std::vector<Bytes8> inputs{drawn(graph.tensors[0], 1), drawn(graph.tensors[1], 2)};
    for (Bytes8& bytes : inputs) {
        for (std::size_t i = 3; i < bytes.size(); i += 4) bytes[i] = (bytes[i] & 1U) ? 0xFF : 0;
    }
    const Execution execution = execute(network, target, inputs, {.check = true});
    CHECK(execution.outputs == on_the_cpu(graph, inputs));
    CHECK(execution.findings.empty());
}

TEST_CASE("ARG_MAX fills both halves of int64") {
    GraphBuilder builder{"positions"};
    builder.output(builder.mean(builder.input({1, 5, 6, 30}), {3}, false));
    Graph graph = builder.build();
    Operator& op = graph.operators[0];
    op.type = OpType::arg_max;
    op.attributes = AxisAttributes{.axis = 3};
    Tensor& output = graph.tensors[static_cast<std::size_t>(op.outputs[0])];
    output.type = ElementType::int64;
    output.quantization = {};
    agree(graph);
}

TEST_CASE("Results of another shape find their place in a concatenation") {
    GraphBuilder builder{"places"};
    const Value x = builder.input({1, 4, 5, 10});
    const Value y = builder.input({1, 4, 5, 6}, "y", Quantization{{1.0F / 256}, {-128}});
    const Value soft = builder.softmax(x);
    LayerOptions same;
    same.quantization = builder.quantization(soft);
    builder.output(builder.concat({y, soft}, 3, same));
    builder.output(builder.concat({builder.mean(x, {3}, true, same), soft}, 3, same));
    agree(builder.build());
}

TEST_CASE("One element is resized to any size") {
    for (const bool bilinear : {false, true}) {
        agree("one element", all,
              [&](GraphBuilder& b, Value x) {
                  return bilinear ? b.resize_bilinear(x, 7, 11, {})
                                  : b.resize_nearest(x, 7, 11, {});
              },
              {1, 1, 1, 19});
    }
}

TEST_CASE("Functions of int16 give the same bytes on the NPU and on the CPU") {
    for (const OpType type : {OpType::exp, OpType::log, OpType::rsqrt, OpType::gelu, OpType::abs}) {
        CAPTURE(to_string(type));
        BuilderOptions options;
        options.activations = ElementType::int16;
        GraphBuilder builder{"function", options};
        const bool gelu = type == OpType::gelu;
        builder.output(builder.unary(gelu ? type : OpType::exp, builder.input({1, 9, 10, 12}),
                                     {.name = {},
                                      .activation = Activation::none,
                                      .quantization = Quantization{{0.0003F}, {0}}}));
        Graph graph = builder.build();
        graph.operators[0].type = type;
        agree(graph);
    }
    agree("prelu", words, [](GraphBuilder& b, Value x) { return b.prelu(x); });
}

TEST_CASE("Float layers compute on the CPU") {
    GraphBuilder builder{"float"};
    const Value x = builder.input({1, 2, 2, 1});
    builder.output(builder.average_pool(x, Window::square(2, 2, Padding::valid)));
    Graph graph = builder.build();
    for (Tensor& tensor : graph.tensors) {
        tensor.type = ElementType::float32;
        tensor.quantization = {};
    }
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    CHECK(network.cpu_operators.size() == 1);
    const std::vector<float> values{1.0F, 2.5F, -4.0F, 3.5F};
    Bytes8 input(16);
    std::memcpy(input.data(), values.data(), input.size());
    const Bytes8 output = execute(network, target, {input}).outputs.at(0);
    float mean = 0;
    std::memcpy(&mean, output.data(), sizeof mean);
    CHECK(mean == 0.75F);
}

TEST_CASE("Convolutions of maps too wide for their sums are refused by their type") {
    GraphBuilder builder{"wide"};
    const Value x = builder.input({1, 4, 4, 2});
    builder.output(builder.conv2d(x, 3, Window::square(3)));
    Graph graph = builder.build();
    Tensor& map = graph.tensors[static_cast<std::size_t>(graph.inputs[0])];
    map.type = ElementType::int64;
    map.quantization.zero_points = {std::int64_t{1} << 58};
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    REQUIRE(network.cpu_operators.size() == 1);
    CHECK_THROWS_WITH(execute(network, target, {Bytes8(4 * 4 * 2 * 8)}),
                      Catch::Contains("maps and weights of int64"));
}
