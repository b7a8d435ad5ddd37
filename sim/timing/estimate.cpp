#include "timing/estimate.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "timing/axi.hpp"
#include "timing/block_pipeline.hpp"
#include "timing/dma_access.hpp"
#include "timing/ifm_store.hpp"
#include "timing/kernel_fields.hpp"
#include "timing/kernel_key.hpp"

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

constexpr std::int64_t chunk_bytes = 1024;         ///< of the OFM writer (machine rule)
constexpr std::int64_t weight_request_beats = 16;  ///< of the weight loader (machine rule)

/// Costs of one feature map's boxes. Rows and columns of blocks are independent of each other,
/// so one row of blocks stands for all, weighed by its share of the rows.
template <class Cost, class BoxOf>
auto map_cost(const Traversal& traversal, const Cost& cost, const BoxOf& box_of) {
    std::int64_t rows = 0;
    for (int y = 0; y < traversal.blocks_y(); ++y) {
        rows += box_of(traversal.block(y, 0, 0)).height;
    }
    decltype(cost(Box{})) sum{};
    for (int x = 0; x < traversal.blocks_x(); ++x) {
        Box row = box_of(traversal.block(0, x, 0));
        row.height = 1;
        sum += cost(row);
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
          compute_(traversal_, arch, target),
          store_(work_out_store(target.accelerator.cores)) {}

    /// What the whole map costs on a port; worked out when it is asked for.
    [[nodiscard]] const Access& access(Map map, std::size_t port) const {
        std::optional<Access>& known = access_[map][bus_of(port)];
        if (!known) known = work_out(map, rules_[port].map_bus);
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
    [[nodiscard]] const BlockPipeline& compute() const { return compute_; }
    /// Cycles in which inputs enter the IFM buffer.
    struct StoreCycles {
        std::int64_t block = 0;  ///< all loads of a mean block
        std::int64_t first = 0;  ///< the first job's
    };
    [[nodiscard]] const StoreCycles& store() const { return store_; }
    [[nodiscard]] Recent& recent() const { return recent_; }

private:
    /// A box that stays the same while only the OFM depth advances is read once, and so are the
    /// two of an input's two depth blocks.
    [[nodiscard]] bool is_reused() const {
        return traversal_.depth_block_size() > 0 && traversal_.sub_kernels() == 1 &&
               traversal_.depth_blocks() <= 2;
    }
    /// Whether boxes of `step` channels next to each other cost what their union does.
    static bool joins(const stream::FeatureMap& map, int step) {
        return map.layout == stream::Layout::nhcwb16 && step % 16 == 0;
    }

    /// Sum over a map that every OFM block reads or writes a box of.
    template <class Cost, class BoxOf>
    auto over_blocks(const stream::FeatureMap& map, const Cost& cost, const BoxOf& box_of) const {
        const bool joined = joins(map, op_.block.depth) && map.depth == op_.ofm.depth;
        decltype(cost(Box{})) sum{};
        for (int z = 0; z < (joined ? 1 : traversal_.blocks_z()); ++z) {
            Box depth = traversal_.block(0, 0, z);
            if (joined) depth.depth = map.depth;
            sum += map_cost(traversal_, cost, [&](Box block) {
                block.z = depth.z;
                block.depth = depth.depth;
                return box_of(block);
            });
        }
        return sum;
    }
    /// Sum over the IFM's loads.
    template <class Cost>
    auto over_first(const Cost& cost) const {
        const int size = traversal_.depth_block_size();
        decltype(cost(Box{})) sum{};
        for (int s = 0; s < traversal_.sub_kernels(); ++s) {
            const SubKernel sub = traversal_.sub_kernel(s);
            if (size == 0) {
                sum += over_blocks(op_.ifm, cost, [&](const Box& block) {
                    return traversal_.ifm_box(block, 0, sub);
                });
                continue;
            }
            const bool joined = joins(op_.ifm, size);
            for (int d = 0; d < (joined ? 1 : traversal_.depth_blocks()); ++d) {
                sum += map_cost(traversal_, cost, [&](const Box& block) {
                    Box box = traversal_.ifm_box(block, d, sub);
                    if (joined) box.depth = op_.ifm.depth;
                    return box;
                });
            }
        }
        return sum * (size == 0 || is_reused() ? 1 : traversal_.blocks_z());
    }
    template <class Cost>
    auto over_second(const Cost& cost) const {
        return over_blocks(op_.ifm2, cost,
                           [&](const Box& block) { return traversal_.ifm2_box(block); });
    }

    [[nodiscard]] std::int64_t load_cycles(const PortRules& rules, const Access& all) const {
        const std::int64_t loads = traversal_.blocks() * traversal_.jobs_per_block();
        return ceil_div(transfer_cycles(all, rules, false) * loads_a_box(), loads);
    }
    [[nodiscard]] std::size_t bus_of(std::size_t port) const {
        return rules_[1].map_bus == rules_[0].map_bus ? 0 : port;
    }
    [[nodiscard]] Access work_out(Map map, const BusShape& bus) const {
        const stream::FeatureMap& moved = map == first_in    ? op_.ifm
                                          : map == second_in ? op_.ifm2
                                                             : op_.ofm;
        const auto traffic = [&](const Box& box) { return box_access(moved, box, bus); };
        return map == first_in ? over_first(traffic)
               : map == second_in
                   ? over_second(traffic)
                   : over_blocks(op_.ofm, traffic, [](const Box& box) { return box; });
    }
    [[nodiscard]] StoreCycles work_out_store(int cores) const {
        const auto first = [&](const Box& box) { return store_cycles(op_, op_.ifm, box, cores); };
        const auto second = [&](const Box& box) { return store_cycles(op_, op_.ifm2, box, cores); };
        const Box block = traversal_.block(0, 0, 0);
        StoreCycles result;
        result.first = first(traversal_.ifm_box(block, 0, traversal_.sub_kernel(0)));
        std::int64_t all = over_first(first);
        if (has_second_map(op_)) {
            result.first += second(traversal_.ifm2_box(block));
            all += over_second(second);
        }
        result.block = ceil_div(all, traversal_.blocks());
        return result;
    }
    [[nodiscard]] std::int64_t first_load(const PortRules& rules, bool second) const {
        const stream::FeatureMap& map = second ? op_.ifm2 : op_.ifm;
        const Box block = traversal_.block(0, 0, 0);
        const Box box = second ? traversal_.ifm2_box(block)
                               : traversal_.ifm_box(block, 0, traversal_.sub_kernel(0));
        return transfer_cycles(box_access(map, box, rules.map_bus), rules, false);
    }
    [[nodiscard]] std::int64_t chunk_cycles(const PortRules& rules, const Access& ofm) const {
        const std::int64_t chunks =
            traversal_.blocks() *
            std::max<std::int64_t>(1, ceil_div(ofm.bytes, traversal_.blocks() * chunk_bytes));
        return ceil_div(transfer_cycles(ofm, rules, true), chunks);
    }

    const KernelOp op_;
    const std::array<PortRules, 2>& rules_;
    Traversal traversal_;
    BlockPipeline compute_;
    StoreCycles store_;
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
          std::lcm(rules_[0].address_period(), rules_[1].address_period()))),
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
    const Parts& parts = parts_of(op);
    const BlockPipeline& compute = parts.compute();
    const std::int64_t delay = target_.timing.block_output_delay.count();
    return Cycles{parts.store().first +
                  compute.cycles({.store = parts.store().block, .write = delay}) +
                  compute.last_output} +
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

/// Traffic of a kernel, counted in `estimate`.
KernelEstimator::Traffic KernelEstimator::count(const Parts& parts, const KernelOp& op,
                                                const Ports& ports,
                                                KernelEstimate& estimate) const {
    Traffic all;
    const auto read = [&](std::size_t port, Channel channel, const Access& access) {
        add(estimate.ports[port], channel, access);
        all.reads[port] += access;
    };
    read(ports.ifm, Channel::ifm, parts.access(Parts::first_in, ports.ifm));
    if (has_second_map(op)) {
        read(ports.ifm2, Channel::ifm, parts.access(Parts::second_in, ports.ifm2));
    }
    add(estimate.ports[ports.ofm], Channel::ofm, parts.access(Parts::out, ports.ofm));
    all.writes[ports.ofm] += parts.access(Parts::out, ports.ofm);
    if (!op.has_weights()) return all;
    // Weights and scales: the whole range once per block position.
    const Traversal& traversal = parts.traversal();
    const std::int64_t positions = std::int64_t{traversal.blocks_y()} * traversal.blocks_x();
    const auto fetch = [&](Channel channel, std::size_t port, const stream::ByteRange& range) {
        const BusShape& bus = rules_[port].weight_bus;
        read(port, channel, run_access(range.base, range.length, bus) * positions);
    };
    for (std::size_t core = 0; core < 2; ++core) {
        fetch(Channel::weights, ports.weights, op.weights[core]);
        fetch(Channel::scales, ports.scales, op.scales[core]);
    }
    return all;
}

/// What a kernel waits for: its inputs in steady state, and what comes before its first block.
KernelEstimator::Supply KernelEstimator::supply_of(const Parts& parts, const KernelOp& op,
                                                   const Ports& ports) const {
    Supply supply;
    const Parts::PieceCycles& in = parts.piece(Parts::first_in, ports.ifm);
    supply.load = in.mean + rules_[ports.ifm].read_latency / parts.loads_a_box();
    supply.first = in.first + rules_[ports.ifm].read_latency;
    if (has_second_map(op)) {
        const Parts::PieceCycles& in2 = parts.piece(Parts::second_in, ports.ifm2);
        const std::int64_t latency = rules_[ports.ifm2].read_latency;
        const bool together = ports.ifm2 == ports.ifm;
        supply.load = together ? supply.load + in2.mean : std::max(supply.load, in2.mean + latency);
        supply.first =
            together ? supply.first + in2.first : std::max(supply.first, in2.first + latency);
    }
    if (op.has_weights()) {  // they are asked for when the first scales have come
        supply.first_weights =
            rules_[ports.weights].read_latency +
            (op.scales[0].length > 0 ? rules_[ports.scales].read_latency : std::int64_t{0});
    }
    supply.first = std::max({supply.first, parts.store().first, supply.first_weights});
    if (op.has_weights()) supply.weights = weight_supply(parts, op, ports);
    return supply;
}

/// The decoder's buffer lets requests run ahead of the job in the array by its size alone. So the
/// first bytes of a job are asked for some jobs before it, at the start of the one before at the
/// latest, and what the buffer does not hold when the job begins: each a latency before it is used.
WeightSupply KernelEstimator::weight_supply(const Parts& parts, const KernelOp& op,
                                            const Ports& ports) const {
    const std::int64_t pass = std::int64_t{op.weights[0].length} + op.weights[1].length;
    if (pass == 0) return {};
    const PortRules& rules = rules_[ports.weights];
    const BusShape& bus = rules.weight_bus;
    const std::int64_t block_jobs = parts.traversal().jobs_per_block();
    const std::int64_t jobs = parts.traversal().blocks_z() * block_jobs;
    const std::int64_t request = std::max(weight_request_beats * bus.beat_bytes, bus.burst_bytes);
    const std::int64_t buffer = target_.timing.weight_buffer.count() * target_.accelerator.cores;
    const std::int64_t ahead = std::max(buffer / request, std::int64_t{1}) * request;
    const std::int64_t bytes = ceil_div(pass, jobs);
    std::int64_t data = ceil_div(transfer_cycles(run_access(0, pass, bus), rules, false), jobs);
    const std::int64_t latency = rules.read_latency + weight_request_beats;
    WeightSupply supply;
    supply.bytes = bytes;
    supply.request = std::min(request, bytes);
    if (bytes > ahead) {
        // When a job ends only the buffer's bytes are in flight; slots that could carry more are
        // idle, half of the time that these take.
        const std::int64_t in_flight = rules.read_slots * bus.burst_bytes;
        data += data * std::max<std::int64_t>(0, std::min(in_flight, bytes) - ahead) / (2 * bytes);
        supply.beyond = bytes - ahead;
        supply.wait = block_jobs * latency;
    }
    supply.least = block_jobs * std::max(data, latency / (1 + (ahead - 1) / bytes));
    return supply;
}

KernelEstimate KernelEstimator::assemble(const Parts& parts, const KernelOp& op,
                                         const Ports& ports) const {
    const Traversal& traversal = parts.traversal();
    const BlockPipeline& compute = parts.compute();
    KernelEstimate estimate;
    estimate.blocks = traversal.blocks();
    estimate.jobs = estimate.blocks * traversal.jobs_per_block();
    estimate.mac = Cycles{compute.mac};
    estimate.output = Cycles{compute.output};
    const Traffic traffic = count(parts, op, ports, estimate);
    const Supply supply = supply_of(parts, op, ports);
    const TimingConstants& timing = target_.timing;
    // The first inputs and the last write have nothing to hide behind, nor has the stage that waits
    // for the slowest one at either end.
    const std::int64_t last_chunk = parts.piece(Parts::out, ports.ofm).mean;
    std::int64_t bound =
        supply.first +
        compute.cycles({supply.load, parts.store().block,
                        last_chunk + timing.block_output_delay.count(), supply.weights}) +
        compute.last_output;
    for (std::size_t port = 0; port < 2; ++port) {
        const Access& reads = traffic.reads[port];
        const Access& writes = traffic.writes[port];
        Access both = reads;
        both += writes;
        if (both.beats == 0) continue;
        const std::int64_t streaming = std::max(streaming_cycles(reads, rules_[port], false),
                                                streaming_cycles(writes, rules_[port], true))
                                           .count();
        const std::int64_t capped = capped_cycles(both, rules_[port]).count();
        estimate.port_cycles[port] = Cycles{std::max(streaming, capped)};
        // Off-chip, a kernel begins somewhere in a period whose grant is there at once; of the
        // SRAM's, the kernels before have used their part.
        const bool idle_before = port == 1 && !rules_[port].steady_cap;
        const std::int64_t granted = idle_before ? rules_[port].cap_period / 2 : 0;
        const std::int64_t cycles = std::max(streaming, capped - granted);
        const bool reading = reads.beats >= writes.beats;
        const bool weights = op.has_weights() && port == ports.weights;
        const std::int64_t latency = weights ? supply.first_weights : rules_[port].read_latency;
        // Of the last job's weights the array works on what is there.
        const std::int64_t last_job =
            weights ? compute.last_job * supply.weights.request / supply.weights.bytes
                    : compute.last_job;
        const std::int64_t ends = cycles + (reading ? latency + last_job + compute.last_output
                                                    : supply.first + compute.first_array);
        bound = std::max(bound, ends);
    }
    const std::int64_t last_write = last_chunk + rules_[ports.ofm].write_latency;
    estimate.fill =
        Cycles{supply.first + std::min(compute.last_output, compute.first_array) + last_write} +
        timing.kernel_setup + timing.block_completion;
    estimate.total = Cycles{bound + last_write} + timing.kernel_setup + timing.block_output_delay +
                     timing.block_completion;
    return estimate;
}

Cycles KernelEstimator::weight_reads(std::int64_t bytes, int region) const {
    const PortRules& rules = rules_[port_of(region)];
    return Cycles{transfer_cycles(run_access(0, bytes, rules.weight_bus), rules, false) +
                  rules.read_latency};
}

Cycles KernelEstimator::dma(const stream::DmaOp& op) const {
    Cycles slowest{0};
    Cycles latency{0};
    for (const bool write : {false, true}) {
        const stream::DmaEnd& end = write ? op.destination : op.source;
        if (end.internal) continue;
        const PortRules& rules = rules_[port_of(end.region)];
        const Access access = dma_access(op, end, rules.bus);
        slowest = std::max(
            {slowest, streaming_cycles(access, rules, write), capped_cycles(access, rules)});
        latency += Cycles{write ? rules.write_latency : rules.read_latency};
    }
    return slowest + latency;
}

}  // namespace u65sim::timing
