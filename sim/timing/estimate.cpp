#include "timing/estimate.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "timing/axi.hpp"
#include "timing/kernel_key.hpp"
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

std::int64_t transfer_cycles(const Access& access, const PortRules& rules, bool write) {
    return std::max(streaming_cycles(access, rules, write), capped_cycles(access, rules)).count();
}

bool has_second_map(const KernelOp& op) { return op.is_binary() && !op.broadcast.scalar; }

/// Sizes that occur along one axis: all but the last are equal.
struct AxisSize {
    int index;
    std::int64_t times;
};
std::array<AxisSize, 2> axis_sizes(int count) { return {{{0, count - 1}, {count - 1, 1}}}; }

/// Buffers and stages a block passes (machine rules).
constexpr std::int64_t most_jobs = 4;
constexpr std::int64_t accumulator_buffers = 2;
constexpr std::int64_t chunk_bytes = 1024;

/// Blocks of one size.
struct BlockClass {
    std::int64_t times = 0;
    std::int64_t array = 0;   ///< in the MAC array, its start included; elementwise: none
    std::int64_t output = 0;  ///< in the output unit
    std::int64_t held = 0;    ///< a job's input is held this long behind its arrival
};

/// Compute time of all blocks by size.
struct Compute {
    std::array<BlockClass, 8> classes{};
    std::size_t count = 0;
    std::int64_t mac = 0, output = 0;
    std::int64_t jobs = 1;       ///< a block
    std::int64_t in_buffer = 1;  ///< jobs whose input finds room at a time
    std::int64_t first_array = 0, last_job = 0, last_output = 0;

    /// Each block takes what its slowest stage does, when a load takes `load` cycles and the port
    /// takes the last chunk of a block in `write`. The first load comes on top as a whole.
    [[nodiscard]] std::int64_t pipeline(std::int64_t load, std::int64_t write) const {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const BlockClass& block = classes[i];
            const std::int64_t stage = std::max(block.array, block.output);
            const std::int64_t loads = jobs * ceil_div(load + block.held, in_buffer);
            // Accumulators are free again when the port has taken the block's last chunk.
            const std::int64_t kept =
                block.array == 0
                    ? 0
                    : ceil_div(block.array + block.output + write, accumulator_buffers);
            const std::int64_t first = i == 0 ? 1 : 0;
            sum += std::max({stage, kept, loads}) * (block.times - first) + stage * first;
        }
        return sum;
    }
};

/// Jobs that find room in the IFM buffer at a time.
std::int64_t jobs_in_buffer(const Traversal& traversal) {
    const KernelOp& op = traversal.op();
    const Box block =
        traversal.block(traversal.blocks_y() > 2 ? 1 : 0, traversal.blocks_x() > 2 ? 1 : 0, 0);
    const auto bytes = [](const stream::FeatureMap& map, const Box& box) {
        if (box.empty()) return std::int64_t{0};
        return std::int64_t{box.height} * box.width *
               round_up(std::int64_t{box.depth} * bytes_of(map.type), 8);
    };
    const std::int64_t job = bytes(op.ifm, traversal.ifm_box(block, 0, traversal.sub_kernel(0))) +
                             bytes(op.ifm2, traversal.ifm2_box(block));
    const std::int64_t kib = std::max<std::int64_t>(1, ceil_div(job, 1024));
    return std::clamp<std::int64_t>((op.ib_end - 2) / kib, 1, most_jobs);
}

Compute compute_of(const Traversal& traversal, const Architecture& arch, const Target& target) {
    const bool elementwise = traversal.op().kind == stream::KernelKind::elementwise;
    Compute result;
    result.in_buffer = jobs_in_buffer(traversal);
    result.jobs = traversal.jobs_per_block();
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
                const std::int64_t start =
                    block_start_cycles(traversal.op(), block, arch, target).count();
                // An elementwise block passes the output unit only, and keeps its input until then.
                BlockClass& same = result.classes[result.count++];
                same.times = times;
                same.array = elementwise ? 0 : start + mac;
                same.output = output;
                same.held = elementwise ? start + output : ceil_div(same.array, result.jobs);
                result.mac += mac * times;
                result.output += output * times;
                if (result.first_array == 0) result.first_array = same.array;
                result.last_job = ceil_div(same.array, result.jobs);
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

/// Times of one kernel, the ones asked for last.
class Recent {
public:
    /// What times depend on beside a kernel's parts.
    using Where = std::array<std::uint64_t, 5>;

    [[nodiscard]] const KernelTimes* find(const Where& where) const {
        for (std::size_t i = 0; i < count_; ++i) {
            const Where& known = known_[i].first;
            std::uint64_t differs = 0;
            for (std::size_t word = 0; word < where.size(); ++word) {
                differs |= known[word] ^ where[word];
            }
            if (differs == 0) return &known_[i].second;
        }
        return nullptr;
    }
    const KernelTimes& add(const Where& where, const KernelTimes& times) {
        auto& entry = known_[next_];
        entry = {where, times};
        count_ = std::max(count_, ++next_);
        next_ %= known_.size();
        return entry.second;
    }

private:
    std::array<std::pair<Where, KernelTimes>, 6> known_{};
    std::size_t count_ = 0, next_ = 0;
};

}  // namespace

