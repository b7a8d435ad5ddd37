#include "compile/plan/vela_buffering.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "compile/constants.hpp"
#include "compile/plan/lifetimes.hpp"

namespace u65sim::compiler {

namespace {

/// A copy that is waited for so long is not noticed.
constexpr std::int64_t unnoticed = 1000;
/// Room that stands for enough.
constexpr std::int64_t enough = std::int64_t{1} << 30;

std::int64_t down_to(std::int64_t value, std::int64_t step) { return value / step * step; }

bool may_be_in_slices(const NpuOp& op) { return may_be_sliced(op) || may_be_sliced_with_input(op); }

/// Bytes of buffers that slices take in turns.
std::array<std::int64_t, 2> turns_of(std::span<const std::int64_t> sizes) {
    std::array<std::int64_t, 2> largest{};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        largest[i % 2] = std::max(largest[i % 2], sizes[i]);
    }
    return largest;
}

/// Whether an operator of the graph only moves what it reads.
bool moves_only(OpType type) {
    switch (type) {
        case OpType::concatenation:
        case OpType::pack:
        case OpType::unpack:
        case OpType::reshape:
        case OpType::pad:
        case OpType::slice:
        case OpType::strided_slice:
        case OpType::split:
        case OpType::split_v:
        case OpType::tile:
        case OpType::transpose:
        case OpType::reverse_v2:
            return true;
        default:
            return false;
    }
}

}  // namespace

VelaBuffering::VelaBuffering(PlannedProgram& program, const std::vector<Lifetime>& items,
                             SlicePlacer& slices, DeliveryClock& clock, const Room& room)
    : program_(program),
      items_(items),
      slices_(slices),
      clock_(clock),
      limit_(room.limit),
      places_(room.places),
      writers_(program.buffers.size(), nullptr),
      readers_(program.buffers.size(), nullptr) {
    const auto note = [](std::vector<const NpuOp*>& ops, const View& view, const NpuOp& op) {
        if (!view.valid()) return;
        const NpuOp*& first = ops[static_cast<std::size_t>(view.buffer)];
        if (first == nullptr) first = &op;
    };
    for_each_op(program, [&](const NpuOp& op) {
        note(writers_, op.ofm, op);
        note(readers_, op.ifm, op);
        note(readers_, op.ifm2, op);
    });
}

/// Cycles of the operation before that a copy may run beside.
std::int64_t VelaBuffering::slack_behind(const NpuOp& before) const {
    const bool copied = !before.slices.empty() && before.slices[0].buffer != no_buffer;
    if (!copied) return vela_cycles(program_, before) * before.stripes;
    return vela_cycles(program_, before,
                       {.depth = before.slices.back().count,
                        .first = before.slices.size() == 1,
                        .weights_fast = true});
}

/// Bytes that are free at a fine position.
std::int64_t VelaBuffering::free_at(std::int32_t position) const {
    if (is_roomy_) return enough;
    std::int64_t bytes = 0;
    for (const Lifetime& item : items_) {
        if (item.is_placed() && item.first <= position && position <= item.last) {
            bytes += round_up(item.size, allocation_alignment);
        }
    }
    return std::max<std::int64_t>(limit_ - bytes, 0) * quarters_ / 4;
}

VelaBuffering::Situation VelaBuffering::situation_of(const WeightLoad& load) const {
    const NpuOp& op = *load.op;
    const Target& target = *program_.target;
    Situation now;
    now.is_cascade = op.stripes > 1;
    const NpuOp* const before = load.before;
    now.inside_cascade = now.is_cascade && before && before->time == load.time;
    now.may_slice = !now.is_cascade && may_be_in_slices(op);
    const bool has_copy = program_.buffer(op.ifm).copy_of != no_buffer;
    now.is_first = before == nullptr && !has_copy;
    const bool is_very_first = now.is_first && load.time == 0;
    now.may_come_before = !is_very_first && !now.inside_cascade;
    now.room = free_at(first_of(load.time));
    if (before) {
        now.slack = slack_behind(*before);
        now.slack_memory = free_at(last_of(before->time));
    } else {
        now.slack_memory = now.room;
    }
    now.passes = vela_accesses(program_, op, op.ofm.extent.c).weight_passes * op.stripes;
    now.unmoved = vela_read_cycles(target, target.off_chip, load.size) * now.passes;
    now.from_buffer = vela_read_cycles(target, target.sram, load.size) * now.passes;
    now.copy = vela_copy_cycles(target, load.size);
    const std::int32_t depth = op.ofm.extent.c;
    now.least_copy = static_cast<std::int64_t>(static_cast<double>(now.copy) *
                                               std::min(depth, brick_channels) / depth);
    now.starts_at_once = now.is_first && now.passes > 1 &&
                         (now.least_copy < now.unmoved / 10 || now.least_copy <= unnoticed);
    now.as_it_is = vela_performance(program_, op, {{&depth, 1}, {&load.size, 1}});
    now.is_bound_by_itself = now.as_it_is.run > now.unmoved;
    return now;
}

