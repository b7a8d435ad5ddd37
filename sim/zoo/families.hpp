// The zoo's networks, family by family.
#pragma once

#include <string>

#include <u65sim/graph.hpp>
#include <u65sim/zoo.hpp>

namespace u65sim::zoo_families {

Graph vgg19_cifar100(const std::string& name, const ZooWeights& weights);
Graph vgg19_224(const std::string& name, const ZooWeights& weights);
Graph resnet50_cifar100(const std::string& name, const ZooWeights& weights);
Graph resnet8(const std::string& name, const ZooWeights& weights);
Graph mobilenet_v1_cifar100(const std::string& name, const ZooWeights& weights);
Graph mobilenet_v1_025_96(const std::string& name, const ZooWeights& weights);
Graph mobilenet_v2_224(const std::string& name, const ZooWeights& weights);
Graph rnnoise(const std::string& name, const ZooWeights& weights);
Graph ds_cnn(const std::string& name, const ZooWeights& weights);
Graph kws_micronet_m(const std::string& name, const ZooWeights& weights);
Graph autoencoder(const std::string& name, const ZooWeights& weights);

}  // namespace u65sim::zoo_families
