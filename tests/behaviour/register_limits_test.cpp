// Whatever the registers cannot hold is left to the CPU with a reason: no valid network is refused
// because a kernel cannot be written.
#include <catch2/catch.hpp>
#include <functional>
#include <limits>
#include <string>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>

#include "ir/infer_shapes.hpp"

using namespace u65sim;

namespace {

struct Operand {
    Shape shape;
    std::vector<std::int32_t> numbers;  ///< of a constant; empty: a map
};

/// A network of one operator over maps of a type (and int32 constants).
Graph single(OpType type, const std::vector<Operand>& operands, Attributes attributes = {},
             float out_scale = 0.1F, std::size_t outputs = 1,
             ElementType maps = ElementType::int8) {
    Graph graph;
    graph.name = std::string{to_string(type)};
    Operator op;
    op.name = "op";
    op.type = type;
    op.attributes = std::move(attributes);
    for (const Operand& operand : operands) {
        Tensor tensor;
        tensor.name = "t" + std::to_string(graph.tensors.size());
        tensor.shape = operand.shape;
        const auto id = static_cast<TensorId>(graph.tensors.size());
        if (operand.numbers.empty()) {
            tensor.type = maps;
            tensor.quantization = {{0.1F}, {0}, 0};
            graph.inputs.push_back(id);
        } else {
            tensor.type = ElementType::int32;
            std::vector<std::uint8_t> bytes;
            for (const std::int32_t number : operand.numbers) {
                for (int shift = 0; shift < 32; shift += 8) {
                    bytes.push_back(
                        static_cast<std::uint8_t>(static_cast<std::uint32_t>(number) >> shift));
                }
            }
            tensor.data = ConstantData{std::move(bytes)};
        }
        graph.tensors.push_back(tensor);
        op.inputs.push_back(id);
    }
    op.outputs.resize(outputs);
    const auto shapes = ir::infer_shapes(graph, op);
    for (std::size_t i = 0; i < outputs; ++i) {
        Tensor tensor;
        tensor.name = "out" + std::to_string(i);
        tensor.shape = shapes.at(i).value();
        tensor.type = maps;
        tensor.quantization = {{out_scale}, {0}, 0};
        if (type == OpType::arg_max) {
            tensor.type = ElementType::int32;
            tensor.quantization = {};
        }
        op.outputs[i] = static_cast<TensorId>(graph.tensors.size());
        graph.outputs.push_back(op.outputs[i]);
        graph.tensors.push_back(tensor);
    }
    graph.operators.push_back(op);
    verify(graph);
    return graph;
}

Graph layered(const std::function<Value(GraphBuilder&)>& layer,
              ElementType maps = ElementType::int8) {
    GraphBuilder net{"layer", {{}, maps}};
    net.output(layer(net));
    return net.build();
}

/// Compiles, or names what the NPU cannot do.
void require_taken(const Graph& graph, const std::string& what) {
    INFO(what);
    for (const char* name : {"u65-512", "u55-64"}) {
        Target target = Target::preset(name);
        target.off_chip.size = Bytes{std::int64_t{1} << 32};
        target.sram.size = Bytes{std::int64_t{1} << 32};
        INFO(name);
        CompiledNetwork network;
        REQUIRE_NOTHROW(network = compile(graph, target));
        for (const CpuOperator& op : network.cpu_operators) CHECK_FALSE(op.reason.empty());
        CHECK(network.segments.size() + network.cpu_operators.size() > 0);
    }
}

constexpr std::int32_t edges[] = {65535, 65536, 65537};

}  // namespace

