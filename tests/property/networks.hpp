// The networks every property is held against: the models of the folder U65SIM_MODELS and the zoo.
#pragma once

#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/simulate.hpp>

namespace u65sim::property {

/// A network on the default target, compiled and run once for all properties.
struct Run {
    std::string name;
    Graph graph;  ///< as it was read; compiled already for Vela's files
    Target target;
    CompiledNetwork network;
    Simulation simulation;
};

/// Names of all networks that fit the default target. Says on standard output when the folder of
/// models is not there.
const std::vector<std::string>& names();
/// Those of the zoo and of files that are not compiled yet.
const std::vector<std::string>& source_names();

/// Worked out on first use and kept.
const Run& run(const std::string& name);

/// Compiles (or imports) `graph` for `target`.
CompiledNetwork lower(const Graph& graph, const Target& target);

}  // namespace u65sim::property
