// The parts that an estimate is made of: what a kernel's maps, loads and chunks cost on each port.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <u65sim/target.hpp>

#include "stream/operation.hpp"
#include "target/architecture.hpp"
#include "timing/axi.hpp"
#include "timing/block_pipeline.hpp"
#include "timing/feature_map_access.hpp"
#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Depends on how a port cuts bursts and not on which port it is. What is asked for is worked out
/// once. Not for several threads at a time.
class KernelCosts {
public:
    enum Map : std::uint8_t { first_in, second_in, out };
    /// Throws InvalidStream for sizes that are not positive. `rules` must outlive this.
    KernelCosts(const stream::KernelOp& op, const Target& target, const Architecture& arch,
                const std::array<PortRules, 2>& rules);

    /// What the whole map costs on a port.
    [[nodiscard]] const Access& access(Map map, std::size_t port) const;
    /// Data of one transfer, without latency.
    struct PieceCycles {
        std::int64_t mean = 0;   ///< a load; a chunk of the OFM
        std::int64_t first = 0;  ///< the first load; a chunk by itself
    };
    [[nodiscard]] const PieceCycles& piece(Map map, std::size_t port) const;
    /// Loads that share one box: it stays the same while only the OFM depth advances.
    [[nodiscard]] std::int64_t loads_a_box() const {
        return is_reused() ? traversal_.blocks_z() : 1;
    }
    [[nodiscard]] const Traversal& traversal() const { return traversal_; }
    [[nodiscard]] const BlockPipeline& compute() const { return compute_; }
    /// Cycles in which inputs enter the IFM buffer.
    struct StoreCycles {
        std::int64_t block = 0;  ///< all loads of a mean block
        std::int64_t first = 0;  ///< the first job's
    };
    [[nodiscard]] const StoreCycles& store() const { return store_; }

private:
    [[nodiscard]] bool is_reused() const;
    template <class Cost, class BoxOf>
    auto over_blocks(const stream::FeatureMap& map, const Cost& cost, const BoxOf& box_of) const;
    template <class Cost>
    auto over_first(const Cost& cost) const;
    template <class Cost>
    auto over_second(const Cost& cost) const;
    [[nodiscard]] std::int64_t load_cycles(const PortRules& rules, const Access& all) const;
    [[nodiscard]] std::size_t bus_of(std::size_t port) const;
    [[nodiscard]] Access work_out(Map map, const BusShape& bus) const;
    [[nodiscard]] StoreCycles work_out_store(int cores) const;
    [[nodiscard]] std::int64_t first_load(const PortRules& rules, bool second) const;
    [[nodiscard]] PieceCycles chunk_cycles(const PortRules& rules, const Access& ofm) const;

    const stream::KernelOp op_;
    const std::array<PortRules, 2>& rules_;
    Traversal traversal_;
    BlockPipeline compute_;
    StoreCycles store_;
    // By map, and by bus or port.
    mutable std::array<std::array<std::optional<Access>, 2>, 3> access_;
    mutable std::array<std::array<std::optional<PieceCycles>, 2>, 3> pieces_;
};

}  // namespace u65sim::timing
