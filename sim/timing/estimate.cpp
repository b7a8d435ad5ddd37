#include "timing/estimate.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "timing/axi.hpp"
#include "timing/dma_access.hpp"
#include "timing/kernel_costs.hpp"
#include "timing/kernel_fields.hpp"
#include "timing/kernel_key.hpp"
#include "timing/mac_array.hpp"

namespace u65sim::timing {

using stream::KernelOp;

namespace {

void add(PortTraffic& traffic, Channel channel, const Access& access) {
    const auto index = static_cast<std::size_t>(channel);
    traffic.beats[index] += access.beats;
    traffic.bytes[index] += Bytes{access.bytes};
    traffic.bursts[index] += access.bursts;
}

// Rules of the machine's loaders.
constexpr std::int64_t weight_request_beats = 16;
constexpr std::int64_t scale_blocks_ahead = 2;
constexpr std::int64_t scale_unit = 16;  ///< bytes

/// The records that are asked for before the first weights: of the first blocks.
Access first_scales(const Traversal& traversal, const KernelOp& op, const BusShape& bus) {
    Access scales;
    const std::int64_t blocks = std::min(traversal.blocks(), scale_blocks_ahead);
    for (const stream::ByteRange& range : op.scales) {
        const std::int64_t bytes = std::min<std::int64_t>(
            range.length, round_up(range.length / traversal.blocks_z(), scale_unit));
        for (std::int64_t block = 0; block < blocks; ++block) {
            const std::int64_t from = block % traversal.blocks_z() * bytes;
            scales += run_access(range.base + static_cast<std::uint64_t>(from), bytes, bus);
        }
    }
    return scales;
}

/// Times of one kernel, the ones asked for last.
class RecentTimes {
public:
    /// What times depend on beside a kernel's costs.
    using Where = std::array<std::uint64_t, 5>;

