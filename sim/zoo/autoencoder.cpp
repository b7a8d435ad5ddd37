// Anomaly detection: squeeze a spectrum through eight numbers and compare.
#include <array>

#include <fmt/format.h>

#include <u65sim/graph_builder.hpp>

#include "zoo/families.hpp"

namespace u65sim::zoo_families {

Graph autoencoder(const std::string& name, const ZooWeights& weights) {
    constexpr std::array<std::int32_t, 9> hidden{128, 128, 128, 128, 8, 128, 128, 128, 128};
    GraphBuilder net{name, {weights}};
    Value x = net.input({1, 640});
    int number = 0;
    for (const std::int32_t units : hidden) {
        x = net.fully_connected(
            x, units, {.name = fmt::format("dense{}", ++number), .activation = Activation::relu});
    }
    net.output(net.fully_connected(x, 640, {.name = "reconstruction"}));
    return net.build();
}

}  // namespace u65sim::zoo_families