TEST_CASE("extents at the edge of the registers") {
    for (const std::int32_t edge : edges) {
        for (const Shape& shape : std::vector<Shape>{
                 {1, edge, 1, 2}, {1, 1, edge, 2}, {1, 1, 1, edge}, {edge, 1, 1, 2}, {edge, 2}}) {
            const std::string at = to_string(shape);
            require_taken(single(OpType::add, {{shape, {}}, {shape, {}}}, ArithmeticAttributes{}),
                          "ADD " + at);
            require_taken(single(OpType::mul, {{shape, {}}, {shape, {}}}, ArithmeticAttributes{}),
                          "MUL " + at);
            require_taken(single(OpType::maximum, {{shape, {}}, {shape, {}}}), "MAXIMUM " + at);
            require_taken(single(OpType::squared_difference, {{shape, {}}, {shape, {}}}),
                          "SQUARED_DIFFERENCE " + at);
            require_taken(single(OpType::prelu, {{shape, {}}, {shape, {}}}), "PRELU " + at);
            require_taken(single(OpType::logistic, {{shape, {}}}), "LOGISTIC " + at);
            for (const OpType curve : {OpType::abs, OpType::tanh, OpType::hard_swish, OpType::exp,
                                       OpType::rsqrt, OpType::elu}) {
                require_taken(single(curve, {{shape, {}}}), std::string{to_string(curve)} + at);
            }
            require_taken(single(OpType::gelu, {{shape, {}}}, GeluAttributes{}), "GELU " + at);
            require_taken(single(OpType::relu6, {{shape, {}}}), "RELU6 " + at);
            require_taken(single(OpType::leaky_relu, {{shape, {}}}, LeakyReluAttributes{0.1F}),
                          "LEAKY_RELU " + at);
            require_taken(single(OpType::quantize, {{shape, {}}}, {}, 0.3F), "QUANTIZE " + at);
            require_taken(single(OpType::softmax, {{shape, {}}}, SoftmaxAttributes{}),
                          "SOFTMAX " + at);
            require_taken(single(OpType::concatenation, {{shape, {}}, {shape, {}}},
                                 AxisAttributes{.axis = 1}),
                          "CONCATENATION " + at);
            require_taken(single(OpType::pack, {{shape, {}}, {shape, {}}},
                                 AxisAttributes{.axis = 1, .count = 2}),
                          "PACK " + at);
            const auto rank = static_cast<std::int32_t>(shape.size());
            for (std::int32_t axis = 0; axis < rank; ++axis) {
                const Operand axes{{1}, {axis}};
                const std::string along = at + " along " + std::to_string(axis);
                for (const OpType type :
                     {OpType::mean, OpType::sum, OpType::reduce_max, OpType::reduce_min}) {
                    require_taken(single(type, {{shape, {}}, axes}, ReduceAttributes{true}),
                                  std::string{to_string(type)} + " " + along);
                }
                require_taken(
                    single(OpType::arg_max, {{shape, {}}, axes}, AxisAttributes{.axis = axis}),
                    "ARG_MAX " + along);
                require_taken(single(OpType::reverse_v2, {{shape, {}}, axes}),
                              "REVERSE_V2 " + along);
            }
            std::vector<std::int32_t> order(shape.size()), zeros(shape.size()),
                twice(shape.size(), 2);
            for (std::int32_t axis = 0; axis < rank; ++axis) {
                order[static_cast<std::size_t>(axis)] = rank - 1 - axis;
            }
            const Operand backwards{{rank}, order};
            require_taken(single(OpType::transpose, {{shape, {}}, backwards}), "TRANSPOSE " + at);
            require_taken(
                single(OpType::mirror_pad,
                       {{shape, {}}, {{rank, 2}, std::vector<std::int32_t>(2 * shape.size(), 1)}},
                       MirrorPadAttributes{true}),
                "MIRROR_PAD " + at);
            require_taken(single(OpType::strided_slice,
                                 {{shape, {}}, {{rank}, zeros}, {{rank}, shape}, {{rank}, twice}},
                                 StridedSliceAttributes{}),
                          "STRIDED_SLICE " + at);
            require_taken(single(OpType::split_v, {{shape, {}}, {{2}, {-1, 0}}, {{1}, {rank - 1}}},
                                 AxisAttributes{.axis = rank - 1, .count = 2}, 0.1F, 2),
                          "SPLIT_V " + at);
            require_taken(single(OpType::tile, {{shape, {}}, {{rank}, twice}}), "TILE " + at);
            std::vector<std::int32_t> amounts(2 * shape.size(), 1);
            require_taken(single(OpType::pad, {{shape, {}}, {{rank, 2}, amounts}}), "PAD " + at);
            require_taken(
                single(OpType::slice, {{shape, {}},
                                       {{rank}, zeros},
                                       {{rank}, std::vector<std::int32_t>(shape.size(), 1)}}),
                "SLICE " + at);
        }
    }
}

