// MobileNets, batch normalisation folded into the convolutions.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <u65sim/graph_builder.hpp>

#include "zoo/families.hpp"

namespace u65sim::zoo_families {
namespace {

constexpr std::size_t v1_blocks = 13;
constexpr std::array<std::int32_t, v1_blocks> v1_channels{64,  128, 128, 256, 256,  512, 512,
                                                          512, 512, 512, 512, 1024, 1024};
constexpr std::array<std::int32_t, v1_blocks> v1_strides{1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};

// Stem of 32 channels, then pairs of depthwise 3x3 and pointwise 1x1, all divided by `divisor`.
Value v1_features(GraphBuilder& net, Value x, std::int32_t stem_stride, std::int32_t divisor) {
    x = net.conv2d(x, 32 / divisor, Window::square(3, stem_stride),
                   {.name = "stem", .activation = Activation::relu});
    for (std::size_t block = 0; block < v1_blocks; ++block) {
        x = net.depthwise_conv2d(
            x, Window::square(3, v1_strides[block]),
            {.name = fmt::format("depthwise{}", block + 1), .activation = Activation::relu});
        x = net.conv2d(
            x, v1_channels[block] / divisor, Window::square(1),
            {.name = fmt::format("pointwise{}", block + 1), .activation = Activation::relu});
    }
    return x;
}

Value average(GraphBuilder& net, Value x) {
    const Shape shape = net.shape(x);
    const Window window{shape[1], shape[2], 1, 1, 1, 1, Padding::valid};
    return net.average_pool(x, window, {.name = "average"});
}

Value global_average(GraphBuilder& net, Value x) {
    return net.reshape(average(net, x), {1, -1}, {.name = "flatten"});
}

// Expand, filter, project; the input is added where the shapes agree.
Value inverted_residual(GraphBuilder& net, Value x, std::int32_t expansion, std::int32_t channels,
                        std::int32_t stride, const std::string& name) {
    const std::int32_t inputs = net.shape(x)[3];
    Value y = x;
    if (expansion != 1) {
        y = net.conv2d(y, inputs * expansion, Window::square(1),
                       {.name = name + "_expand", .activation = Activation::relu6});
    }
    y = net.depthwise_conv2d(y, Window::square(3, stride),
                             {.name = name + "_depthwise", .activation = Activation::relu6});
    y = net.conv2d(y, channels, Window::square(1), {.name = name + "_project"});
    if (stride == 1 && inputs == channels) y = net.add(x, y, {.name = name + "_add"});
    return y;
}

}  // namespace

Graph mobilenet_v1_cifar100(const std::string& name, const ZooWeights& weights) {
    GraphBuilder net{name, {weights}};
    const Value x = v1_features(net, net.input({1, 32, 32, 3}), 1, 1);
    net.output(net.fully_connected(global_average(net, x), 100, {.name = "classifier"}));
    return net.build();
}

Graph mobilenet_v1_025_96(const std::string& name, const ZooWeights& weights) {
    GraphBuilder net{name, {weights}};
    Value x = v1_features(net, net.input({1, 96, 96, 3}), 2, 4);
    x = net.fully_connected(global_average(net, x), 2, {.name = "classifier"});
    net.output(net.softmax(x, 1.0F, {.name = "softmax"}));
    return net.build();
}

Graph mobilenet_v2_224(const std::string& name, const ZooWeights& weights) {
    struct Stage {
        std::int32_t expansion, channels, blocks, stride;
    };
    constexpr std::array<Stage, 7> stages{{{1, 16, 1, 1},
                                           {6, 24, 2, 2},
                                           {6, 32, 3, 2},
                                           {6, 64, 4, 2},
                                           {6, 96, 3, 1},
                                           {6, 160, 3, 2},
                                           {6, 320, 1, 1}}};
    GraphBuilder net{name, {weights}};
    Value x = net.conv2d(net.input({1, 224, 224, 3}), 32, Window::square(3, 2),
                         {.name = "stem", .activation = Activation::relu6});
    int number = 0;
    for (const auto& [expansion, channels, blocks, first_stride] : stages) {
        for (std::int32_t block = 0; block < blocks; ++block) {
            x = inverted_residual(net, x, expansion, channels, block == 0 ? first_stride : 1,
                                  fmt::format("block{}", ++number));
        }
    }
    x = net.conv2d(x, 1280, Window::square(1), {.name = "head", .activation = Activation::relu6});
    // The classifier is a convolution in front of the flattening, as TensorFlow-Slim has it.
    x = net.conv2d(average(net, x), 1001, Window::square(1), {.name = "classifier"});
    x = net.reshape(x, {1, -1}, {.name = "flatten"});
    net.output(net.softmax(x, 1.0F, {.name = "softmax"}));
    return net.build();
}

}  // namespace u65sim::zoo_families