/// What an estimate is made of, by how a port cuts bursts and not by which port it is.
class KernelEstimator::Parts {
public:
    enum Map : std::uint8_t { first_in, second_in, out };
    /// `rules` must outlive this.
    Parts(const KernelOp& op, const Target& target, const Architecture& arch,
          const std::array<PortRules, 2>& rules)
        : op_(op),
          rules_(rules),
          traversal_(op_, arch),
          compute_(compute_of(traversal_, arch, target)) {}

    /// What the whole map costs on a port; worked out when it is asked for.
    [[nodiscard]] const Access& access(Map map, std::size_t port) const {
        std::optional<Access>& known = access_[map][bus_of(port)];
        if (!known) known = work_out(map, rules_[port].bus);
        return *known;
    }
    /// Data of one transfer, without latency.
    struct PieceCycles {
        std::int64_t mean = 0;   ///< a load; a chunk of the OFM
        std::int64_t first = 0;  ///< the first load; none for the OFM
    };
    [[nodiscard]] const PieceCycles& piece(Map map, std::size_t port) const {
        std::optional<PieceCycles>& known = pieces_[map][port];
        if (!known) {
            const PortRules& rules = rules_[port];
            if (map == out) {
                known = {chunk_cycles(rules, access(map, port)), 0};
            } else {
                known = {load_cycles(rules, access(map, port)),
                         first_load(rules, map == second_in)};
            }
        }
        return *known;
    }
    /// Loads that share one box: it stays the same while only the OFM depth advances.
    [[nodiscard]] std::int64_t loads_a_box() const {
        return is_reused() ? traversal_.blocks_z() : 1;
    }
    [[nodiscard]] const Traversal& traversal() const { return traversal_; }
    [[nodiscard]] const Compute& compute() const { return compute_; }
    [[nodiscard]] Recent& recent() const { return recent_; }

private:
    [[nodiscard]] std::int64_t load_cycles(const PortRules& rules, const Access& all) const {
        const std::int64_t loads = traversal_.blocks() * traversal_.jobs_per_block();
        return ceil_div(transfer_cycles(all, rules, false) * loads_a_box(), loads);
    }
    [[nodiscard]] std::size_t bus_of(std::size_t port) const {
        return rules_[1].bus == rules_[0].bus ? 0 : port;
    }
    [[nodiscard]] Access work_out(Map map, const BusShape& bus) const {
        return map == first_in    ? read_first(bus)
               : map == second_in ? read_second(bus)
                                  : written(bus);
    }
    [[nodiscard]] std::int64_t first_load(const PortRules& rules, bool second) const {
        const stream::FeatureMap& map = second ? op_.ifm2 : op_.ifm;
        const Box block = traversal_.block(0, 0, 0);
        const Box box = second ? traversal_.ifm2_box(block)
                               : traversal_.ifm_box(block, 0, traversal_.sub_kernel(0));
        return transfer_cycles(box_access(map, box, rules.bus), rules, false);
    }
    [[nodiscard]] std::int64_t chunk_cycles(const PortRules& rules, const Access& ofm) const {
        const std::int64_t chunks =
            traversal_.blocks() *
            std::max<std::int64_t>(1, ceil_div(ofm.bytes, traversal_.blocks() * chunk_bytes));
        return ceil_div(transfer_cycles(ofm, rules, true), chunks);
    }
    /// A box that stays the same while only the OFM depth advances is read once.
    [[nodiscard]] bool is_reused() const {
        return traversal_.depth_block_size() > 0 && traversal_.jobs_per_block() == 1;
    }
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
    [[nodiscard]] Access read_first(const BusShape& bus) const {
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
        return sum * (size == 0 || is_reused() ? 1 : traversal_.blocks_z());
    }
    [[nodiscard]] Access read_second(const BusShape& bus) const {
        return over_blocks(op_.ifm2, bus,
                           [&](const Box& block) { return traversal_.ifm2_box(block); });
    }
    [[nodiscard]] Access written(const BusShape& bus) const {
        return over_blocks(op_.ofm, bus, [](const Box& block) { return block; });
    }

    const KernelOp op_;
    const std::array<PortRules, 2>& rules_;
    Traversal traversal_;
    Compute compute_;
    // By map, and by bus or port.
    mutable std::array<std::array<std::optional<Access>, 2>, 3> access_;
    mutable std::array<std::array<std::optional<PieceCycles>, 2>, 3> pieces_;
    mutable Recent recent_;
};

