// VGG19: configuration E of the VGG paper, batch normalisation folded into the convolutions.
#include <array>

#include <fmt/format.h>

#include <u65sim/graph_builder.hpp>

#include "zoo/families.hpp"

namespace u65sim::zoo_families {
namespace {

struct Stage {
    std::int32_t convolutions, channels;
};
constexpr std::array<Stage, 5> stages{{{2, 64}, {2, 128}, {4, 256}, {4, 512}, {4, 512}}};

Value features(GraphBuilder& net, Value x) {
    int stage_number = 0;
    for (const auto& [convolutions, channels] : stages) {
        ++stage_number;
        for (std::int32_t index = 1; index <= convolutions; ++index) {
            x = net.conv2d(x, channels, Window::square(3),
                           {.name = fmt::format("conv{}_{}", stage_number, index),
                            .activation = Activation::relu});
        }
        x = net.max_pool(x, Window::square(2, 2, Padding::valid),
                         {.name = fmt::format("pool{}", stage_number)});
    }
    return net.reshape(x, {1, -1}, {.name = "flatten"});
}

}  // namespace

Graph vgg19_cifar100(const std::string& name, const ZooWeights& weights) {
    GraphBuilder net{name, {weights}};
    const Value x = features(net, net.input({1, 32, 32, 3}));
    net.output(net.fully_connected(x, 100, {.name = "classifier"}));
    return net.build();
}

Graph vgg19_224(const std::string& name, const ZooWeights& weights) {
    GraphBuilder net{name, {weights}};
    Value x = features(net, net.input({1, 224, 224, 3}));
    x = net.fully_connected(x, 512, {.name = "hidden", .activation = Activation::relu});
    net.output(net.fully_connected(x, 10, {.name = "classifier"}));
    return net.build();
}

}  // namespace u65sim::zoo_families
