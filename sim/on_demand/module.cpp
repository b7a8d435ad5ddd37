// The machine on SystemC as a module that the program loads.
#include <exception>
#include <new>
#include <utility>

#include "machine/systemc/engine.hpp"
#include "on_demand/kernel.hpp"

namespace u65sim::on_demand {

namespace {

template <std::size_t... Index>
std::size_t kind_of(const std::exception& error, std::index_sequence<Index...> /*all*/) {
    std::size_t kind = error_count - 1;
    static_cast<void>(
        ((dynamic_cast<const std::tuple_element_t<Index, Errors>*>(&error) != nullptr &&
          (kind = Index, true)) ||
         ...));
    return kind;
}

/// `function`, whose exceptions are values.
template <auto function, class... Arguments>
Outcome outcome_of(Arguments... arguments) {
    Outcome outcome;
    try {
        outcome.simulation = function(arguments...);
    } catch (const std::bad_alloc&) {
        outcome.error = out_of_memory;
    } catch (const std::exception& error) {
        outcome.error = kind_of(error, std::make_index_sequence<error_count>{});
        outcome.message = error.what();
    }
    return outcome;
}

}  // namespace

}  // namespace u65sim::on_demand

extern "C" {
extern const u65sim::on_demand::SystemcKernel u65sim_systemc_kernel;
const u65sim::on_demand::SystemcKernel u65sim_systemc_kernel = {
    u65sim::on_demand::outcome_of<u65sim::machine::run_on_systemc>,
    u65sim::on_demand::outcome_of<u65sim::machine::run_on_shared_memories>,
    u65sim::on_demand::outcome_of<u65sim::machine::trace_on_systemc>,
};

/// libsystemc asks for it.
int sc_main(int, char**) { return 0; }
}