struct KernelEstimator::Known {
    struct Entry {
        std::unique_ptr<const Parts> parts;
        std::uint64_t network = 0;  ///< the last one that asked
    };
    std::unordered_map<KernelKey, Entry, KernelKeyHash> parts;
};

KernelEstimator::KernelEstimator(const Target& target)
    : target_(target),
      arch_(architecture(target.accelerator)),
      rules_{port_rules(target, arch_, 0), port_rules(target, arch_, 1)},
      address_period_(static_cast<std::uint64_t>(
          std::lcm(std::lcm(rules_[0].bus.burst_bytes, rules_[1].bus.burst_bytes),
                   std::lcm(rules_[0].bus.beat_bytes, rules_[1].bus.beat_bytes)))),
      known_(std::make_unique<Known>()) {
    for (std::size_t region = 0; region < ports_.size(); ++region) {
        ports_[region] = static_cast<std::uint8_t>(
            port_of_region(target_.memory_mode, static_cast<int>(region)));
    }
}

KernelEstimator::~KernelEstimator() = default;

std::size_t KernelEstimator::port_of(int region) const {
    const auto index = static_cast<std::size_t>(region);
    if (index < ports_.size()) return ports_[index];
    return static_cast<std::size_t>(port_of_region(target_.memory_mode, region));
}

/// Where a kernel's operands are: the ports to them.
struct KernelEstimator::Ports {
    std::size_t ifm = 0, ofm = 0, ifm2 = 0, weights = 0, scales = 0;
};

KernelEstimator::Ports KernelEstimator::ports_of(const KernelOp& op) const {
    Ports ports{port_of(op.ifm.region), port_of(op.ofm.region)};
    if (has_second_map(op)) ports.ifm2 = port_of(op.ifm2.region);
    if (op.has_weights()) {
        ports.weights = port_of(op.weight_region);
        ports.scales = port_of(op.scale_region);
    }
    return ports;
}

void KernelEstimator::begin_network() {
    ++network_;
    asked_ = {};
}

std::size_t KernelEstimator::known() const { return known_->parts.size(); }

