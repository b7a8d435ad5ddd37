// What a kernel operation costs, in closed form: for a compiler's decisions and as a lower bound's
// neighbour of what the machine measures. No contention with other operations.
#pragma once

#include <array>
#include <cstdint>

#include <u65sim/simulate.hpp>
#include <u65sim/target.hpp>

#include "stream/operation.hpp"

namespace u65sim::timing {

struct KernelEstimate {
    Cycles mac{0};     ///< MAC array busy, all blocks at their real sizes
    Cycles output{0};  ///< output unit busy
    Cycles total{0};   ///< alone, from its first IFM load to its last write response
    /// Steady-state time of each port, the larger of its two directions (cap: both together).
    std::array<Cycles, 2> port_cycles{};
    std::array<PortTraffic, 2> ports{};
    /// mac, output, weight_fetch, ifm_fetch or ofm_write: what `total` is made of.
    Cause bound_by = Cause::mac;
    std::int64_t blocks = 0;
    std::int64_t jobs = 0;  ///< IFM loads: blocks x depth blocks x sub-kernels
};

/// Cycles and traffic of `op` on `target`. The lengths of `op.weights` and `op.scales` count as
/// they stand (once per block position in height and width), so put a guess there when they are
/// not encoded yet. Throws InvalidStream for sizes that are not positive.
KernelEstimate estimate_kernel(const stream::KernelOp& op, const Target& target);

/// KernelEstimate::total by place of the IFM (first index) and of the OFM.
using PlacementCycles = std::array<std::array<Cycles, 2>, 2>;

/// As estimate_kernel, with IFM and OFM in each of two regions: for little more than one costs.
PlacementCycles estimate_placements(const stream::KernelOp& op, const Target& target,
                                    const std::array<int, 2>& regions);

/// Cycles of a memory-to-memory transfer alone: the slower side's steady state plus both latencies.
Cycles estimate_dma(const stream::DmaOp& op, const Target& target);

}  // namespace u65sim::timing
