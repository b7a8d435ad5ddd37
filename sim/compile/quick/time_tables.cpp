#include "compile/quick/time_tables.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/hash.hpp"
#include "base/rounding.hpp"
#include "compile/build_kernel.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/refine_blocks.hpp"
#include "compile/plan/stripes.hpp"
#include "compile/plan/weight_delivery.hpp"
#include "compile/quick/crowded_port.hpp"
#include "target/memory_rate.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler::quick {

namespace {

/// Kinds that are kept, some kilobytes each (chosen).
constexpr std::size_t most_kinds = 32768;
/// Bytes after which bursts and beats fall alike: all maps begin at zero.
constexpr std::uint64_t address_period = std::uint64_t{1} << 12;

int fast_region(const Program& program) { return program.spilling() ? region_fast : region_arena; }

/// Where a map is that is not in the fast memory.
int region_of(const Program& program, bool fast) {
    return fast ? fast_region(program) : region_arena;
}

/// Whether all blocks share a constant operand, which is read once then.
bool is_shared_constant(const Program& program, const NpuOp& op) {
    return op.ifm2.valid() && program.buffer(op.ifm2).kind == Placement::Kind::constant &&
           op.ifm2.extent.h == 1 && op.ifm2.extent.w == 1 &&
           op.ifm2.extent.c <= op.kernel.block.depth;
}

/// A program of one operation, whose maps are where they are said to be; a constant that is read
/// once is as good as in the fast memory.
PlannedProgram program_of(const Program& program, const NpuOp& op, const MapPlaces& places) {
    PlannedProgram alone;
    static_cast<CompileContext&>(alone) = program;
    alone.segments.emplace_back().ops.push_back(op);
    NpuOp& only = alone.segments[0].ops[0];
    const bool shared = is_shared_constant(program, op);
    const auto bring = [&](View& view, bool fast) {
        if (!view.valid()) return;
        const Buffer& from = program.buffer(view);
        Buffer& to = alone.buffers.emplace_back();
        to.extent = from.extent;
        to.type = from.type;
        to.layout = from.layout;
        to.size = from.size;
        to.offset = 0;
        const bool constant = from.kind == Placement::Kind::constant;
        const bool once = shared && &view == &only.ifm2;
        to.region = once       ? fast_region(program)
                    : constant ? region_constants
                               : region_of(program, fast);
        view.buffer = static_cast<int>(alone.buffers.size()) - 1;
        // All begin at address 0: where a part of a map begins is no part of a kind.
        view.y = view.x = view.c = 0;
    };
    bring(only.ifm, places.ifm);
    bring(only.ifm2, places.ifm2);
    bring(only.ofm, places.ofm);
    return alone;
}

/// Cycles of the off-chip port that a cap's period, of which half is granted before in the mean,
/// may save; none where slots are what limits.
std::int64_t early_cycles(const Target& target, const timing::KernelEstimate& estimate) {
    const timing::PortRules rules = timing::port_rules(target, architecture(target.accelerator), 1);
    const PortTraffic& port = estimate.ports[1];
    timing::Access both;
    for (const std::int64_t beats : port.beats) both.beats += beats;
    for (const std::int64_t bursts : port.bursts) both.bursts += bursts;
    const bool is_capped = timing::capped_cycles(both, rules) == estimate.port_cycles[1];
    return is_capped && !rules.steady_cap ? rules.cap_period / 2 : 0;
}

Duration duration_of(const CompileContext& program, const timing::KernelEstimate& estimate) {
    Duration duration;
    duration.total = duration.crowded = estimate.total.count();
    duration.off_chip = estimate.port_cycles[1].count();
    duration.sram = estimate.port_cycles[0].count();
    if (duration.off_chip > 0) duration.early = early_cycles(*program.target, estimate);
    return duration;
}

/// The same, with what it takes where a copy has the off-chip port.
Duration duration_of(const CompileContext& program, const stream::KernelOp& kernel,
                     const timing::KernelEstimate& estimate, timing::KernelEstimator& crowded) {
    Duration duration = duration_of(program, estimate);
    if (duration.off_chip > 0) duration.crowded = crowded.total(kernel).count();
    return duration;
}

/// What surrounds a kernel's work.
BlockTimes::Ends ends_of(const Target& target, const stream::KernelOp& kernel,
                         const timing::KernelEstimate& estimate) {
    BlockTimes::Ends ends;
    ends.head = estimate.head.count();
    ends.tail = (estimate.fill - estimate.head).count();
    const auto off_chip = [&](int region) {
        return port_of_region(target.memory_mode, region) == 1;
    };
    const bool second = kernel.is_binary() && !kernel.broadcast.scalar;
    if (off_chip(kernel.ifm.region) || (second && off_chip(kernel.ifm2.region))) ends.trips = 1;
    // Weights are asked for when the first scales have come.
    if (kernel.has_weights() && off_chip(kernel.weight_region)) ends.trips = 2;
    return ends;
}

std::array<std::int64_t, 2> sums(const timing::KernelEstimate& estimate,
                                 std::initializer_list<Channel> channels) {
    std::array<std::int64_t, 2> bytes{};
    for (std::size_t port = 0; port < 2; ++port) {
        for (const Channel channel : channels) {
            bytes[port] += estimate.ports[port].bytes[static_cast<std::size_t>(channel)].count();
        }
    }
    return bytes;
}

/// Times of the one operation of a program, with the block that it has there.
BlockTimes with_its_block(const PlannedProgram& alone, timing::KernelEstimator& crowded) {
    const NpuOp& op = alone.segments[0].ops[0];
    stream::KernelOp k = placed_kernel(alone, op);
    set_first_weights(k, op, fast_region(alone));
    BlockTimes times;
    const timing::KernelEstimate in_sram = alone.estimator->kernel(k);
    times.fast = times.direct = duration_of(alone, k, in_sram, crowded);
    times.block = k.block;
    times.layout = {k.ib_end, k.ab_start, k.ifm2_ib_start};
    times.blocks = in_sram.blocks;
    times.jobs = in_sram.jobs;
    times.fill = in_sram.fill.count();
    times.least = std::max(in_sram.mac, in_sram.output).count();
    times.fast_ends = times.direct_ends = ends_of(*alone.target, k, in_sram);
    if (!op.weights) return times;
    times.passes = weight_passes(op);
    k.weight_region = k.scale_region = region_constants;
    const timing::KernelEstimate off_chip = alone.estimator->kernel(k);
    // Weights are asked for ahead: what waits for a copy are the maps.
    times.direct = duration_of(alone, off_chip);
    times.direct.crowded += times.fast.crowded - times.fast.total;
    times.direct_ends = ends_of(*alone.target, k, off_chip);
    return times;
}

/// A shared constant is waited for once, off-chip.
void add_first_read(const Target& target, BlockTimes& times) {
    const std::int64_t more = (read_latency(target.off_chip, target.accelerator) -
                               read_latency(target.sram, target.accelerator))
                                  .count();
    for (Duration* duration : {&times.fast, &times.direct}) {
        duration->total += more;
        duration->crowded += more;
    }
    times.fast_ends.head += more;
    times.direct_ends.head += more;
    times.fill += more;
}

PlacedTimes work_out(const Program& program, const NpuOp& op, const MapPlaces& places,
                     timing::KernelEstimator& crowded) {
    PlannedProgram alone = program_of(program, op, places);
    PlacedTimes times;
    times.chosen = times.refined = with_its_block(alone, crowded);
    if (program.takes(Pass::refine_blocks)) {
        refine_blocks(alone, fast_region(program));
        if (alone.segments[0].ops[0].kernel.block != times.chosen.block) {
            times.refined = with_its_block(alone, crowded);
        }
    }
    stream::KernelOp kernel = placed_kernel(alone, alone.segments[0].ops[0]);
    if (is_shared_constant(program, op)) {
        kernel.ifm2.region = region_constants;
        add_first_read(*program.target, times.chosen);
        add_first_read(*program.target, times.refined);
    }
    const timing::KernelEstimate estimate = program.estimator->kernel(kernel);
    times.read = sums(estimate, {Channel::ifm});
    times.written = sums(estimate, {Channel::ofm});
    return times;
}

/// The stripes of a cascade follow each other without a wait that a copy would lengthen.
StripeTimes work_out(const Program& program, const NpuOp& op, std::int32_t rows) {
    const std::int32_t height = op.ofm.extent.h;
    const std::int32_t from = rows < height ? std::min(rows, height - rows) : 0;
    NpuOp part = stripe_of(op, from, std::min(from + rows, height));
    part.slices = op.slices;
    if (rows < height) choose_block(part, program);
    StripeTimes times;
    times.rows = rows;
    times.passes = weight_passes(part);
    const int fast = fast_region(program);
    for (const std::size_t ifm : {0U, 1U}) {
        for (const std::size_t ofm : {0U, 1U}) {
            PlannedProgram alone = program_of(program, part, {ifm != 0, true, ofm != 0});
            stream::KernelOp k = placed_kernel(alone, alone.segments[0].ops[0]);
            set_first_weights(k, part, fast);
            times.at[ifm][ofm] = duration_of(program, program.estimator->kernel(k));
            if (ifm == 0 || ofm == 0) continue;
            k.weight_region = k.scale_region = region_constants;
            times.direct = duration_of(program, program.estimator->kernel(k));
        }
    }
    return times;
}

/// A slice has the operation's block.
BlockTimes work_out_slice(const Program& program, const NpuOp& op, const MapPlaces& places,
                          const BlockTimes& whole, std::int32_t channels,
                          timing::KernelEstimator& crowded) {
    const PlannedProgram alone = program_of(program, op, places);
    const NpuOp& only = alone.segments[0].ops[0];
    stream::KernelOp k = placed_kernel(alone, only);
    set_first_weights(k, only, fast_region(program));
    whole.layout.apply(k, whole.block);
    keep_channels(k, channels);
    const timing::KernelEstimate estimate = program.estimator->kernel(k);
    BlockTimes times;
    times.fast = duration_of(program, k, estimate, crowded);
    times.block = whole.block;
    times.layout = whole.layout;
    times.blocks = estimate.blocks;
    times.jobs = estimate.jobs;
    times.fill = estimate.fill.count();
    times.fast_ends = ends_of(*program.target, k, estimate);
    return times;
}

}  // namespace

