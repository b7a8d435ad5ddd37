// The kernels and DMAs of a command stream, in its order.
#pragma once

#include <variant>
#include <vector>

#include "stream/operation.hpp"

namespace u65sim::machine {

/// Operation number i; each is a KernelOp or a DmaOp.
using OperationList = std::vector<const stream::Action*>;

/// Of `commands`, which must outlive it.
inline OperationList operations_of(const std::vector<stream::Command>& commands) {
    OperationList operations;
    operations.reserve(commands.size());
    for (const stream::Command& command : commands) {
        if (std::holds_alternative<stream::KernelOp>(command.action) ||
            std::holds_alternative<stream::DmaOp>(command.action)) {
            operations.push_back(&command.action);
        }
    }
    return operations;
}

}  // namespace u65sim::machine
