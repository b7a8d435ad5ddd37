// Networks as a search makes them: known families with other widths, weights modelled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

namespace bench {

/// The spaces there are variants of.
const std::vector<std::string>& families();

/// Variant `seed` of one of families(). Of networks that are published, every width is within a
/// quarter of the original's, a multiple of 8, and of the MobileNets other depths; "small_images"
/// is the space of examples/090, "random" random_network(). Throws std::invalid_argument for other
/// names.
u65sim::Graph variant(const std::string& family, std::uint64_t seed);

/// Convolutions, pools, sums, products, concatenations, curves and resizes at random, in branches
/// that meet again; weights modelled.
u65sim::Graph random_network(std::uint64_t seed);

/// The same variant with the weights of one of its operators described by another density.
u65sim::Graph with_one_layer_changed(u65sim::Graph graph, std::uint64_t seed);

}  // namespace bench
