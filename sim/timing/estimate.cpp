#include "timing/estimate.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

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

/// As the parts know a kernel: without what they do not depend on.
stream::KernelOp key_of(const KernelOp& op, std::uint64_t period) {
    KernelOp key = op;
    for (stream::FeatureMap* map : {&key.ifm, &key.ifm2, &key.ofm}) {
        map->region = 0;
        map->zero_point = 0;
        for (auto& base : map->base) base %= period;
    }
    key.weight_region = key.scale_region = 0;
    key.weights = key.scales = {};
    key.blockdep = 0;
    return key;
}

struct KeyHash {
    static void mix(std::size_t& hash, std::uint64_t value) {
        hash = (hash ^ static_cast<std::size_t>(value)) * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 29;
    }
    static void mix(std::size_t& hash, const stream::FeatureMap& map) {
        mix(hash, map.base[0] ^ (map.base[2] << 20));
        mix(hash, static_cast<std::uint64_t>(map.height) << 40 ^
                      static_cast<std::uint64_t>(map.width) << 20 ^
                      static_cast<std::uint64_t>(map.depth));
        mix(hash, static_cast<std::uint64_t>(map.stride_y) << 24 ^
                      static_cast<std::uint64_t>(map.stride_x) ^
                      static_cast<std::uint64_t>(map.height0) << 44);
    }
    std::size_t operator()(const KernelOp& op) const {
        std::size_t hash = static_cast<std::size_t>(op.kind);
        mix(hash, op.ifm);
        mix(hash, op.ofm);
        if (op.is_binary()) mix(hash, op.ifm2);
        mix(hash, static_cast<std::uint64_t>(op.kernel.height) << 32 ^
                      static_cast<std::uint64_t>(op.kernel.width) << 16 ^
                      static_cast<std::uint64_t>(op.kernel.stride_y));
        mix(hash, static_cast<std::uint64_t>(op.block.height) << 40 ^
                      static_cast<std::uint64_t>(op.block.width) << 20 ^
                      static_cast<std::uint64_t>(op.block.depth));
        mix(hash, static_cast<std::uint64_t>(op.pad.top) << 16 ^
                      static_cast<std::uint64_t>(op.pad.bottom));
        return hash;
    }
};

}  // namespace

/// What an estimate is made of, by how a port cuts bursts and not by which port it is.
class KernelEstimator::Parts {
public:
    /// `op` must outlive this.
    Parts(const KernelOp& op, const Target& target, const Architecture& arch,
          const std::array<PortRules, 2>& rules)
        : op_(op), traversal_(op, arch), compute_(compute_of(traversal_, arch, target)) {
        for (std::size_t port = 0; port < 2; ++port) {
            if (port == 1 && rules[1].bus == rules[0].bus) {
                access_[1] = access_[0];
                break;
            }
            access_[port] = {ifm(rules[port].bus), ifm2(rules[port].bus), ofm(rules[port].bus)};
        }
    }

    struct Maps {
        Access ifm, ifm2, ofm;
    };
    [[nodiscard]] const Maps& maps(std::size_t port) const { return access_[port]; }
    [[nodiscard]] const Traversal& traversal() const { return traversal_; }
    [[nodiscard]] const Compute& compute() const { return compute_; }

private:
    /// Whether boxes of `step` channels next to each other cost what their union does.
    static bool joins(const stream::FeatureMap& map, int step) {
        return map.layout == stream::Layout::nhcwb16 && step % 16 == 0;
    }

    /// Traffic of a map that every OFM block reads or writes a box of.
    template <class BoxOf>
    Access over_blocks(const stream::FeatureMap& map, const BusShape& bus,
                       const BoxOf& box_of) const {
        const bool joined = joins(map, op_.block.depth) && map.depth == op_.ofm.depth;
        Access sum;
        for (int z = 0; z < (joined ? 1 : traversal_.blocks_z()); ++z) {
            Box depth = traversal_.block(0, 0, z);
            if (joined) depth.depth = map.depth;
            sum += map_traffic(map, traversal_, bus, [&](Box block) {
                block.z = depth.z;
                block.depth = depth.depth;
                return box_of(block);
            });
        }
        return sum;
    }
    [[nodiscard]] Access ifm(const BusShape& bus) const {
        const int size = traversal_.depth_block_size();
        Access sum;
        for (int s = 0; s < traversal_.sub_kernels(); ++s) {
            const SubKernel sub = traversal_.sub_kernel(s);
            if (size == 0) {
                sum += over_blocks(op_.ifm, bus, [&](const Box& block) {
                    return traversal_.ifm_box(block, 0, sub);
                });
                continue;
            }
            const bool joined = joins(op_.ifm, size);
            for (int d = 0; d < (joined ? 1 : traversal_.depth_blocks()); ++d) {
                sum += map_traffic(op_.ifm, traversal_, bus, [&](const Box& block) {
                    Box box = traversal_.ifm_box(block, d, sub);
                    if (joined) box.depth = op_.ifm.depth;
                    return box;
                });
            }
        }
        // A box that stays the same while only the OFM depth advances is read once.
        const bool reused = size > 0 && traversal_.jobs_per_block() == 1;
        return sum * (size == 0 || reused ? 1 : traversal_.blocks_z());
    }
    [[nodiscard]] Access ifm2(const BusShape& bus) const {
        if (!op_.is_binary() || op_.broadcast.scalar) return {};
        return over_blocks(op_.ifm2, bus,
                           [&](const Box& block) { return traversal_.ifm2_box(block); });
    }
    [[nodiscard]] Access ofm(const BusShape& bus) const {
        return over_blocks(op_.ofm, bus, [](const Box& block) { return block; });
    }

