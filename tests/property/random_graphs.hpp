// Networks nobody would draw by hand, from a seed.
#pragma once

#include <cstdint>

#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

namespace u65sim::property {

/// A network of 1 to 12 layers or blocks: convolutions of all kinds, pools, residuals,
/// concatenations, PRELUs, padded shortcuts, squeeze and excite, splits, slices, resizes, element
/// operations and classifiers over random extents, channels and types; weights drawn or
/// modelled, dense, sparse or clustered. The same for the same seed everywhere.
Graph random_graph(std::uint64_t seed);

/// A target to go with it: any preset, sometimes with other memories.
Target random_target(std::uint64_t seed);

/// How many random networks to try: U65SIM_RANDOM_GRAPHS, or `otherwise`.
std::uint64_t random_graph_count(std::uint64_t otherwise);

}  // namespace u65sim::property
