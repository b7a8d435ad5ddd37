// The machine on SystemC as a module that the program loads.
#include "on_demand/kernel.hpp"

extern "C" {
extern const u65sim::on_demand::SystemcKernel u65sim_systemc_kernel;
const u65sim::on_demand::SystemcKernel u65sim_systemc_kernel = {
    u65sim::machine::run_on_systemc,
    u65sim::machine::trace_on_systemc,
    u65sim::machine::run_on_shared_memories,
};

/// libsystemc asks for it.
int sc_main(int, char**) { return 0; }
}
