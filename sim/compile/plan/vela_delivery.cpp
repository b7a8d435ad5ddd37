#include "compile/plan/vela_delivery.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "compile/constants.hpp"
#include "compile/plan/lifetimes.hpp"

namespace u65sim::compiler {

namespace {

std::vector<std::int64_t> predicted_sizes(const WeightLoad& load,
                                          const std::vector<std::int32_t>& depths) {
    std::vector<std::int64_t> sizes;
    sizes.reserve(depths.size());
    for (const auto share : depths) sizes.push_back(predicted_size(load, share));
    return sizes;
}

}  // namespace

std::int64_t VelaDelivery::slack_before(const WeightLoad& load) const {
    return load.time > clock_.segment_begin() ? clock_.slack() : 0;
}

/// Whether weights are read where they are, which are read once.
bool VelaDelivery::stays_where_it_is(const WeightLoad& load) const {
    const NpuOp& op = *load.op;
    return (program_.spilling() && weight_passes(op) == 1) ||
           program_.op(op.graph_operator).type == OpType::fully_connected;
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
        std::min({load.size, load.size * slack / clock_.copy_cycles(load.size), room / 2});
    if (ahead < load.size && may_be_sliced(op) && op.ofm.extent.c > brick_channels) {
        Delivery delivery = sliced(load, before, ahead, room);
        if (!delivery.places.empty()) return delivery;
    }
    const std::array whole{room_for(op.slices[0])};
    const auto places = in_turns(load, before, whole, true);
    if (places.empty()) return where_they_are;
    const std::vector<std::int32_t> depths{op.ofm.extent.c};
    return {depths, {places.begin(), places.end()}, clock_.copied(load, depths, places)};
}

/// Places for slices that take turns, copied while the operation before runs if possible.
std::span<const Lifetime> VelaDelivery::in_turns(const WeightLoad& load, std::int32_t before,
                                                 std::span<const std::int64_t> sizes, bool twice) {
    const auto find = [&](std::int32_t from) {
        const SliceTimes times{from, load.time};
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
