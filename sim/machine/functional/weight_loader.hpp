// Weights and scale records of one operation, from the bytes the stream points at.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "machine/functional/memory.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"
#include "weights/scale_record.hpp"

namespace u65sim::machine::functional {

/// Decoded weights of one operation: [output channel][ky][kx][input channel], input depth 1 for
/// depthwise, zero points removed.
using Weights = std::vector<std::int16_t>;

/// Decodes the weight streams of one operation. The last ones used in the process are remembered,
/// up to 256 MiB: striped operations and further inferences use the same bytes again. Safe in
/// several threads. Throws InvalidStream when a range holds too few or too many weights.
std::shared_ptr<const Weights> load_weights(const stream::KernelOp& op, const Architecture& arch,
                                            Memory& memory);

/// One record an output channel, in channel order.
std::vector<weights::ScaleRecord> load_scales(const stream::KernelOp& op, Memory& memory);

}  // namespace u65sim::machine::functional
