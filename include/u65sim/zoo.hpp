// Networks built in code, with seeded weights.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim {

/// How a zoo network's weights are drawn: Gaussian, quantised per channel as trained networks are.
struct ZooWeights {
    std::uint64_t seed = 1;
    double sparsity = 0.0;      ///< share of weights set to zero by magnitude, 0..1
    std::int32_t clusters = 0;  ///< distinct values a layer; 0: no clustering
    /// Weights described by a WeightModel of these settings instead of drawn: the network is built
    /// and compiled without touching a value.
    bool modelled = false;
    bool operator==(const ZooWeights&) const = default;
};

struct ZooEntry {
    std::string name, summary;
};
std::vector<ZooEntry> zoo_list();
/// Throws InvalidModel naming the nearest known name.
Graph zoo(std::string_view name, const ZooWeights& weights = {});

}  // namespace u65sim
