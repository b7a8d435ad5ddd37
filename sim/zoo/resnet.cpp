// Residual networks, batch normalisation folded into the convolutions.
#include <array>

#include <fmt/format.h>

#include <u65sim/graph_builder.hpp>

#include "zoo/families.hpp"

namespace u65sim::zoo_families {
namespace {

// 1x1, 3x3 with the stride, 1x1 to four times the width, and the shortcut beside them.
Value bottleneck(GraphBuilder& net, Value x, std::int32_t width, std::int32_t stride,
                 const std::string& name) {
    const std::int32_t channels = 4 * width;
    Value y = net.conv2d(x, width, Window::square(1),
                         {.name = name + "_reduce", .activation = Activation::relu});
    y = net.conv2d(y, width, Window::square(3, stride),
                   {.name = name + "_conv", .activation = Activation::relu});
    y = net.conv2d(y, channels, Window::square(1), {.name = name + "_expand"});
    Value shortcut = x;
    if (stride != 1 || net.shape(x)[3] != channels) {
        shortcut = net.conv2d(x, channels, Window::square(1, stride), {.name = name + "_shortcut"});
    }
    return net.add(y, shortcut, {.name = name + "_add", .activation = Activation::relu});
}

Value basic_block(GraphBuilder& net, Value x, std::int32_t channels, std::int32_t stride,
                  const std::string& name) {
    Value y = net.conv2d(x, channels, Window::square(3, stride),
                         {.name = name + "_conv1", .activation = Activation::relu});
    y = net.conv2d(y, channels, Window::square(3), {.name = name + "_conv2"});
    Value shortcut = x;
    if (stride != 1) {
        shortcut = net.conv2d(x, channels, Window::square(1, stride), {.name = name + "_shortcut"});
    }
    return net.add(shortcut, y, {.name = name + "_add", .activation = Activation::relu});
}

Value global_average(GraphBuilder& net, Value x) {
    const Shape shape = net.shape(x);
    const Window window{shape[1], shape[2], 1, 1, 1, 1, Padding::valid};
    x = net.average_pool(x, window, {.name = "average"});
    return net.reshape(x, {1, -1}, {.name = "flatten"});
}

}  // namespace

Graph resnet50_cifar100(const std::string& name, const ZooWeights& weights) {
    constexpr std::array<std::int32_t, 4> blocks{3, 4, 6, 3};
    GraphBuilder net{name, {weights}};
    Value x = net.conv2d(net.input({1, 32, 32, 3}), 64, Window::square(3),
                         {.name = "stem", .activation = Activation::relu});
    std::int32_t width = 64;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage, width *= 2) {
        for (std::int32_t block = 0; block < blocks[stage]; ++block) {
            const std::int32_t stride = stage > 0 && block == 0 ? 2 : 1;
            x = bottleneck(net, x, width, stride, fmt::format("block{}_{}", stage + 1, block + 1));
        }
    }
    net.output(net.fully_connected(global_average(net, x), 100, {.name = "classifier"}));
    return net.build();
}

Graph resnet8(const std::string& name, const ZooWeights& weights) {
    GraphBuilder net{name, {weights}};
    Value x = net.conv2d(net.input({1, 32, 32, 3}), 16, Window::square(3),
                         {.name = "stem", .activation = Activation::relu});
    x = basic_block(net, x, 16, 1, "block1");
    x = basic_block(net, x, 32, 2, "block2");
    x = basic_block(net, x, 64, 2, "block3");
    x = net.fully_connected(global_average(net, x), 10, {.name = "classifier"});
    net.output(net.softmax(x, 1.0F, {.name = "softmax"}));
    return net.build();
}

}  // namespace u65sim::zoo_families