VelaBuffering::Method VelaBuffering::method_of(const WeightLoad& load, const Situation& now) const {
    const NpuOp& op = *load.op;
    const std::int64_t waits = std::max<std::int64_t>(now.copy - now.slack, 0);
    const std::int64_t buffered = now.from_buffer + waits;
    if (now.may_slice) {
        const bool has_many = op.ofm.extent.c / op.kernel.block.depth > 2;
        const bool hides_some = now.may_come_before && now.least_copy < now.slack && now.passes > 1;
        const bool slices = now.starts_at_once || buffered < now.unmoved || has_many || hides_some;
        return slices ? Method::slices : Method::stay;
    }
    const bool is_hidden =
        waits < now.copy / 20 || ceil_div(waits, std::int64_t{op.stripes}) < unnoticed;
    const bool fits = load.size <= now.room;
    const bool gains = buffered < now.unmoved || !now.is_bound_by_itself;
    return fits && (is_hidden || now.starts_at_once) && gains ? Method::whole : Method::stay;
}

/// What of the weights comes before the operation does.
double VelaBuffering::share_ahead(const WeightLoad& load, const Situation& now) const {
    const double depth = load.op->ofm.extent.c;
    const double least = std::min(brick_channels / depth, 1.0);
    const double half = std::min(static_cast<double>(now.room / 2) / double(load.size), 1.0);
    const double hidden = std::min(static_cast<double>(now.slack) / double(now.copy), 1.0);
    double share = hidden;
    // No small tail alone.
    if (1.0 - std::floor(hidden / least) * least < least / 2) share = 1.0;
    if (now.is_bound_by_itself && share > 0.5 && share < 1.0) {
        const auto channels = static_cast<std::int64_t>(std::floor(depth * 0.5));
        share = std::clamp(double(round_up(channels, brick_channels)) / depth, 0.5, 1.0);
    }
    return std::min(std::max(share, least), half);
}

std::optional<VelaBuffering::Proposal> VelaBuffering::proposal(const WeightLoad& load,
                                                               const Situation& now,
                                                               Method method) const {
    const double share = method == Method::slices ? share_ahead(load, now) : 1.0;
    Proposal made = in_slices(load, now, share);
    const auto turns = turns_of(made.sizes);
    std::int64_t all = 0;
    for (const std::int64_t size : made.sizes) all += size;
    const std::int64_t largest = std::max(turns[0], turns[1]);
    if (turns[0] + turns[1] <= now.room && largest < all) {
        made.twice = true;
        made.buffers = turns[0] + turns[1];
        made.first_buffer = turns[0];
        return made;
    }
    if (largest > now.room) return std::nullopt;
    made.buffers = made.first_buffer = largest;
    return made;
}

