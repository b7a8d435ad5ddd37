// What a kernel operation costs, in closed form: for a compiler's decisions and as a lower bound's
// neighbour of what the machine measures. No contention with other operations.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <u65sim/simulate.hpp>
#include <u65sim/target.hpp>

#include "stream/operation.hpp"
#include "target/architecture.hpp"
#include "timing/axi.hpp"
#include "timing/block_pipeline.hpp"
#include "timing/traversal.hpp"

namespace u65sim::timing {

class KernelCosts;

struct KernelTimes {
    Cycles mac{0};     ///< MAC array busy, all blocks at their real sizes
    Cycles output{0};  ///< output unit busy
    Cycles total{0};   ///< alone, from its first IFM load to its last write response
    Cycles head{0};    ///< of `total`, until the first block can begin, with the setup
    Cycles fill{0};    ///< of `total`, what neighbours can hide when their blocks may overlap
    /// Steady-state time of each port, the larger of its two directions (cap: both together).
    std::array<Cycles, 2> port_cycles{};
};

struct KernelEstimate : KernelTimes {
    std::array<PortTraffic, 2> ports{};
    std::int64_t blocks = 0;
    std::int64_t jobs = 0;  ///< IFM loads: blocks x depth blocks x sub-kernels
};

/// KernelEstimate::total by place of the IFM (first index) and of the OFM.
using PlacementCycles = std::array<std::array<Cycles, 2>, 2>;

/// Estimates on one target. What of them does not depend on the regions, the weights' lengths and
/// whole bursts of the addresses is kept, so asking for a kernel again is cheap. Not for several
/// threads at a time.
class KernelEstimator {
public:
    /// `target` must outlive this, unchanged. Reads off-chip come so much later than with its
    /// memory idle.
    explicit KernelEstimator(const Target& target, Cycles off_chip_wait = Cycles{0});
    ~KernelEstimator();
    KernelEstimator(const KernelEstimator&) = delete;
    KernelEstimator& operator=(const KernelEstimator&) = delete;

    /// Cycles and traffic of `op`. The lengths of `op.weights` and `op.scales` count as they stand
    /// (once per block position in height and width), so put a guess there when they are not
    /// encoded yet. Throws InvalidStream for sizes that are not positive.
    KernelEstimate kernel(const stream::KernelOp& op);
    /// The times of kernel(op), which are kept for the regions and weights asked for last.
    KernelTimes times(const stream::KernelOp& op);
    Cycles total(const stream::KernelOp& op) { return times(op).total; }
    /// Cycles of `op` with its weights in each of some regions.
    std::array<Cycles, 2> weight_placements(const stream::KernelOp& op,
                                            const std::array<int, 2>& regions);
    /// A lower bound of kernel(op).total that needs no look at memory, for searches.
    Cycles least(const stream::KernelOp& op);
    /// Cycles of `op` with IFM and OFM in each of two regions.
    PlacementCycles placements(const stream::KernelOp& op, const std::array<int, 2>& regions);
    /// A memory-to-memory transfer: the slower side's steady state, and both latencies, in which
    /// the next transfer goes on.
    struct CopyTimes {
        Cycles busy{0}, latency{0};
        [[nodiscard]] Cycles alone() const { return busy + latency; }
    };
    [[nodiscard]] CopyTimes dma(const stream::DmaOp& op) const;
    /// Cycles of reading so many bytes of weights from a region, alone, with the latency.
    [[nodiscard]] Cycles weight_reads(std::int64_t bytes, int region) const;
    /// Cycles between the arrivals of so many words of commands, of which a window is on its way.
    [[nodiscard]] Cycles command_fetch(std::int64_t words) const;

    /// Different kernels looked up since begin_network(), and how many were kept from before.
    struct Lookups {
        std::uint64_t kernels = 0, hits = 0;
    };
    void begin_network();
    [[nodiscard]] Lookups lookups() const { return lookups_; }
    /// Kernels kept.
    [[nodiscard]] std::size_t kept() const;

private:
    struct KeptKernel;
    struct Kept;
    struct Ports;
    struct Traffic {
        std::array<Access, 2> reads, writes;  ///< by port
    };
    struct Supply {
        std::int64_t load = 0;             ///< from asking for a job's input to its arrival
        std::int64_t first = 0;            ///< until the first block can begin
        std::int64_t first_weights = 0;    ///< until its first weights are there
        std::int64_t weights_latency = 0;  ///< of that, no data on its way
        WeightSupply weights;
    };
    [[nodiscard]] std::size_t port_of(int region) const;
    [[nodiscard]] Ports ports_of(const stream::KernelOp& op) const;
    KeptKernel& kept_kernel(const stream::KernelOp& op);
    const KernelTimes& times_at(KeptKernel& kept, const stream::KernelOp& op,
                                const Ports& ports) const;
    [[nodiscard]] Traffic count(const KernelCosts& costs, const stream::KernelOp& op,
                                const Ports& ports, KernelEstimate& estimate) const;
    [[nodiscard]] Supply supply_of(const KernelCosts& costs, const stream::KernelOp& op,
                                   const Ports& ports) const;
    [[nodiscard]] std::int64_t first_weights_data(const Traversal& traversal,
                                                  const stream::KernelOp& op,
                                                  const Ports& ports) const;
    [[nodiscard]] WeightSupply weight_supply(const KernelCosts& costs, const stream::KernelOp& op,
                                             const Ports& ports) const;
    [[nodiscard]] KernelEstimate assemble(const KernelCosts& costs, const stream::KernelOp& op,
                                          const Ports& ports) const;

    const Target& target_;
    Architecture arch_;
    std::array<PortRules, 2> rules_;
    std::array<std::uint8_t, 8> ports_{};  ///< by region
    std::uint64_t
        address_period_;  ///< bytes after which bursts and beats fall alike again; a power of two
    std::unique_ptr<Kept> kept_;
    Lookups lookups_;
    std::uint64_t network_ = 0;  ///< number of the one that looks now
};

}  // namespace u65sim::timing