    const KernelOp& op_;
    Traversal traversal_;
    Compute compute_;
    std::array<Maps, 2> access_;  ///< by port
};

struct KernelEstimator::Known {
    struct Entry {
        std::unique_ptr<const Parts> parts;
        std::uint64_t network = 0;  ///< the last one that asked
    };
    std::unordered_map<KernelOp, Entry, KeyHash> parts;
};

KernelEstimator::KernelEstimator(const Target& target)
    : target_(target),
      arch_(architecture(target.accelerator)),
      rules_{port_rules(target, arch_, 0), port_rules(target, arch_, 1)},
      address_period_(static_cast<std::uint64_t>(
          std::lcm(std::lcm(rules_[0].bus.burst_bytes, rules_[1].bus.burst_bytes),
                   std::lcm(rules_[0].bus.beat_bytes, rules_[1].bus.beat_bytes)))),
      known_(std::make_unique<Known>()) {}

KernelEstimator::~KernelEstimator() = default;

std::size_t KernelEstimator::port_of(int region) const {
    return static_cast<std::size_t>(port_of_region(target_.memory_mode, region));
}

void KernelEstimator::begin_network() {
    ++network_;
    asked_ = {};
}

std::size_t KernelEstimator::known() const { return known_->parts.size(); }

const KernelEstimator::Parts& KernelEstimator::parts_of(const KernelOp& op) {
    const auto [entry, is_new] =
        known_->parts.try_emplace(key_of(op, address_period_), Known::Entry{nullptr, network_});
    auto& [parts, network] = entry->second;
    if (is_new) {
        try {
            parts = std::make_unique<Parts>(entry->first, target_, arch_, rules_);
        } catch (...) {
            known_->parts.erase(entry);
            throw;
        }
        ++asked_.kernels;
    } else if (network != network_) {
        network = network_;
        ++asked_.kernels;
        ++asked_.known;
    }
    return *parts;
}

KernelEstimate KernelEstimator::kernel(const KernelOp& op) {
    return assemble(parts_of(op), op, op.ifm.region, op.ofm.region);
}

PlacementCycles KernelEstimator::placements(const KernelOp& op, const std::array<int, 2>& regions) {
    const Parts& parts = parts_of(op);
    PlacementCycles cycles;
    for (std::size_t ifm = 0; ifm < 2; ++ifm) {
        for (std::size_t ofm = 0; ofm < 2; ++ofm) {
            cycles[ifm][ofm] = assemble(parts, op, regions[ifm], regions[ofm]).total;
        }
    }
    return cycles;
}

KernelEstimate KernelEstimator::assemble(const Parts& parts, const KernelOp& op, int ifm_region,
                                         int ofm_region) const {
    const Traversal& traversal = parts.traversal();
    const Compute& compute = parts.compute();
    KernelEstimate estimate;
    estimate.blocks = traversal.blocks();
    estimate.jobs = estimate.blocks * traversal.jobs_per_block();
    estimate.mac = Cycles{compute.mac};
    estimate.output = Cycles{compute.output};
    const std::size_t ifm_port = port_of(ifm_region);
    const std::size_t ofm_port = port_of(ofm_region);
    add(estimate.ports[ifm_port], Channel::ifm, parts.maps(ifm_port).ifm);
    add(estimate.ports[ofm_port], Channel::ofm, parts.maps(ofm_port).ofm);
    if (op.is_binary() && !op.broadcast.scalar) {
        const std::size_t port = port_of(op.ifm2.region);
        add(estimate.ports[port], Channel::ifm, parts.maps(port).ifm2);
    }
    // Weights and scales: the whole range once per block position.
    if (op.has_weights()) {
        const std::int64_t positions = std::int64_t{traversal.blocks_y()} * traversal.blocks_x();
        const auto fetch = [&](Channel channel, int region, const stream::ByteRange& range) {
            const std::size_t port = port_of(region);
            add(estimate.ports[port], channel,
                run_access(range.base, range.length, rules_[port].bus) * positions);
        };
        for (std::size_t core = 0; core < 2; ++core) {
            fetch(Channel::weights, op.weight_region, op.weights[core]);
            fetch(Channel::scales, op.scale_region, op.scales[core]);
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
        compute.mac >= compute.output ? compute.last_output : compute.first_mac;
    estimate.total = Cycles{bound + fill + latency + rules_[ofm_port].write_latency} +
                     target_.timing.kernel_setup + target_.timing.block_output_delay +
                     target_.timing.block_completion;
    return estimate;
}

Cycles KernelEstimator::dma(const stream::DmaOp& op) const {
    Cycles slowest{0};
    Cycles latency{0};
    for (const bool write : {false, true}) {
        const stream::DmaEnd& end = write ? op.destination : op.source;
        if (end.internal) continue;
        const PortRules& rules = rules_[port_of(end.region)];
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