/// The first slice of that share, the others in the blocks that come while the first one is
/// counted to run; halved until each has room in half of what there is.
VelaBuffering::Proposal VelaBuffering::in_slices(const WeightLoad& load, const Situation& now,
                                                 double share) const {
    const NpuOp& op = *load.op;
    const std::int64_t depth = op.ofm.extent.c, block = op.kernel.block.depth;
    const Proposal whole{{op.ofm.extent.c}, {load.size}, {}};
    if (share >= 1.0) return whole;
    std::int64_t first = std::max<std::int64_t>(
        down_to(static_cast<std::int64_t>(static_cast<double>(depth) * share), brick_channels),
        brick_channels);
    if (first >= depth) return whole;
    const std::int64_t half = now.room / 2;
    const std::int64_t meanwhile = vela_cycles(
        program_, op,
        {.depth = static_cast<std::int32_t>(first), .last = false, .weights_fast = true});
    std::int64_t step =
        round_up(std::max<std::int64_t>(depth * meanwhile / now.copy, brick_channels), block);
    if (load.size * step / depth > half) step = half * depth / load.size;
    while (true) {
        step = std::max<std::int64_t>(down_to(step, step > block ? block : brick_channels),
                                      brick_channels);
        Proposal made;
        made.depths = depths_of(op.ofm.extent.c, static_cast<std::int32_t>(first),
                                static_cast<std::int32_t>(step));
        const bool is_least = first == brick_channels && step == brick_channels;
        if (made.depths.size() <= static_cast<std::size_t>(fine / 2)) {
            made.slices = make_slices(program_, op, made.depths);
            made.sizes = sizes_of(made.slices);
            const auto turns = turns_of(made.sizes);
            if (std::max(turns[0], turns[1]) <= half || is_least) return made;
        } else if (is_least) {
            return whole;
        }
        if (step > first) {
            step = round_up(step / 2, brick_channels);
        } else {
            first = round_up(first / 2, brick_channels);
        }
    }
}

bool VelaBuffering::may_move_ifm(const NpuOp& op, const Situation& now) const {
    if (!program_.spilling() || now.inside_cascade) return false;
    if (program_.buffer(op.ifm).copy_of != no_buffer) return false;
    const NpuOp* const writer = writers_[static_cast<std::size_t>(op.ifm.buffer)];
    return writer && !moves_only(program_.op(writer->graph_operator).type);
}

/// Whether the next operation needs the room more for its first map, which this one makes.
bool VelaBuffering::prefers_next(const NpuOp& op, const Situation& now, const Proposal& made,
                                 const VelaPerformance& then) const {
    const NpuOp* const next = readers_[static_cast<std::size_t>(op.ofm.buffer)];
    if (!next || next->slices.empty()) return false;
    std::int64_t size = 0;
    for (const WeightSlice& slice : next->slices) size += slice.size;
    const std::int32_t depth = next->ofm.extent.c;
    const VelaPerformance later = vela_performance(program_, *next, {{&depth, 1}, {&size, 1}});
    const bool waits_for_map = !later.is_bound_by_itself() && later.weight_cycles > 0 &&
                               later.ifm_cycles > 2 * later.weight_cycles &&
                               later.ifm_size < now.room;
    return waits_for_map && later.ifm_size + then.ifm_size + made.buffers > now.slack_memory &&
           (now.as_it_is.is_bound_by_itself() || later.ifm_cycles > then.ifm_cycles);
}

std::optional<std::int64_t> VelaBuffering::ifm_cycles(const WeightLoad& load, const Situation& now,
                                                      const Proposal& made,
                                                      const VelaPerformance& then) const {
    const NpuOp& op = *load.op;
    if (!may_move_ifm(op, now)) return then.ifm_cycles;
    const Target& target = *program_.target;
    const bool both = then.ifm_size + made.buffers <= now.room;
    const std::int64_t moved = vela_read_cycles(target, target.sram, now.as_it_is.ifm_bytes);
    const std::int64_t with_map = std::max({now.as_it_is.run, now.as_it_is.weight_cycles, moved});
    const std::int64_t with_weights =
        std::max({then.run + then.waits, then.weight_cycles, then.ifm_cycles});
    if (!both && then.ifm_size < now.slack_memory && with_map < with_weights &&
        with_map < then.ifm_cycles) {
        return std::nullopt;
    }
    if (prefers_next(op, now, made, then)) return std::nullopt;
    return both ? vela_read_cycles(target, target.sram, then.ifm_bytes) : then.ifm_cycles;
}