    [[nodiscard]] const KernelTimes* find(const Where& where) const {
        for (std::size_t i = 0; i < count_; ++i) {
            const Where& kept = entries_[i].first;
            std::uint64_t differs = 0;
            for (std::size_t word = 0; word < where.size(); ++word) {
                differs |= kept[word] ^ where[word];
            }
            if (differs == 0) return &entries_[i].second;
        }
        return nullptr;
    }
    const KernelTimes& add(const Where& where, const KernelTimes& times) {
        auto& entry = entries_[next_];
        entry = {where, times};
        count_ = std::max(count_, ++next_);
        next_ %= entries_.size();
        return entry.second;
    }

private:
    std::array<std::pair<Where, KernelTimes>, 6> entries_{};
    std::size_t count_ = 0, next_ = 0;
};

}  // namespace

struct KernelEstimator::KeptKernel {
    std::unique_ptr<const KernelCosts> costs;
    RecentTimes recent;
    std::uint64_t network = 0;  ///< the last one that looked it up
};

struct KernelEstimator::Kept {
    std::unordered_map<KernelKey, KeptKernel, KernelKeyHash> kernels;
};

KernelEstimator::KernelEstimator(const Target& target, Cycles off_chip_wait)
    : target_(target),
      arch_(architecture(target.accelerator)),
      rules_{port_rules(target, arch_, 0), port_rules(target, arch_, 1)},
      address_period_(static_cast<std::uint64_t>(
          std::lcm(rules_[0].address_period(), rules_[1].address_period()))),
      kept_(std::make_unique<Kept>()) {
    rules_[1].read_latency += off_chip_wait.count();
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
    lookups_ = {};
}

std::size_t KernelEstimator::kept() const { return kept_->kernels.size(); }

KernelEstimator::KeptKernel& KernelEstimator::kept_kernel(const KernelOp& op) {
    const auto [it, is_new] = kept_->kernels.try_emplace(KernelKey{op, address_period_});
    KeptKernel& kept = it->second;
    if (is_new) {
        try {
            kept.costs = std::make_unique<KernelCosts>(op, target_, arch_, rules_);
        } catch (...) {
            kept_->kernels.erase(it);
            throw;
        }
        ++lookups_.kernels;
    } else if (kept.network != network_) {
        ++lookups_.kernels;
        ++lookups_.hits;
    }
    kept.network = network_;
    return kept;
}

KernelEstimate KernelEstimator::kernel(const KernelOp& op) {
    return assemble(*kept_kernel(op).costs, op, ports_of(op));
}

KernelTimes KernelEstimator::times(const KernelOp& op) {
    return times_at(kept_kernel(op), op, ports_of(op));
}

const KernelTimes& KernelEstimator::times_at(KeptKernel& kept, const KernelOp& op,
                                             const Ports& ports) const {
    RecentTimes::Where where{ports.ifm | ports.ofm << 1 | ports.ifm2 << 2 | ports.weights << 3 |
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
    if (const KernelTimes* recent = kept.recent.find(where)) return *recent;
    return kept.recent.add(where, assemble(*kept.costs, op, ports));
}

std::array<Cycles, 2> KernelEstimator::weight_placements(const KernelOp& op,
                                                         const std::array<int, 2>& regions) {
    KeptKernel& kept = kept_kernel(op);
    Ports ports = ports_of(op);
    std::array<Cycles, 2> cycles;
    for (std::size_t i = 0; i < 2; ++i) {
        if (op.has_weights()) ports.weights = ports.scales = port_of(regions[i]);
        cycles[i] = times_at(kept, op, ports).total;
    }
    return cycles;
}

Cycles KernelEstimator::least(const KernelOp& op) {
    const KernelCosts& costs = *kept_kernel(op).costs;
    const BlockPipeline& compute = costs.compute();
    const std::int64_t delay = target_.timing.block_output_delay.count();
    return Cycles{costs.store().first +
                  compute.cycles({.store = costs.store().block, .write = delay}) +
                  compute.last_output} +
           target_.timing.kernel_setup + target_.timing.block_output_delay +
           target_.timing.block_completion;
}

PlacementCycles KernelEstimator::placements(const KernelOp& op, const std::array<int, 2>& regions) {
    KeptKernel& kept = kept_kernel(op);
    Ports ports = ports_of(op);
    PlacementCycles cycles;
    for (std::size_t ifm = 0; ifm < 2; ++ifm) {
        for (std::size_t ofm = 0; ofm < 2; ++ofm) {
            ports.ifm = port_of(regions[ifm]);
            ports.ofm = port_of(regions[ofm]);
            cycles[ifm][ofm] = times_at(kept, op, ports).total;
        }
    }
    return cycles;
}

/// Traffic of a kernel, counted in `estimate`.
KernelEstimator::Traffic KernelEstimator::count(const KernelCosts& costs, const KernelOp& op,
                                                const Ports& ports,
                                                KernelEstimate& estimate) const {
    Traffic all;
    const auto read = [&](std::size_t port, Channel channel, const Access& access) {
        add(estimate.ports[port], channel, access);
        all.reads[port] += access;
    };
    read(ports.ifm, Channel::ifm, costs.access(KernelCosts::first_in, ports.ifm));
    if (has_second_map(op)) {
        read(ports.ifm2, Channel::ifm, costs.access(KernelCosts::second_in, ports.ifm2));
    }
    add(estimate.ports[ports.ofm], Channel::ofm, costs.access(KernelCosts::out, ports.ofm));
    all.writes[ports.ofm] += costs.access(KernelCosts::out, ports.ofm);
    if (!op.has_weights()) return all;
    // Weights and scales: the whole range once per block position.
    const Traversal& traversal = costs.traversal();
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
KernelEstimator::Supply KernelEstimator::supply_of(const KernelCosts& costs, const KernelOp& op,
                                                   const Ports& ports) const {
    Supply supply;
    const KernelCosts::PieceCycles& in = costs.piece(KernelCosts::first_in, ports.ifm);
    supply.load = in.mean + rules_[ports.ifm].read_latency / costs.loads_a_box();
    supply.first = in.first + rules_[ports.ifm].read_latency;
    if (has_second_map(op)) {
        const KernelCosts::PieceCycles& in2 = costs.piece(KernelCosts::second_in, ports.ifm2);
        const std::int64_t latency = rules_[ports.ifm2].read_latency;
        const bool together = ports.ifm2 == ports.ifm;
        supply.load = together ? supply.load + in2.mean : std::max(supply.load, in2.mean + latency);
        supply.first =
            together ? supply.first + in2.first : std::max(supply.first, in2.first + latency);
    }
    if (op.has_weights()) {
        supply.weights_latency =
            rules_[ports.weights].read_latency +
            (op.scales[0].length > 0 ? rules_[ports.scales].read_latency : std::int64_t{0});
        supply.first_weights =
            supply.weights_latency + first_weights_data(costs.traversal(), op, ports);
    }
    supply.first = std::max({supply.first, costs.store().first, supply.first_weights});
    if (op.has_weights()) supply.weights = weight_supply(costs, op, ports);
    return supply;
}

/// Data that comes before the first job's first weights: these are asked for when the records of
/// as many blocks as are asked for at a time have come.
std::int64_t KernelEstimator::first_weights_data(const Traversal& traversal, const KernelOp& op,
                                                 const Ports& ports) const {
    const Access scales = first_scales(traversal, op, rules_[ports.scales].weight_bus);
    const BusShape& bus = rules_[ports.weights].weight_bus;
    const std::int64_t weights = std::int64_t{op.weights[0].length} + op.weights[1].length;
    return first_cycles(scales, rules_[ports.scales], false) +
           std::min(weight_request_beats, ceil_div(weights, bus.beat_bytes));
}

/// The decoder's buffer lets requests run ahead of the job in the array by its size alone. So the
/// first bytes of a job are asked for some jobs before it, at the start of the one before at the
/// latest, and what the buffer does not hold when the job begins: each a latency before it is used.
WeightSupply KernelEstimator::weight_supply(const KernelCosts& costs, const KernelOp& op,
                                            const Ports& ports) const {
    const std::int64_t pass = std::int64_t{op.weights[0].length} + op.weights[1].length;
    if (pass == 0) return {};
    const PortRules& rules = rules_[ports.weights];
    const BusShape& bus = rules.weight_bus;
    const std::int64_t block_jobs = costs.traversal().jobs_per_block();
    const std::int64_t jobs = costs.traversal().blocks_z() * block_jobs;
    const std::int64_t request = std::max(weight_request_beats * bus.beat_bytes, bus.burst_bytes);
    const std::int64_t buffer = target_.timing.weight_buffer.count() * target_.accelerator.cores;
    const std::int64_t ahead = std::max(buffer / request, std::int64_t{1}) * request;
    const std::int64_t bytes = ceil_div(pass, jobs);
    const Access all = run_access(0, pass, bus);
    std::int64_t data = ceil_div(streaming_cycles(all, rules, false).count(), jobs);
    const std::int64_t latency = rules.read_latency + weight_request_beats;
    WeightSupply supply;
    supply.bytes = bytes;
    supply.request = std::min(request, bytes);
    if (bytes > ahead) {
        // When a job ends only the buffer's bytes are in flight; slots that could carry more are
        // idle, half of the time that these take. A cap's grant is not lost by that.
        const std::int64_t in_flight = rules.read_slots * bus.burst_bytes;
        data += data * std::max<std::int64_t>(0, std::min(in_flight, bytes) - ahead) / (2 * bytes);
        supply.beyond = bytes - ahead;
        supply.wait = block_jobs * latency;
    }
    const std::int64_t positions =
        std::int64_t{costs.traversal().blocks_y()} * costs.traversal().blocks_x();
    const std::int64_t capped =
        ceil_div(capped_from_idle(all * positions, rules).count(), jobs * positions);
    supply.least = block_jobs * std::max({data, capped, latency / (1 + (ahead - 1) / bytes)});
    return supply;
}

KernelEstimate KernelEstimator::assemble(const KernelCosts& costs, const KernelOp& op,
                                         const Ports& ports) const {
    const Traversal& traversal = costs.traversal();
    const BlockPipeline& compute = costs.compute();
    KernelEstimate estimate;
    estimate.blocks = traversal.blocks();
    estimate.jobs = estimate.blocks * traversal.jobs_per_block();
    estimate.mac = Cycles{compute.mac};
    estimate.output = Cycles{compute.output};
    const Traffic traffic = count(costs, op, ports, estimate);
    const Supply supply = supply_of(costs, op, ports);
    const TimingConstants& timing = target_.timing;
    // The first inputs and the last write have nothing to hide behind, nor has the stage that waits
    // for the slowest one at either end.
    const KernelCosts::PieceCycles& chunk = costs.piece(KernelCosts::out, ports.ofm);
    std::int64_t bound =
        supply.first +
        compute.cycles({supply.load, costs.store().block,
                        chunk.mean + timing.block_output_delay.count(), supply.weights}) +
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
        const bool weights = op.has_weights() && port == ports.weights;
        // The off-chip port is idle before; of the SRAM's cap the kernels before have used their
        // part.
        const std::int64_t cycles =
            std::max({streaming_from_idle(reads, rules_[port], false).count(),
                      streaming_from_idle(writes, rules_[port], true).count(),
                      port == 1 ? capped_from_idle(both, rules_[port]).count() : capped});
        const bool reading = reads.beats >= writes.beats;
        const std::int64_t latency = weights ? supply.weights_latency : rules_[port].read_latency;
        // Of the last job's weights the array works on what is there.
        const std::int64_t last_job =
            weights ? compute.last_job * supply.weights.request / supply.weights.bytes
                    : compute.last_job;
        const std::int64_t ends = cycles + (reading ? latency + last_job + compute.last_output
                                                    : supply.first + compute.first_array);
        bound = std::max(bound, ends);
    }
    const std::int64_t last_write = chunk.first + rules_[ports.ofm].write_latency;
    // An element-wise block has its start before the output unit, others a delay.
    const std::int64_t start = op.kind == stream::KernelKind::elementwise
                                   ? block_start_cycles(op, timing).count()
                                   : timing.block_output_delay.count();
    estimate.head = Cycles{supply.first} + timing.kernel_setup;
    estimate.fill = estimate.head +
                    Cycles{std::min(compute.last_output, compute.first_array) + last_write} +
                    timing.block_completion;
    estimate.total =
        Cycles{bound + last_write + start} + timing.kernel_setup + timing.block_completion;
    return estimate;
}

Cycles KernelEstimator::weight_reads(std::int64_t bytes, int region) const {
    const PortRules& rules = rules_[port_of(region)];
    return Cycles{transfer_cycles(run_access(0, bytes, rules.weight_bus), rules, false) +
                  rules.read_latency};
}

Cycles KernelEstimator::command_fetch(std::int64_t words) const {
    const auto port = static_cast<std::size_t>(port_of_commands(target_.memory_mode));
    const std::int64_t bytes = 4 * words;
    return Cycles{
        ceil_div(bytes * rules_[port].read_latency, target_.timing.command_window.count())};
}

KernelEstimator::CopyTimes KernelEstimator::dma(const stream::DmaOp& op) const {
    CopyTimes times;
    for (const bool write : {false, true}) {
        const stream::DmaEnd& end = write ? op.destination : op.source;
        if (end.internal) continue;
        const PortRules& rules = rules_[port_of(end.region)];
        const Access access = dma_access(op, end, rules.bus);
        times.busy = std::max(
            {times.busy, streaming_cycles(access, rules, write), capped_cycles(access, rules)});
        times.latency += Cycles{write ? rules.write_latency : rules.read_latency};
    }
    return times;
}

}  // namespace u65sim::timing
