// The functions of machine/systemc/engine.hpp in a library that was built without SystemC.
#include "machine/systemc/engine.hpp"

#include <u65sim/error.hpp>

namespace u65sim::machine {

namespace {

[[noreturn]] void refuse() {
    throw InvalidConfig(
        "backend = systemc: this u65sim was built without SystemC; the back end direct gives the "
        "same report");
}

}  // namespace

Simulation run_on_systemc(const std::vector<stream::Command>&, std::int64_t, const Target&,
                          const SimulateOptions&) {
    refuse();
}

Simulation run_on_shared_memories(const std::vector<stream::Command>&, std::int64_t, const Target&,
                                  const SimulateOptions&) {
    refuse();
}

Simulation trace_on_systemc(const std::vector<stream::Command>&, std::int64_t, const Target&,
                            const SimulateOptions&, VcdFile&, Cycles) {
    refuse();
}

}  // namespace u65sim::machine
