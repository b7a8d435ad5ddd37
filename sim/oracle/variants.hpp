// Networks changed in one respect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <u65sim/compile.hpp>
#include <u65sim/graph.hpp>

namespace u65sim::oracle {

/// The same command streams with a spilled map behind everything else in SRAM, at an address that
/// cuts its bursts as before.
CompiledNetwork with_map_in_sram(const CompiledNetwork& network, const SpilledMap& spill);

/// The same network with half of an operator's weights zero, the smallest ones; a weight model gets
/// half its density. Nothing when it has no weights whose zeros could be counted.
std::optional<Graph> with_half_the_weights(const Graph& graph, const Operator& op);

/// Output channels of an operator that could have any number of them (convolution, fully
/// connected); 0 for all others.
std::int32_t free_channels(const Graph& graph, const Operator& op);

/// A network of this operator alone with so many output channels and modelled weights.
Graph alone(const Graph& graph, const Operator& op, std::int32_t channels);

/// The same network without operator `index`, whose first input becomes its result. Nothing unless
/// the operator is a SOFTMAX or LOGISTIC whose result is the network's and nobody else's.
std::optional<Graph> without_last(const Graph& graph, std::size_t index);

}  // namespace u65sim::oracle
