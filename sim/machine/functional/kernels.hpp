// The operations of the MAC array and the output unit, on bytes in memory.
#pragma once

#include "machine/functional/memory.hpp"
#include "machine/functional/weight_loader.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::machine::functional {

/// What every kernel needs besides its operation.
struct KernelContext {
    const Architecture& arch;
    Memory& memory;
};

/// CONV, also fully connected and transposed convolution.
void run_convolution(const stream::KernelOp& op, KernelContext& context);
void run_depthwise(const stream::KernelOp& op, KernelContext& context);
/// POOL MAX, AVERAGE (by OFM_SCALE, or by the elements in bounds when there is none), REDUCE_SUM.
void run_pool(const stream::KernelOp& op, KernelContext& context);
void run_elementwise(const stream::KernelOp& op, KernelContext& context);

}  // namespace u65sim::machine::functional
