#include "timing/estimate.hpp"

#include <algorithm>
#include <optional>

#include "timing/axi.hpp"
#include "timing/mac_array.hpp"
#include "timing/output_unit.hpp"

namespace u65sim::timing {

using stream::KernelOp;

namespace {

void add(PortTraffic& traffic, Channel channel, const Access& access) {
    const auto index = static_cast<std::size_t>(channel);
    traffic.beats[index] += access.beats;
    traffic.bytes[index] += Bytes{access.bytes};
    traffic.bursts[index] += access.bursts;
}

Access total_of(const PortTraffic& traffic, bool write) {
    Access sum;
    for (std::size_t i = 0; i < channel_count; ++i) {
        if (is_write(static_cast<Channel>(i)) != write) continue;
        sum += {traffic.bytes[i].count(), traffic.beats[i], traffic.bursts[i]};
    }
    return sum;
}

/// Sizes that occur along one axis: all but the last are equal.
struct AxisSize {
    int index;
    std::int64_t times;
};
std::array<AxisSize, 2> axis_sizes(int count) { return {{{0, count - 1}, {count - 1, 1}}}; }

/// Compute time of all blocks, and the pipeline's: each block takes the slower of its two stages.
struct Compute {
    std::int64_t mac = 0, output = 0, pipeline = 0;
    std::int64_t first_mac = 0, last_output = 0;
};
Compute compute_of(const Traversal& traversal, const Architecture& arch, const Target& target) {
    Compute result;
    for (const AxisSize& y : axis_sizes(traversal.blocks_y())) {
        for (const AxisSize& x : axis_sizes(traversal.blocks_x())) {
            for (const AxisSize& z : axis_sizes(traversal.blocks_z())) {
                const std::int64_t times = y.times * x.times * z.times;
                if (times == 0) continue;
                const Box block = traversal.block(y.index, x.index, z.index);
                std::int64_t mac = 0;
                for (const AxisSize& d : axis_sizes(traversal.depth_blocks())) {
                    if (d.times == 0) continue;
                    for (int s = 0; s < traversal.sub_kernels(); ++s) {
                        mac +=
                            d.times * mac_cycles(traversal, block, d.index, traversal.sub_kernel(s),
                                                 arch, target.accelerator)
                                          .count();
                    }
                }
                const std::int64_t output =
                    output_cycles(traversal.op(), block, arch, target.accelerator).count();
                result.mac += mac * times;
                result.output += output * times;
                result.pipeline += std::max(mac, output) * times;
                if (result.first_mac == 0) result.first_mac = mac;
                result.last_output = output;
            }
        }
    }
    return result;
}

/// Traffic of one feature map's boxes. Rows and columns of blocks are independent of each other,
/// so one row of blocks stands for all, weighed by its share of the rows.
template <class BoxOf>
Access map_traffic(const stream::FeatureMap& map, const Traversal& traversal, const BusShape& bus,
                   const BoxOf& box_of) {
    std::int64_t rows = 0;
    for (int y = 0; y < traversal.blocks_y(); ++y) {
        rows += box_of(traversal.block(y, 0, 0)).height;
    }
    Access sum;
    for (int x = 0; x < traversal.blocks_x(); ++x) {
        Box row = box_of(traversal.block(0, x, 0));
        row.height = 1;
        sum += box_access(map, row, bus);
    }
    return sum * rows;
}

/// An OFM block's place in height and width with the depth of another.
Box with_depth(Box block, const Box& depth) {
    block.z = depth.z;
    block.depth = depth.depth;
    return block;
}

/// The parts of an estimate that do not ask where maps live, only how their port cuts bursts.
class KernelParts {
public:
    KernelParts(const KernelOp& op, const Target& target)
        : op_(op),
          target_(target),
          arch_(architecture(target.accelerator)),
          rules_{port_rules(target, arch_, 0), port_rules(target, arch_, 1)},
          traversal_(op, arch_),
          compute_(compute_of(traversal_, arch_, target)) {}