TEST_CASE("windows at the edge of the registers") {
    const auto conv = [](const Shape& shape, const Window& window) {
        return layered([&](GraphBuilder& net) { return net.conv2d(net.input(shape), 4, window); });
    };
    const auto depthwise = [](const Shape& shape, const Window& window) {
        return layered(
            [&](GraphBuilder& net) { return net.depthwise_conv2d(net.input(shape), window); });
    };
    for (const Padding padding : {Padding::same, Padding::valid}) {
        const std::string kind = padding == Padding::same ? " SAME" : " VALID";
        for (const std::int32_t size :
             {63, 64, 65, 127, 128, 129, 255, 256, 257, 4095, 4096, 4097}) {
            const std::string at = std::to_string(size) + kind;
            const Window row{1, size, 1, 1, 1, 1, padding};
            const Window column{size, 1, 1, 1, 1, 1, padding};
            for (const auto& [window, shape] : {std::pair{row, Shape{1, 1, size + 3, 2}},
                                                std::pair{column, Shape{1, size + 3, 1, 2}}}) {
                require_taken(conv(shape, window), "CONV_2D " + at);
                require_taken(depthwise(shape, window), "DEPTHWISE_CONV_2D " + at);
                require_taken(layered([&, window = window, shape = shape](GraphBuilder& net) {
                                  return net.average_pool(net.input(shape), window);
                              }),
                              "AVERAGE_POOL_2D " + at);
                require_taken(layered([&, window = window, shape = shape](GraphBuilder& net) {
                                  return net.max_pool(net.input(shape), window);
                              }),
                              "MAX_POOL_2D " + at);
                require_taken(layered([&, window = window, shape = shape](GraphBuilder& net) {
                                  return net.transpose_conv(net.input(shape), 4, window);
                              }),
                              "TRANSPOSE_CONV " + at);
            }
        }
        for (const std::int32_t dilation : {1, 2, 3, 4, 31, 32, 33, 63, 64, 100, 2047, 2048}) {
            const Window window{3, 3, 1, 1, dilation, dilation, padding};
            const Shape shape{1, 2 * dilation + 3, 2 * dilation + 3, 1};
            const std::string at = "dilation " + std::to_string(dilation) + kind;
            if (dilation > 100) {
                const Window row{1, 3, 1, 1, 1, dilation, padding};
                const Shape line{1, 1, 2 * dilation + 3, 2};
                require_taken(conv(line, row), "CONV_2D " + at);
                require_taken(depthwise(line, row), "DEPTHWISE_CONV_2D " + at);
                continue;
            }
            require_taken(conv(shape, window), "CONV_2D " + at);
            require_taken(depthwise(shape, window), "DEPTHWISE_CONV_2D " + at);
        }
        for (const std::int32_t stride : {1, 2, 3, 4, 5, 7, 255, 256, 257}) {
            const Window window{3, 3, stride, stride, 1, 1, padding};
            const Shape shape{1, 3 * stride + 3, 3 * stride + 3, 1};
            const std::string at = "stride " + std::to_string(stride) + kind;
            require_taken(conv(shape, window), "CONV_2D " + at);
            require_taken(depthwise(shape, window), "DEPTHWISE_CONV_2D " + at);
            require_taken(
                layered([&](GraphBuilder& net) { return net.max_pool(net.input(shape), window); }),
                "MAX_POOL_2D " + at);
        }
    }
}

