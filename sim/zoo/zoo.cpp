#include <u65sim/zoo.hpp>

#include <array>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "base/nearest_word.hpp"
#include "zoo/families.hpp"

namespace u65sim {
namespace {

struct Network {
    std::string_view name, summary;
    Graph (*build)(const std::string& name, const ZooWeights& weights);
};

constexpr auto networks = std::to_array<Network>({
    {"vgg19_cifar100", "VGG19 (configuration E) for 32x32 images, one layer of 100 classes",
     zoo_families::vgg19_cifar100},
    {"resnet50_cifar100", "ResNet50 for 32x32 images: 3x3 stem without pooling, 100 classes",
     zoo_families::resnet50_cifar100},
    {"mobilenet_v1_cifar100", "MobileNetV1 1.0 for 32x32 images, stem of stride 1, 100 classes",
     zoo_families::mobilenet_v1_cifar100},
    {"vgg19_224", "VGG19 (configuration E) for 224x224 images, 512 hidden units, 10 classes",
     zoo_families::vgg19_224},
    {"mobilenet_v2_224", "MobileNetV2 1.0 for 224x224 images, 1001 classes",
     zoo_families::mobilenet_v2_224},
    {"rnnoise", "one step of the RNNoise noise suppressor: three GRUs, states as inputs",
     zoo_families::rnnoise},
    {"ds_cnn", "keyword spotting by depthwise separable convolutions, 12 classes",
     zoo_families::ds_cnn},
    {"autoencoder", "anomaly detection by ten fully connected layers, 640 to 8 to 640",
     zoo_families::autoencoder},
    {"kws_micronet_m", "keyword spotting, MicroNet of medium size, 12 classes",
     zoo_families::kws_micronet_m},
    {"resnet8", "image classification of 32x32 images by three residual stacks, 10 classes",
     zoo_families::resnet8},
    {"mobilenet_v1_025_96", "person detection by MobileNetV1 0.25 on 96x96 images, 2 classes",
     zoo_families::mobilenet_v1_025_96},
});

}  // namespace

std::vector<ZooEntry> zoo_list() {
    std::vector<ZooEntry> entries;
    for (const Network& network : networks) {
        entries.push_back({std::string{network.name}, std::string{network.summary}});
    }
    return entries;
}

Graph zoo(std::string_view name, const ZooWeights& weights) {
    constexpr std::string_view prefix = "zoo:";  // as studies write it
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    std::vector<std::string> names;
    for (const Network& network : networks) {
        if (network.name == name) return network.build(std::string{name}, weights);
        names.emplace_back(network.name);
    }
    throw InvalidModel(
        fmt::format("unknown network '{}'; {}", name, known_words(name, names, "'")));
}

}  // namespace u65sim
