// What the module of the SystemC kernel offers to who loads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/simulate.hpp>

#include "stream/operation.hpp"

namespace u65sim {

namespace machine {
class VcdFile;
}

namespace on_demand {

/// What a run may throw, what is derived before what it is derived from. Anything else comes as the
/// last of them, but std::bad_alloc.
using Errors =
    std::tuple<CycleLimitReached, SimulationStuck, InvalidModel, InvalidConfig, InvalidStream,
               NotExecutable, FileError, Error, QuantityOverflow, std::runtime_error>;
inline constexpr std::size_t error_count = std::tuple_size_v<Errors>;
inline constexpr std::size_t out_of_memory = error_count;

/// A run's simulation, or what it threw. Exceptions do not leave the module: a program that is
/// linked statically has a C++ runtime of its own.
struct Outcome {
    std::optional<Simulation> simulation;
    std::size_t error = 0;  ///< of Errors, or out_of_memory; where there is no simulation
    std::string message;
};

/// The functions of machine/systemc/engine.hpp.
struct SystemcKernel {
    Outcome (*run)(const std::vector<stream::Command>& commands, std::int64_t words,
                   const Target& target, const SimulateOptions& options);
    Outcome (*run_on_shared_memories)(const std::vector<stream::Command>& commands,
                                      std::int64_t words, const Target& target,
                                      const SimulateOptions& options);
    Outcome (*trace)(const std::vector<stream::Command>& commands, std::int64_t words,
                     const Target& target, const SimulateOptions& options, machine::VcdFile& vcd,
                     Cycles start);
};

/// Name of the SystemcKernel among the module's symbols.
inline constexpr const char* symbol = "u65sim_systemc_kernel";

}  // namespace on_demand

}  // namespace u65sim