/// Whether an operation is counted to take no longer than with its weights where they are.
bool VelaBuffering::is_better(const WeightLoad& load, const Situation& now,
                              const Proposal& made) const {
    const bool comes_before = now.may_come_before && made.first_buffer < now.slack_memory;
    const std::int64_t slack = comes_before ? now.slack : now.starts_at_once ? unnoticed : 0;
    const VelaPerformance then = vela_performance(program_, *load.op,
                                                  {.depths = made.depths,
                                                   .sizes = made.sizes,
                                                   .copied = true,
                                                   .twice = made.twice,
                                                   .ifm_fast = now.inside_cascade,
                                                   .slack = slack});
    const auto ifm = ifm_cycles(load, now, made, then);
    if (!ifm) return false;
    const std::int64_t before = std::max({now.as_it_is.run, now.as_it_is.weight_cycles, *ifm});
    const std::int64_t full = then.run + then.waits;
    std::int64_t after = std::max({full, then.weight_cycles, *ifm});
    const auto slices = static_cast<std::int64_t>(made.depths.size());
    if (now.is_bound_by_itself) {
        if (then.waits / slices < unnoticed) after -= then.waits;
        if (slices > 1 && full == after && now.starts_at_once) after -= slices * (unnoticed / 2);
    }
    const bool reads_once = now.passes == 1;
    return after <= before && !(reads_once && now.copy + then.weight_cycles > before);
}

Delivery VelaBuffering::choose(WeightLoad& load) {
    if (load.op->slices[0].sampled) {
        count_sampled(program_, std::array{load.op});
        load.size = load.op->slices[0].size;
    }
    // Without spilling Vela plans as if there were room for all, and else with what there is.
    is_roomy_ = !program_.spilling();
    quarters_ = 4;
    if (auto delivery = find(load)) return *std::move(delivery);
    is_roomy_ = false;
    // Room may be in pieces.
    for (quarters_ = 4; quarters_ > 0; --quarters_) {
        if (auto delivery = find(load)) return *std::move(delivery);
    }
    return {{}, {}, clock_.read_directly(load)};
}

/// Nothing where what is wanted has no places.
std::optional<Delivery> VelaBuffering::find(WeightLoad& load) {
    const Situation now = situation_of(load);
    Delivery where_they_are{{}, {}, clock_.read_directly(load)};
    if (now.from_buffer >= now.unmoved) return where_they_are;
    const Method method = method_of(load, now);
    if (method == Method::stay) return where_they_are;
    auto made = proposal(load, now, method);
    if (!made) return where_they_are;
    // Slices much shallower than a block leave the array idle.
    constexpr float idle = 0.3F;
    if (made->depths.size() > 2) {
        const std::int64_t block = load.op->kernel.block.depth, step = made->depths[1];
        const float used = static_cast<float>(step) / static_cast<float>(round_up(step, block));
        if (used < idle && now.is_bound_by_itself) return where_they_are;
    }
    if (!is_better(load, now, *made)) return where_they_are;
    Delivery delivery = placed(load, now, std::move(*made));
    if (delivery.places.empty()) return std::nullopt;
    return delivery;
}

/// Places in turns, copied while the last slice of the operation before runs if possible.
Delivery VelaBuffering::placed(WeightLoad& load, const Situation& now, Proposal made) {
    const std::int32_t before = std::max(load.time - 1, clock_.segment_begin());
    slices_.set_neighbours(items_, first_of(before), last_of(load.time));
    const auto from_position = [&](std::int32_t from) {
        const auto parts = static_cast<std::int32_t>(
            load.before ? std::max<std::size_t>(load.before->slices.size(), 1) : 1);
        const SliceTimes times{from, load.time,
                               from < load.time ? (fine * (parts - 1) + parts - 1) / parts : 0};
        return places_ == SlicePlaces::counted
                   ? slices_.counted_in_turns(times, made.sizes, made.twice)
                   : slices_.in_turns(times, made.sizes, made.twice);
    };
    const bool comes_before = now.may_come_before && made.first_buffer < now.slack_memory;
    auto places = from_position(comes_before ? before : load.time);
    if (places.empty() && comes_before) places = from_position(load.time);
    if (places.empty()) return {};
    const Ends ends = clock_.copied(load, made.depths, places);
    if (!made.slices.empty()) load.op->slices = std::move(made.slices);
    return {std::move(made.depths), {places.begin(), places.end()}, ends};
}

}  // namespace u65sim::compiler