const PlacedTimes& OperationTimes::placed(const Program& program, const NpuOp& op,
                                          const MapPlaces& places) {
    std::optional<PlacedTimes>& known = placed_[places.index()];
    if (!known) known = work_out(program, op, places, *crowded_);
    return *known;
}

const StripeTimes& OperationTimes::stripe(const Program& program, const NpuOp& op,
                                          std::int32_t rows) {
    for (const StripeTimes& known : stripes_) {
        if (known.rows == rows) return known;
    }
    return stripes_.emplace_back(work_out(program, op, rows));
}

const BlockTimes& OperationTimes::slice(const Program& program, const NpuOp& op,
                                        const MapPlaces& places, const BlockTimes& whole,
                                        std::int32_t channels) {
    for (const SliceTimes& known : slices_) {
        if (known.places == places.index() && known.channels == channels &&
            known.times.block == whole.block) {
            return known.times;
        }
    }
    BlockTimes times = work_out_slice(program, op, places, whole, channels, *crowded_);
    return slices_.emplace_back(SliceTimes{places.index(), channels, times}).times;
}

TimeTables::TimeTables(const Target& target)
    : target_(target),
      wait_(wait_for_port(target)),
      crowded_(std::make_unique<timing::KernelEstimator>(target_, wait_)) {}