TEST_CASE("vector products at the edge of the registers") {
    for (const std::int32_t edge : edges) {
        require_taken(layered([&](GraphBuilder& net) {
                          return net.fully_connected(net.input({1, edge}), 2);
                      }),
                      "FULLY_CONNECTED from " + std::to_string(edge));
        require_taken(layered([&](GraphBuilder& net) {
                          return net.fully_connected(net.input({1, 2}), edge);
                      }),
                      "FULLY_CONNECTED to " + std::to_string(edge));
        require_taken(layered([&](GraphBuilder& net) {
                          return net.fully_connected(net.input({edge, 2}), 2);
                      }),
                      "FULLY_CONNECTED of a batch of " + std::to_string(edge));
        require_taken(layered([&](GraphBuilder& net) {
                          return net.conv2d(net.input({1, 1, 2, 2}), edge, Window{});
                      }),
                      "CONV_2D to " + std::to_string(edge));
    }
}

TEST_CASE("resized and rearranged maps at the edge of the registers") {
    for (const std::int32_t rows : {8191, 8192, 16384, 32767, 32768}) {
        for (const std::int32_t factor : {2, 4, 8}) {
            const Shape shape{1, rows, 2, 1};
            const std::string at = std::to_string(rows) + " times " + std::to_string(factor);
            for (const OpType type : {OpType::resize_nearest_neighbor, OpType::resize_bilinear}) {
                for (const bool half : {false, true}) {
                    require_taken(single(type, {{shape, {}}, {{2}, {rows * factor, 2 * factor}}},
                                         ResizeAttributes{.half_pixel_centers = half}),
                                  std::string{to_string(type)} + " " + at);
                }
            }
        }
        require_taken(single(OpType::depth_to_space, {{{1, rows, 1, 16}, {}}}, BlockAttributes{4}),
                      "DEPTH_TO_SPACE " + std::to_string(rows));
        require_taken(
            single(OpType::space_to_depth, {{{1, rows / 4 * 4, 4, 1}, {}}}, BlockAttributes{4}),
            "SPACE_TO_DEPTH " + std::to_string(rows));
        require_taken(single(OpType::pad,
                             {{{1, rows, 1, 1}, {}}, {{4, 2}, {0, 0, 40000, 40000, 0, 0, 0, 0}}}),
                      "PAD " + std::to_string(rows));
    }
}

namespace {

/// The same, and computes something, whatever that is.
void require_runs(const Graph& graph, const std::string& what) {
    require_taken(graph, what);
    INFO(what);
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : graph.inputs) {
        const Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
        auto& bytes = inputs.emplace_back(static_cast<std::size_t>(stored_bytes(tensor)));
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::uint8_t>(83 * i + 128);
        }
    }
    const Target target = Target::preset("u65-256");
    try {
        const auto outputs = execute(compile(graph, target), target, inputs).outputs;
        CHECK(outputs.size() == graph.outputs.size());
    } catch (const NotExecutable&) {
        SUCCEED("left to a CPU without a kernel");
    } catch (const InvalidModel& error) {
        // A ratio of scales beyond every number.
        CHECK_THAT(error.what(), Catch::StartsWith(graph.operators.at(0).name + ": "));
    }
}

