#include "timing/estimate.hpp"

#include <algorithm>

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
                for (int d = 0; d < traversal.depth_blocks(); ++d) {
                    for (int s = 0; s < traversal.sub_kernels(); ++s) {
                        mac += mac_cycles(traversal, block, d, traversal.sub_kernel(s), arch,
                                          target.accelerator)
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

}  // namespace

KernelEstimate estimate_kernel(const KernelOp& op, const Target& target) {
    const Architecture arch = architecture(target.accelerator);
    const Traversal traversal{op, arch};
    const std::array<PortRules, 2> rules{port_rules(target, arch, 0), port_rules(target, arch, 1)};
    const auto port_of = [&](int region) {
        return static_cast<std::size_t>(port_of_region(target.memory_mode, region));
    };

    KernelEstimate estimate;
    estimate.blocks = traversal.blocks();
    estimate.jobs = estimate.blocks * traversal.jobs_per_block();
    const Compute compute = compute_of(traversal, arch, target);
    estimate.mac = Cycles{compute.mac};
    estimate.output = Cycles{compute.output};

    // Feature maps. A box that stays the same while only the OFM depth advances is read once.
    const std::size_t ifm_port = port_of(op.ifm.region);
    const bool reused = traversal.depth_block_size() > 0 && traversal.jobs_per_block() == 1;
    for (int d = 0; d < traversal.depth_blocks(); ++d) {
        for (int s = 0; s < traversal.sub_kernels(); ++s) {
            const SubKernel sub = traversal.sub_kernel(s);
            const bool per_depth = traversal.depth_block_size() == 0;
            for (int z = 0; z < traversal.blocks_z(); ++z) {
                const Box depth = traversal.block(0, 0, z);
                const Access access =
                    map_traffic(op.ifm, traversal, rules[ifm_port].bus, [&](Box block) {
                        block.z = depth.z;
                        block.depth = depth.depth;
                        return traversal.ifm_box(block, d, sub);
                    });
                const std::int64_t times = per_depth || reused ? 1 : traversal.blocks_z();
                add(estimate.ports[ifm_port], Channel::ifm, access * times);
                if (!per_depth) break;
            }
        }
    }
    const std::size_t ofm_port = port_of(op.ofm.region);
    for (int z = 0; z < traversal.blocks_z(); ++z) {
        const Box depth = traversal.block(0, 0, z);
        const auto with_depth = [&](Box block) {
            block.z = depth.z;
            block.depth = depth.depth;
            return block;
        };
        add(estimate.ports[ofm_port], Channel::ofm,
            map_traffic(op.ofm, traversal, rules[ofm_port].bus, with_depth));
        if (op.is_binary() && !op.broadcast.scalar) {
            const std::size_t port = port_of(op.ifm2.region);
            add(estimate.ports[port], Channel::ifm,
                map_traffic(op.ifm2, traversal, rules[port].bus, [&](const Box& block) {
                    return traversal.ifm2_box(with_depth(block));
                }));
        }
    }

    // Weights and scales: the whole range once per block position.
    const std::int64_t positions = std::int64_t{traversal.blocks_y()} * traversal.blocks_x();
    if (op.has_weights()) {
        for (std::size_t core = 0; core < 2; ++core) {
            const std::size_t weight_port = port_of(op.weight_region);
            const std::size_t scale_port = port_of(op.scale_region);
            add(estimate.ports[weight_port], Channel::weights,
                run_access(op.weights[core].base, op.weights[core].length, rules[weight_port].bus) *
                    positions);
            add(estimate.ports[scale_port], Channel::scales,
                run_access(op.scales[core].base, op.scales[core].length, rules[scale_port].bus) *
                    positions);
        }
    }

    std::int64_t bound = compute.pipeline;
    estimate.bound_by = compute.mac >= compute.output ? Cause::mac : Cause::output;
    std::int64_t latency = 0;
    for (std::size_t port = 0; port < 2; ++port) {
        const Access reads = total_of(estimate.ports[port], false);
        const Access writes = total_of(estimate.ports[port], true);
        Access both = reads;
        both += writes;
        const std::int64_t cycles = std::max({streaming_cycles(reads, rules[port], false),
                                              streaming_cycles(writes, rules[port], true),
                                              capped_cycles(both, rules[port])})
                                        .count();
        estimate.port_cycles[port] = Cycles{cycles};
        if (reads.beats > 0) latency = std::max(latency, rules[port].read_latency);
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
        compute.mac >= compute.output ? compute.last_output : compute.first_mac;
    estimate.total = Cycles{bound + fill + latency + rules[ofm_port].write_latency} +
                     target.timing.kernel_setup + target.timing.block_output_delay +
                     target.timing.block_completion;
    return estimate;
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
