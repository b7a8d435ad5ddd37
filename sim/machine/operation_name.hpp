// Names of operations in reports, findings and errors.
#pragma once

#include <string>

#include "stream/operation.hpp"

namespace u65sim::machine {

/// "CONV", "POOL AVERAGE", "ELEMENTWISE ADD" ...
std::string operation_name(const stream::KernelOp& op);
/// The same, or "DMA", "KERNEL_WAIT" ...
std::string operation_name(const stream::Action& action);

}  // namespace u65sim::machine