std::size_t TimeTables::KeyHash::operator()(const Key& key) const {
    return key.kernel.hash() ^ hash_words(key.others);
}

OperationTimes& TimeTables::of(const Program& program, const NpuOp& op) {
    const int region = fast_region(program);
    stream::KernelOp k = build_kernel(op, [&](const View& view) {
        const Buffer& buffer = program.buffer(view);
        const bool constant = buffer.kind == Placement::Kind::constant;
        return map_of(view, constant ? region_constants : region, buffer.layout);
    });
    Key key{timing::KernelKey{k, address_period}, {}};
    key.others[4] = static_cast<std::uint64_t>(op.vector_product) |
                    static_cast<std::uint64_t>(!op.lut.empty()) << 1 |
                    static_cast<std::uint64_t>(op.ifm.scale > 0 && op.ofm.scale > 0) << 2;
    const auto is_constant = [&](const View& view) {
        return view.valid() && program.buffer(view).kind == Placement::Kind::constant;
    };
    key.others[4] |= static_cast<std::uint64_t>(is_constant(op.ifm)) << 3 |
                     static_cast<std::uint64_t>(is_constant(op.ifm2)) << 4;
    if (!op.slices.empty()) {
        const WeightSlice& all = op.slices[0];
        key.others[0] = all.weights[0].length;
        key.others[1] = all.weights[1].length;
        key.others[2] = all.scales[0].length;
        key.others[3] = all.scales[1].length;
    }
    return kinds_.try_emplace(key, *crowded_).first->second;
}

void TimeTables::begin_network() {
    if (kinds_.size() <= most_kinds) return;
    kinds_.clear();
    crowded_ = std::make_unique<timing::KernelEstimator>(target_, wait_);
}

void TablePool::give_back(std::unique_ptr<Entry> entry) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(entry));
    if (idle_.size() > most_idle) idle_.erase(idle_.begin());
}

std::shared_ptr<TimeTables> TablePool::borrow(const Target& target, const PassSet& passes) {
    std::unique_ptr<Entry> entry;
    {
        const std::lock_guard lock(mutex_);
        const auto it = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& idle) {
            return idle->passes == passes && idle->target == target;
        });
        if (it != idle_.rend()) {
            entry = std::move(*it);
            idle_.erase(std::next(it).base());
        }
    }
    if (!entry) entry.reset(new Entry{target, passes, TimeTables{target}});
    entry->tables.begin_network();
    TimeTables* const tables = &entry->tables;
    const auto return_it = [this](Entry* used) { give_back(std::unique_ptr<Entry>(used)); };
    return {std::shared_ptr<Entry>(entry.release(), return_it), tables};
}

}  // namespace u65sim::compiler::quick