    /// The whole estimate with IFM and OFM in these regions.
    KernelEstimate with(int ifm_region, int ofm_region) {
        KernelEstimate estimate;
        estimate.blocks = traversal_.blocks();
        estimate.jobs = estimate.blocks * traversal_.jobs_per_block();
        estimate.mac = Cycles{compute_.mac};
        estimate.output = Cycles{compute_.output};
        const std::size_t ifm_port = port_of(ifm_region);
        const std::size_t ofm_port = port_of(ofm_region);
        add(estimate.ports[ifm_port], Channel::ifm, known(ifm_, ifm_port, &KernelParts::ifm));
        add(estimate.ports[ofm_port], Channel::ofm, known(ofm_, ofm_port, &KernelParts::ofm));
        if (op_.is_binary() && !op_.broadcast.scalar) {
            const std::size_t port = port_of(op_.ifm2.region);
            add(estimate.ports[port], Channel::ifm, known(ifm2_, port, &KernelParts::ifm2));
        }
        // Weights and scales: the whole range once per block position.
        if (op_.has_weights()) {
            const std::size_t weight_port = port_of(op_.weight_region);
            const std::size_t scale_port = port_of(op_.scale_region);
            for (std::size_t core = 0; core < 2; ++core) {
                add(estimate.ports[weight_port], Channel::weights,
                    ranges(op_.weights[core], weight_port));
                add(estimate.ports[scale_port], Channel::scales,
                    ranges(op_.scales[core], scale_port));
            }
        }
        sum_up(estimate, rules_[ofm_port].write_latency);
        return estimate;
    }

private:
    [[nodiscard]] std::size_t port_of(int region) const {
        return static_cast<std::size_t>(port_of_region(target_.memory_mode, region));
    }

    const Access& known(std::array<std::optional<Access>, 2>& slots, std::size_t port,
                        Access (KernelParts::*make)(const BusShape&) const) const {
        std::optional<Access>& slot = slots[port];
        if (!slot) {
            const std::optional<Access>& other = slots[1 - port];
            slot =
                other && rules_[0].bus == rules_[1].bus ? *other : (this->*make)(rules_[port].bus);
        }
        return *slot;
    }

    /// A box that stays the same while only the OFM depth advances is read once.
    [[nodiscard]] Access ifm(const BusShape& bus) const {
        const bool reused = traversal_.depth_block_size() > 0 && traversal_.jobs_per_block() == 1;
        const bool per_depth = traversal_.depth_block_size() == 0;
        const std::int64_t times = per_depth || reused ? 1 : traversal_.blocks_z();
        Access sum;
        for (int d = 0; d < traversal_.depth_blocks(); ++d) {
            for (int s = 0; s < traversal_.sub_kernels(); ++s) {
                const SubKernel sub = traversal_.sub_kernel(s);
                for (int z = 0; z < (per_depth ? traversal_.blocks_z() : 1); ++z) {
                    const Box depth = traversal_.block(0, 0, z);
                    sum += map_traffic(op_.ifm, traversal_, bus, [&](const Box& block) {
                        return traversal_.ifm_box(with_depth(block, depth), d, sub);
                    });
                }
            }
        }
        return sum * times;
    }
    [[nodiscard]] Access ifm2(const BusShape& bus) const {
        Access sum;
        for (int z = 0; z < traversal_.blocks_z(); ++z) {
            const Box depth = traversal_.block(0, 0, z);
            sum += map_traffic(op_.ifm2, traversal_, bus, [&](const Box& block) {
                return traversal_.ifm2_box(with_depth(block, depth));
            });
        }
        return sum;
    }
    [[nodiscard]] Access ofm(const BusShape& bus) const {
        Access sum;
        for (int z = 0; z < traversal_.blocks_z(); ++z) {
            const Box depth = traversal_.block(0, 0, z);
            sum += map_traffic(op_.ofm, traversal_, bus,
                               [&](const Box& block) { return with_depth(block, depth); });
        }
        return sum;
    }
    [[nodiscard]] Access ranges(const stream::ByteRange& range, std::size_t port) const {
        return run_access(range.base, range.length, rules_[port].bus) *
               (std::int64_t{traversal_.blocks_y()} * traversal_.blocks_x());
    }

