// Weights and scale records of one operation, from the bytes the stream points at.
#pragma once

#include <cstdint>
#include <list>
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

/// Decodes weight streams, and remembers the last ones: striped and repeated operations use the
/// same bytes again.
class WeightLoader {
public:
    /// Throws InvalidStream when a range holds too few or too many weights.
    std::shared_ptr<const Weights> load(const stream::KernelOp& op, const Architecture& arch,
                                        Memory& memory);

private:
    struct Entry {
        stream::KernelOp key;
        std::vector<std::uint8_t> encoded;
        std::shared_ptr<const Weights> weights;
    };
    std::list<Entry> recent_;
    std::size_t kept_bytes_ = 0;
};

/// One record an output channel, in channel order.
std::vector<weights::ScaleRecord> load_scales(const stream::KernelOp& op, Memory& memory);

}  // namespace u65sim::machine::functional
