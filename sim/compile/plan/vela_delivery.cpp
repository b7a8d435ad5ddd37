#include "compile/plan/vela_delivery.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "compile/constants.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/vela_cycles.hpp"

namespace u65sim::compiler {

namespace {

std::vector<std::int64_t> predicted_sizes(const WeightLoad& load,
                                          const std::vector<std::int32_t>& depths) {
    std::vector<std::int64_t> sizes;
    sizes.reserve(depths.size());
    for (const auto share : depths) sizes.push_back(predicted_size(load, share));
    return sizes;
}

/// Channels of two buffers that slices take in turns.
std::int64_t in_two_buffers(const std::vector<std::int32_t>& depths) {
    std::array<std::int32_t, 2> largest{};
    for (std::size_t i = 0; i < depths.size(); ++i) {
        largest[i % 2] = std::max(largest[i % 2], depths[i]);
    }
    return std::int64_t{largest[0]} + largest[1];
}

}  // namespace

std::int64_t VelaDelivery::slack_before(const WeightLoad& load) const {
    return load.time > clock_.segment_begin() ? clock_.slack() : 0;
}

std::int64_t VelaDelivery::copy_cycles(std::int64_t size) {
    return program_.rules.counts_as_vela ? vela_copy_cycles(*program_.target, size)
                                         : clock_.copy_cycles(size);
}

/// Whether weights are read where they are, which are read once or come with the first operation.
bool VelaDelivery::stays_where_it_is(const WeightLoad& load) {
    const NpuOp& op = *load.op;
    if (op.weights_stay) return true;
    if (program_.rules.read_once == ReadOnce::unhidden && load.time == clock_.segment_begin() &&
        load.time == 0 && program_.spilling() && program_.buffer(op.ifm).copy_of == no_buffer) {
        const bool one_block = op.ofm.extent.c <= op.kernel.block.depth;
        const bool one_row = op.ofm.extent.h == 1 && op.kernel.kernel.width > 1;
        if (op.ofm.extent.c > brick_channels && (one_block || one_row)) return true;
    }
    const bool is_once = weight_passes(op) == 1;
    if (program_.rules.read_once == ReadOnce::dedicated) {
        return (program_.spilling() && is_once) ||
               program_.op(op.graph_operator).type == OpType::fully_connected;
    }
    if (!is_once) return false;
    if (op.kernel.kind != stream::KernelKind::conv) return false;
    // Seen in schedules: a copy must leave a fifth of the operation's time, and a fifth of it must
    // be hidden.
    constexpr std::int64_t share = 5;
    const std::int64_t copy = copy_cycles(load.size);
    const std::int64_t hidden = std::min(slack_before(load), copy);
    if (share * copy > (share - 1) * vela_cycles(program_, op)) return true;
    return share * hidden < copy && !ends_sooner_in_slices(load, copy - hidden);
}

/// Whether the last of an operation's slices, which runs behind the copies, ends before the
/// operation would with its weights where they are.
bool VelaDelivery::ends_sooner_in_slices(const WeightLoad& load, std::int64_t copies) {
    const NpuOp& op = *load.op;
    if (op.ofm.extent.c <= brick_channels) return false;
    const std::int32_t last = (op.ofm.extent.c - brick_channels - 1) % op.kernel.block.depth + 1;
    return copies + vela_cycles(program_, op, last) < vela_cycles(program_, op);
}

Delivery VelaDelivery::choose(WeightLoad& load) {
    const NpuOp& op = *load.op;
    Delivery where_they_are{{}, {}, clock_.read_directly(load)};
    if (stays_where_it_is(load)) return where_they_are;
    const std::int32_t before = std::max(load.time - 1, clock_.segment_begin());
    slices_.set_neighbours(items_, first_of(load.time), last_of(load.time));
    const std::int64_t room = limit_ - slices_.neighbour_bytes();
    slices_.set_neighbours(items_, first_of(before), last_of(load.time));
    const std::int64_t slack = slack_before(load);
    const std::int64_t ahead =
        std::min({load.size, load.size * slack / copy_cycles(load.size), room / 2});
    const bool may_slice =
        may_be_sliced(op) || (program_.rules.slices_depthwise && may_be_sliced_with_input(op));
    if (ahead < load.size && may_slice && op.ofm.extent.c > brick_channels) {
        Delivery delivery = program_.rules.counts_as_vela
                                ? sliced_by_estimate(load, before, ahead, room)
                                : sliced(load, before, ahead, room);
        if (!delivery.places.empty()) return delivery;
    }
    const std::array whole{room_for(op.slices[0])};
    const auto places = in_turns(load, before, whole, true);
    if (places.empty()) return where_they_are;
    const std::vector<std::int32_t> depths{op.ofm.extent.c};
    return {depths, {places.begin(), places.end()}, clock_.copied(load, depths, places)};
}

/// Places for slices that take turns, copied while the operation before runs if possible: in 5.2
/// while its last slice does.
std::span<const Lifetime> VelaDelivery::in_turns(const WeightLoad& load, std::int32_t before,
                                                 std::span<const std::int64_t> sizes, bool twice) {
    const auto find = [&](std::int32_t from) {
        const bool ahead = from < load.time && program_.rules.counts_as_vela;
        const std::int32_t parts = clock_.slices_before();
        const SliceTimes times{from, load.time,
                               ahead ? (fine * (parts - 1) + parts - 1) / parts : 0};
        return places_ == SlicePlaces::counted ? slices_.counted_in_turns(times, sizes, twice)
                                               : slices_.in_turns(times, sizes, twice);
    };
    const auto places = find(before);
    return places.empty() ? find(load.time) : places;
}

/// The first slice of those `ahead` bytes, the others as deep as the time of the one before
/// lets them come; shallower until two have room to take turns. Else one after the other.
Delivery VelaDelivery::sliced(WeightLoad& load, std::int32_t before, std::int64_t ahead,
                              std::int64_t room) {
    const std::int32_t block = load.op->kernel.block.depth;
    const std::int32_t depth = load.op->ofm.extent.c;
    const auto whole_blocks = [block](std::int64_t channels) {
        return std::max(16, static_cast<std::int32_t>(channels / block * block));
    };
    std::int32_t first = whole_blocks(depth * ahead / load.size / 16 * 16);
    const std::int64_t meanwhile = round_up(
        std::max<std::int64_t>(load.fast * first / clock_.copy_cycles(load.size), 1), block);
    std::int32_t step = whole_blocks(std::min(depth * (room / 2) / load.size, meanwhile));
    std::vector<std::int32_t> one_by_one;
    while (true) {
        std::vector<std::int32_t> depths = depths_of(depth, first, step);
        const bool few = depths.size() <= static_cast<std::size_t>(fine / 2);
        const auto sizes = predicted_sizes(load, depths);
        if (few && depths.size() > 1 && sizes[0] + sizes[1] <= room) {
            if (one_by_one.empty()) one_by_one = depths;
            if (!in_turns(load, before, sizes, true).empty()) {
                Delivery delivery = encoded(load, before, std::move(depths), true);
                if (!delivery.places.empty()) return delivery;
            }
        }
        if (!few || (first == 16 && step == 16)) break;
        std::int32_t& larger = first > step ? first : step;
        larger = whole_blocks(larger / 2);
    }
    return one_by_one.empty() ? Delivery{} : encoded(load, before, std::move(one_by_one), false);
}

/// The first slice of those `ahead` bytes, in bricks, the others in the blocks that come while Vela
/// counts the first one's cycles; halved until two have room to take turns.
Delivery VelaDelivery::sliced_by_estimate(WeightLoad& load, std::int32_t before, std::int64_t ahead,
                                          std::int64_t room) {
    const std::int32_t block = load.op->kernel.block.depth;
    const std::int32_t depth = load.op->ofm.extent.c;
    const auto bricks = [](std::int64_t channels) {
        return std::max<std::int32_t>(
            brick_channels, static_cast<std::int32_t>(channels / brick_channels * brick_channels));
    };
    std::int32_t first = bricks(depth * ahead / load.size);
    const std::int64_t meanwhile = vela_slice_cycles(program_, *load.op, std::min(first, depth));
    std::int64_t step =
        round_up(std::max<std::int64_t>(1, depth * meanwhile / copy_cycles(load.size)), block);
    step = std::min(step, depth * (room / 2) / load.size);
    while (true) {
        step = step > block ? step / block * block : bricks(step);
        std::vector<std::int32_t> depths = depths_of(depth, first, static_cast<std::int32_t>(step));
        if (depths.size() > static_cast<std::size_t>(fine / 2)) return {};
        const std::int64_t two = load.size * in_two_buffers(depths) / depth;
        if (depths.size() > 1 && two <= room) {
            Delivery delivery = encoded(load, before, depths, true);
            if (!delivery.places.empty()) return delivery;
        } else if (first == brick_channels) {
            return encoded(load, before, std::move(depths), false);
        }
        if (first == brick_channels && step == brick_channels) return {};
        if (step > first) {
            step = round_up(step / 2, brick_channels);
        } else {
            first = bricks(round_up(first / 2, brick_channels));
        }
    }
}

/// Slices of these depths, in two buffers or one. No places, and nothing changed, when there is no
/// room.
Delivery VelaDelivery::encoded(WeightLoad& load, std::int32_t before,
                               std::vector<std::int32_t> depths, bool twice) {
    std::vector<WeightSlice> slices = make_slices(program_, *load.op, depths);
    const auto places = in_turns(load, before, sizes_of(slices), twice);
    if (places.empty()) return {};
    const Ends ends = clock_.copied(load, depths, places);
    load.op->slices = std::move(slices);
    return {std::move(depths), {places.begin(), places.end()}, ends};
}

}  // namespace u65sim::compiler