void require_all_scales(ElementType maps) {
    INFO(to_string(maps));
    const auto single = [&](OpType type, const std::vector<Operand>& operands,
                            Attributes attributes, float scale) {
        return ::single(type, operands, std::move(attributes), scale, 1, maps);
    };
    const auto layered = [&](const std::function<Value(GraphBuilder&)>& layer) {
        return ::layered(layer, maps);
    };
    for (const float scale : {std::numeric_limits<float>::denorm_min(), 1e-38F, 1e-20F, 1e-10F,
                              1.0F, 1e10F, 1e20F, std::numeric_limits<float>::max()}) {
        const std::string at = " to scale " + std::to_string(scale);
        const Shape shape{1, 4, 4, 2};
        const Operand map{shape, {}};
        require_runs(single(OpType::add, {map, map}, ArithmeticAttributes{}, scale), "ADD" + at);
        require_runs(single(OpType::sub, {map, map}, ArithmeticAttributes{}, scale), "SUB" + at);
        require_runs(single(OpType::mul, {map, map}, ArithmeticAttributes{}, scale), "MUL" + at);
        for (const Activation activation :
             {Activation::relu, Activation::relu6, Activation::relu_n1_to_1}) {
            require_runs(single(OpType::add, {map, map}, ArithmeticAttributes{activation}, scale),
                         "ADD with a clamp" + at);
        }
        require_runs(single(OpType::quantize, {map}, {}, scale), "QUANTIZE" + at);
        require_runs(single(OpType::relu6, {map}, {}, scale), "RELU6" + at);
        require_runs(single(OpType::tanh, {map}, {}, scale), "TANH" + at);
        require_runs(single(OpType::leaky_relu, {map}, LeakyReluAttributes{0.3F}, scale),
                     "LEAKY_RELU" + at);
        require_runs(single(OpType::squared_difference, {map, map}, {}, scale),
                     "SQUARED_DIFFERENCE" + at);
        require_runs(single(OpType::prelu, {map, map}, {}, scale), "PRELU" + at);
        require_runs(single(OpType::abs, {map}, {}, scale), "ABS" + at);
        require_runs(single(OpType::softmax, {map}, SoftmaxAttributes{}, scale), "SOFTMAX" + at);
        require_runs(single(OpType::softmax, {map}, SoftmaxAttributes{1e30F}, scale),
                     "SOFTMAX with a large beta" + at);
        require_runs(single(OpType::mean, {map, {{2}, {1, 2}}}, ReduceAttributes{true}, scale),
                     "MEAN" + at);
        require_runs(single(OpType::sum, {map, {{1}, {3}}}, ReduceAttributes{true}, scale),
                     "SUM" + at);
        require_runs(single(OpType::concatenation, {map, map}, AxisAttributes{.axis = 3}, scale),
                     "CONCATENATION" + at);
        require_runs(
            single(OpType::resize_bilinear, {map, {{2}, {8, 8}}}, ResizeAttributes{}, scale),
            "RESIZE_BILINEAR" + at);
        const auto quantised = [&](Activation activation) {
            LayerOptions options;
            options.activation = activation;
            options.quantization = Quantization{{scale}, {0}, 0};
            return options;
        };
        for (const Activation activation : {Activation::none, Activation::relu6}) {
            require_runs(layered([&](GraphBuilder& net) {
                             return net.conv2d(net.input(shape), 4, Window::square(3),
                                               quantised(activation));
                         }),
                         "CONV_2D" + at);
            require_runs(layered([&](GraphBuilder& net) {
                             return net.depthwise_conv2d(net.input(shape), Window::square(3),
                                                         quantised(activation));
                         }),
                         "DEPTHWISE_CONV_2D" + at);
            require_runs(
                layered([&](GraphBuilder& net) {
                    return net.fully_connected(net.input({1, 8}), 4, quantised(activation));
                }),
                "FULLY_CONNECTED" + at);
            require_runs(layered([&](GraphBuilder& net) {
                             return net.average_pool(net.input(shape), Window::square(2),
                                                     quantised(activation));
                         }),
                         "AVERAGE_POOL_2D" + at);
        }
    }
}

}  // namespace

TEST_CASE("scales from the smallest to the largest number") {
    for (const ElementType maps : {ElementType::int8, ElementType::uint8, ElementType::int16}) {
        require_all_scales(maps);
    }
}