    /// The total, and what it is bound by.
    void sum_up(KernelEstimate& estimate, std::int64_t write_latency) const {
        std::int64_t bound = compute_.pipeline;
        estimate.bound_by = compute_.mac >= compute_.output ? Cause::mac : Cause::output;
        std::int64_t latency = 0;
        for (std::size_t port = 0; port < 2; ++port) {
            const Access reads = total_of(estimate.ports[port], false);
            const Access writes = total_of(estimate.ports[port], true);
            Access both = reads;
            both += writes;
            const std::int64_t cycles = std::max({streaming_cycles(reads, rules_[port], false),
                                                  streaming_cycles(writes, rules_[port], true),
                                                  capped_cycles(both, rules_[port])})
                                            .count();
            estimate.port_cycles[port] = Cycles{cycles};
            if (reads.beats > 0) latency = std::max(latency, rules_[port].read_latency);
            if (cycles > bound) {
                bound = cycles;
                const auto& beats = estimate.ports[port].beats;
                const auto of = [&](Channel channel) {
                    return beats[static_cast<std::size_t>(channel)];
                };
                const std::int64_t weights = of(Channel::weights) + of(Channel::scales);
                const bool reading = reads.beats >= writes.beats;
                estimate.bound_by = !reading                      ? Cause::ofm_write
                                    : weights >= of(Channel::ifm) ? Cause::weight_fetch
                                                                  : Cause::ifm_fetch;
            }
        }
        const std::int64_t fill =
            compute_.mac >= compute_.output ? compute_.last_output : compute_.first_mac;
        estimate.total = Cycles{bound + fill + latency + write_latency} +
                         target_.timing.kernel_setup + target_.timing.block_output_delay +
                         target_.timing.block_completion;
    }

    const KernelOp& op_;
    const Target& target_;
    Architecture arch_;
    std::array<PortRules, 2> rules_;
    Traversal traversal_;
    Compute compute_;
    std::array<std::optional<Access>, 2> ifm_, ifm2_, ofm_;  ///< by port
};

}  // namespace

KernelEstimate estimate_kernel(const KernelOp& op, const Target& target) {
    return KernelParts(op, target).with(op.ifm.region, op.ofm.region);
}

PlacementCycles estimate_placements(const KernelOp& op, const Target& target,
                                    const std::array<int, 2>& regions) {
    KernelParts parts(op, target);
    PlacementCycles cycles;
    for (std::size_t ifm = 0; ifm < 2; ++ifm) {
        for (std::size_t ofm = 0; ofm < 2; ++ofm) {
            cycles[ifm][ofm] = parts.with(regions[ifm], regions[ofm]).total;
        }
    }
    return cycles;
}

Cycles estimate_dma(const stream::DmaOp& op, const Target& target) {
    const Architecture arch = architecture(target.accelerator);
    Cycles slowest{0};
    Cycles latency{0};
    for (const bool write : {false, true}) {
        const stream::DmaEnd& end = write ? op.destination : op.source;
        if (end.internal) continue;
        const PortRules rules =
            port_rules(target, arch, port_of_region(target.memory_mode, end.region));
        Access access = run_access(end.address, static_cast<std::int64_t>(op.length), rules.bus);
        const std::int64_t runs =
            (op.stride_mode > 0 ? op.size0 : 1) * std::int64_t{op.stride_mode > 1 ? op.size1 : 1};
        slowest = std::max({slowest, streaming_cycles(access * runs, rules, write),
                            capped_cycles(access * runs, rules)});
        latency += Cycles{write ? rules.write_latency : rules.read_latency};
    }
    return slowest + latency;
}

}  // namespace u65sim::timing
