// BLOCKDEP: how many blocks of the kernel before may be unfinished when this one starts.
#pragma once

#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::compiler {

/// 0 to `most`. `before` is the kernel issued last, null at the start of a stream.
int block_dependency(const stream::KernelOp* before, const stream::KernelOp& op,
                     const Architecture& arch, int most);

}  // namespace u65sim::compiler
