// Networks as a search makes them: known families with other widths, weights modelled.
#pragma once

#include <cstdint>
#include <string>

#include <u65sim/graph.hpp>

namespace bench {

/// Variant `seed` of "mobilenet_v2", "mobilenet_v1_cifar", "ds_cnn" or "resnet50_cifar": every
/// width within a quarter of the original's, a multiple of 8, and for the MobileNets other depths.
u65sim::Graph variant(const std::string& family, std::uint64_t seed);

/// The same variant with the weights of one of its operators described by another density.
u65sim::Graph with_one_layer_changed(u65sim::Graph graph, std::uint64_t seed);

}  // namespace bench