const KernelEstimator::Parts& KernelEstimator::parts_of(const KernelOp& op) {
    const auto [entry, is_new] =
        known_->parts.try_emplace(KernelKey{op, address_period_}, Known::Entry{nullptr, network_});
    auto& [parts, network] = entry->second;
    if (is_new) {
        try {
            parts = std::make_unique<Parts>(op, target_, arch_, rules_);
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
    return assemble(parts_of(op), op, ports_of(op));
}

KernelTimes KernelEstimator::times(const KernelOp& op) {
    return known_times(parts_of(op), op, ports_of(op));
}

const KernelTimes& KernelEstimator::known_times(const Parts& parts, const KernelOp& op,
                                                const Ports& ports) {
    Recent::Where where{ports.ifm | ports.ofm << 1 | ports.ifm2 << 2 | ports.weights << 3 |
                        ports.scales << 4};
    if (op.has_weights()) {
        const auto packed = [&](const stream::ByteRange& range) {
            return (range.base & (address_period_ - 1)) << 32 | range.length;
        };
        where[1] = packed(op.weights[0]);
        where[2] = packed(op.weights[1]);
        where[3] = packed(op.scales[0]);
        where[4] = packed(op.scales[1]);
    }
    if (const KernelTimes* known = parts.recent().find(where)) return *known;
    return parts.recent().add(where, assemble(parts, op, ports));
}

std::array<Cycles, 2> KernelEstimator::weight_placements(const KernelOp& op,
                                                         const std::array<int, 2>& regions) {
    const Parts& parts = parts_of(op);
    Ports ports = ports_of(op);
    std::array<Cycles, 2> cycles;
    for (std::size_t i = 0; i < 2; ++i) {
        if (op.has_weights()) ports.weights = ports.scales = port_of(regions[i]);
        cycles[i] = known_times(parts, op, ports).total;
    }
    return cycles;
}

Cycles KernelEstimator::least(const KernelOp& op) {
    const Compute& compute = parts_of(op).compute();
    return Cycles{compute.pipeline(0, target_.timing.block_output_delay.count()) +
                  std::min(compute.last_output, compute.first_array)} +
           target_.timing.kernel_setup + target_.timing.block_output_delay +
           target_.timing.block_completion;
}

PlacementCycles KernelEstimator::placements(const KernelOp& op, const std::array<int, 2>& regions) {
    const Parts& parts = parts_of(op);
    Ports ports = ports_of(op);
    PlacementCycles cycles;
    for (std::size_t ifm = 0; ifm < 2; ++ifm) {
        for (std::size_t ofm = 0; ofm < 2; ++ofm) {
            ports.ifm = port_of(regions[ifm]);
            ports.ofm = port_of(regions[ofm]);
            cycles[ifm][ofm] = known_times(parts, op, ports).total;
        }
    }
    return cycles;
}

KernelEstimate KernelEstimator::assemble(const Parts& parts, const KernelOp& op,
                                         const Ports& ports) const {
    const Traversal& traversal = parts.traversal();
    const Compute& compute = parts.compute();
    KernelEstimate estimate;
    estimate.blocks = traversal.blocks();
    estimate.jobs = estimate.blocks * traversal.jobs_per_block();
    estimate.mac = Cycles{compute.mac};
    estimate.output = Cycles{compute.output};
    const auto [ifm_port, ofm_port, ifm2_port, weight_port, scale_port] = ports;
    std::array<Access, 2> all_reads{}, all_writes{};
    const auto read = [&](std::size_t port, Channel channel, const Access& access) {
        add(estimate.ports[port], channel, access);
        all_reads[port] += access;
    };
    read(ifm_port, Channel::ifm, parts.access(Parts::first_in, ifm_port));
    add(estimate.ports[ofm_port], Channel::ofm, parts.access(Parts::out, ofm_port));
    all_writes[ofm_port] += parts.access(Parts::out, ofm_port);
    if (has_second_map(op)) {
        read(ifm2_port, Channel::ifm, parts.access(Parts::second_in, ifm2_port));
    }
    // Weights and scales: the whole range once per block position.
    if (op.has_weights()) {
        const std::int64_t positions = std::int64_t{traversal.blocks_y()} * traversal.blocks_x();
        const auto fetch = [&](Channel channel, std::size_t port, const stream::ByteRange& range) {
            read(port, channel, run_access(range.base, range.length, rules_[port].bus) * positions);
        };
        for (std::size_t core = 0; core < 2; ++core) {
            fetch(Channel::weights, weight_port, op.weights[core]);
            fetch(Channel::scales, scale_port, op.scales[core]);
        }
    }

    // The first load and the last write have nothing to hide behind, nor has the stage that waits
    // for the slowest one at either end.
    const Parts::PieceCycles& in = parts.piece(Parts::first_in, ifm_port);
    std::int64_t load = in.mean + rules_[ifm_port].read_latency / parts.loads_a_box();
    std::int64_t first_load = in.first + rules_[ifm_port].read_latency;
    if (has_second_map(op)) {
        const Parts::PieceCycles& in2 = parts.piece(Parts::second_in, ifm2_port);
        const std::int64_t latency = rules_[ifm2_port].read_latency;
        const bool together = ifm2_port == ifm_port;
        load = together ? load + in2.mean : std::max(load, in2.mean + latency);
        first_load = together ? first_load + in2.first : std::max(first_load, in2.first + latency);
    }
    const std::int64_t last_chunk = parts.piece(Parts::out, ofm_port).mean;
    std::int64_t bound =
        first_load +
        compute.pipeline(load, last_chunk + target_.timing.block_output_delay.count()) +
        (compute.mac >= compute.output ? compute.last_output : compute.first_array);
    estimate.bound_by = compute.mac >= compute.output ? Cause::mac : Cause::output;
    for (std::size_t port = 0; port < 2; ++port) {
        const Access& reads = all_reads[port];
        const Access& writes = all_writes[port];
        Access both = reads;
        both += writes;
        if (both.beats == 0) continue;
        const std::int64_t cycles = std::max({streaming_cycles(reads, rules_[port], false),
                                              streaming_cycles(writes, rules_[port], true),
                                              capped_cycles(both, rules_[port])})
                                        .count();
        estimate.port_cycles[port] = Cycles{cycles};
        const bool reading = reads.beats >= writes.beats;
        const std::int64_t ends =
            cycles + (reading ? rules_[port].read_latency + compute.last_job + compute.last_output
                              : first_load + compute.first_array);
        if (ends > bound) {
            bound = ends;
            const auto& beats = estimate.ports[port].beats;
            const auto of = [&](Channel channel) {
                return beats[static_cast<std::size_t>(channel)];
            };
            const std::int64_t weights = of(Channel::weights) + of(Channel::scales);
            estimate.bound_by = !reading                      ? Cause::ofm_write
                                : weights >= of(Channel::ifm) ? Cause::weight_fetch
                                                              : Cause::ifm_fetch;
        }
    }
    const std::int64_t last_write = last_chunk + rules_[ofm_port].write_latency;
    estimate.fill =
        Cycles{first_load + std::min(compute.last_output, compute.first_array) + last_write} +
        target_.timing.kernel_setup + target_.timing.block_completion;
    estimate.total = Cycles{bound + last_write} + target_.timing.kernel_setup +
                     target_.timing.block_output_delay + target_.timing.block_completion;
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
