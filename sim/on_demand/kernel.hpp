// What the module of the SystemC kernel offers to who loads it.
#pragma once

#include "machine/systemc/engine.hpp"

namespace u65sim::on_demand {

/// The functions of machine/systemc/engine.hpp.
struct SystemcKernel {
    decltype(&machine::run_on_systemc) run;
    decltype(&machine::trace_on_systemc) trace;
    decltype(&machine::run_on_shared_memories) run_on_shared_memories;
};

/// Name of the SystemcKernel among the module's symbols.
inline constexpr const char* symbol = "u65sim_systemc_kernel";

}  // namespace u65sim::on_demand
