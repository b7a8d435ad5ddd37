// What hardware that does not exist would do to a job of the MAC array. Each rule states its
// assumption in Target::hypotheses().
#pragma once

#include <cstdint>

#include "timing/traversal.hpp"

namespace u65sim::timing {

/// A job of a convolution or depthwise filter as the real array does it, in cycles.
struct MacWork {
    std::int64_t multiply = 0;  ///< the multipliers alone
    std::int64_t decode = 0;    ///< the weight decoder's floor for the same job
};

/// The same job under the accelerator's hypotheses, in cycles. `channels` is the job's depth of
/// input, `is_last` whether it completes its block.
std::int64_t hypothetical_cycles(const MacWork& real, const Traversal& traversal, const Box& block,
                                 std::int64_t channels, bool is_last,
                                 const Accelerator& accelerator);

}  // namespace u65sim::timing
