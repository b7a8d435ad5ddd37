// The numbers of the simulated hardware, read by all units.
#pragma once

#include <u65sim/target.hpp>

#include "target/architecture.hpp"

namespace u65sim::machine {

struct Hardware {
    Target target;
    Architecture arch{};
};

}  // namespace u65sim::machine
