// Keyword spotting on 49 frames of 10 cepstral coefficients.
#include <array>

#include <fmt/format.h>

#include <u65sim/graph_builder.hpp>

#include "zoo/families.hpp"

namespace u65sim::zoo_families {
namespace {

Value separable(GraphBuilder& net, Value x, std::int32_t channels, std::int32_t stride,
                int number) {
    x = net.depthwise_conv2d(
        x, Window::square(3, stride),
        {.name = fmt::format("depthwise{}", number), .activation = Activation::relu});
    return net.conv2d(x, channels, Window::square(1),
                      {.name = fmt::format("pointwise{}", number), .activation = Activation::relu});
}

Value global_average(GraphBuilder& net, Value x) {
    const Shape shape = net.shape(x);
    return net.average_pool(x, {shape[1], shape[2], 1, 1, 1, 1, Padding::valid},
                            {.name = "average"});
}

}  // namespace

Graph ds_cnn(const std::string& name, const ZooWeights& weights) {
    GraphBuilder net{name, {weights}};
    Value x = net.conv2d(net.input({1, 49, 10, 1}), 64, {10, 4, 2, 2},
                         {.name = "stem", .activation = Activation::relu});
    for (int number = 1; number <= 4; ++number) x = separable(net, x, 64, 1, number);
    x = net.reshape(global_average(net, x), {1, -1}, {.name = "flatten"});
    x = net.fully_connected(x, 12, {.name = "classifier"});
    net.output(net.softmax(x, 1.0F, {.name = "softmax"}));
    return net.build();
}

Graph kws_micronet_m(const std::string& name, const ZooWeights& weights) {
    constexpr std::array<std::int32_t, 5> channels{140, 140, 140, 112, 196};
    GraphBuilder net{name, {weights}};
    Value x = net.conv2d(net.input({1, 49, 10, 1}), 140, {10, 4, 1, 1},
                         {.name = "stem", .activation = Activation::relu});
    for (std::size_t block = 0; block < channels.size(); ++block) {
        x = separable(net, x, channels[block], block == 0 ? 2 : 1, static_cast<int>(block) + 1);
    }
    x = net.conv2d(global_average(net, x), 12, Window::square(1), {.name = "classifier"});
    net.output(net.reshape(x, {1, 12}, {.name = "flatten"}));
    return net.build();
}

}  // namespace u65sim::zoo_families
