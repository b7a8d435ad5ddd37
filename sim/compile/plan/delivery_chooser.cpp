#include "compile/plan/delivery_chooser.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "compile/constants.hpp"
#include "compile/plan/delivery_rules.hpp"
#include "compile/plan/vela_delivery.hpp"

namespace u65sim::compiler {

DeliveryChooser::DeliveryChooser(PlannedProgram& program, std::vector<Lifetime>& items,
                                 DeliveryClock& clock, const FastMemory& memory)
    : program_(program),
      items_(items),
      clock_(clock),
      slices_(memory.limit),
      vela_(program, items_, slices_, clock, {memory.limit, memory.places}),
      limit_(memory.limit),
      region_(memory.region),
      kind_of_places_(memory.places) {}

Delivery DeliveryChooser::choose(WeightLoad& load, std::int32_t from) {
    Delivery delivery = choose_by_size(load, from);
    if (!load.op->slices[0].sampled || delivery.places.empty()) return delivery;
    count_sampled(program_, std::array{load.op});
    load.size = load.op->slices[0].size;
    if (load.size > delivery.places[0].size) return choose_by_size(load, from);
    delivery.places[0].size = load.size;
    delivery.ends = clock_.copied(load, delivery.depths, delivery.places);
    return delivery;
}

Delivery DeliveryChooser::choose_by_size(WeightLoad& load, std::int32_t from) {
    Lifetime reserved;
    if (load.reservation) {
        reserved = items_[*load.reservation];
        items_[*load.reservation].offset = no_offset;
    }
    slices_.set_neighbours(items_, first_of(from), last_of(load.time));
    Delivery where_they_are{{}, {}, clock_.read_directly(load)};
    const bool small = program_.options.optimise == Optimise::size;
    if (small && weight_passes(*load.op) == 1) return where_they_are;
    if (small) from = load.time;
    if (program_.rules.counts_as_vela) return vela_.choose(load);
    if (program_.rules.delivers_as_vela) {
        if (load.reservation && load.op->stripes > 1) return whole_at(load, {&reserved, 1});
        return VelaDelivery{program_, items_, slices_, clock_, {limit_, kind_of_places_}}.choose(
            load);
    }
    if (!program_.takes(Pass::stream_weights)) {
        return load.reservation ? whole_at(load, {&reserved, 1}) : where_they_are;
    }
    return best(load, from, reserved, std::move(where_they_are));
}

Delivery DeliveryChooser::whole_at(WeightLoad& load, std::span<const Lifetime> places) {
    const std::int32_t depth = load.op->ofm.extent.c;
    return {{depth}, {places.begin(), places.end()}, clock_.copied(load, {&depth, 1}, places)};
}

Delivery DeliveryChooser::best(WeightLoad& load, std::int32_t from, const Lifetime& reserved,
                               Delivery where_they_are) {
    const std::int64_t passes = weight_passes(*load.op);
    from = clock_.free_from(from, load.time);
    Delivery best = std::move(where_they_are);
    const std::int64_t room = room_for(load.op->slices[0]);
    auto places = slices_.earliest({from, load.time}, {&room, 1});
    if (places.empty() && load.reservation) places = {&reserved, 1};
    if (!places.empty()) {
        Delivery whole = whole_at(load, places);
        if (is_copy_better(whole.ends, best.ends, passes)) best = std::move(whole);
    }
    const bool reread = best.places.empty() && passes > 1;
    if (!is_worth_slicing(load) ||
        (!reread && clock_.wait_of(load, best.ends.finish) <= tuning::least_wait)) {
        return best;
    }
    const std::int32_t depth = load.op->ofm.extent.c;
    for (const Slicing& slicing : slicings(load, from, best.ends)) {
        Delivery sliced = encoded(load, from, depths_of(depth, slicing.step, slicing.step));
        if (!sliced.places.empty()) return sliced;
    }
    return best;
}

/// A map in DRAM that blocks read once would be read again for each slice.
bool DeliveryChooser::is_worth_slicing(const WeightLoad& load) const {
    const bool in_reach =
        weight_passes(*load.op) > 1 || program_.buffer(load.op->ifm).region == region_;
    return may_be_sliced(*load.op) && in_reach && load.size >= 2 * tuning::smallest_slice;
}

std::span<const Slicing> DeliveryChooser::slicings(WeightLoad& load, std::int32_t from,
                                                   const Ends& without) {
    slicings_.clear();
    const std::int32_t depth = load.op->ofm.extent.c;
    SlicingTrial trial({load.size, load.fast, depth, load.op->kernel.block.depth, clock_.now(),
                        slice_unit(*load.op, program_)},
                       without);
    trial.run([&](std::int32_t step) {
        const auto ends =
            ends_of(load, from, step, [&](const Ends& each) { return trial.serves(each); });
        if (!ends) return;
        trial.add(*ends);
        slicings_.push_back({step, *ends});
    });
    std::stable_sort(slicings_.begin(), slicings_.end(), [](const Slicing& a, const Slicing& b) {
        return a.ends.score() < b.ends.score();
    });
    return slicings_;
}

std::int64_t DeliveryChooser::size_of(const WeightLoad& load, std::int32_t first,
                                      std::int32_t count) const {
    if (!is_ragged(*load.op, program_)) return predicted_size(load, count);
    return with_margin(sampled_size(*load.op, first, count, program_));
}

template <class Serves>
std::optional<Ends> DeliveryChooser::ends_of(WeightLoad& load, std::int32_t from, std::int32_t step,
                                             const Serves& serves) {
    const std::int32_t depth = load.op->ofm.extent.c;
    depths_.assign(static_cast<std::size_t>(ceil_div(depth, step)), step);
    depths_.back() = depth - step * static_cast<std::int32_t>(depths_.size() - 1);
    sizes_.assign(depths_.size(), size_of(load, 0, step));
    sizes_.back() = size_of(load, depth - depths_.back(), depths_.back());
    if (!serves(clock_.least_copied(load, depths_, sizes_))) return std::nullopt;
    const Delivery delivery = placed(load, from, depths_, sizes_);
    if (delivery.places.empty() || !serves(delivery.ends)) return std::nullopt;
    return delivery.ends;
}

std::span<const Lifetime> DeliveryChooser::places_of(const WeightLoad& load, std::int32_t from,
                                                     std::span<const std::int64_t> sizes) {
    // Places of one size: each fits where an earlier slice was.
    equal_.assign(sizes.size(), *std::max_element(sizes.begin(), sizes.end()));
    const auto places = slices_.earliest({from, load.time}, equal_);
    if (places.empty()) return slices_.earliest({from, load.time}, sizes);
    placed_.assign(places.begin(), places.end());
    for (std::size_t i = 0; i < sizes.size(); ++i) placed_[i].size = sizes[i];
    return placed_;
}

Delivery DeliveryChooser::encoded(WeightLoad& load, std::int32_t from,
                                  const std::vector<std::int32_t>& depths) {
    std::vector<WeightSlice> slices = make_slices(program_, *load.op, depths);
    Delivery delivery = placed(load, from, depths, sizes_of(slices));
    if (!delivery.places.empty()) load.op->slices = std::move(slices);
    return delivery;
}

Delivery DeliveryChooser::placed(WeightLoad& load, std::int32_t from,
                                 const std::vector<std::int32_t>& depths,
                                 std::span<const std::int64_t> sizes) {
    const auto at = [&](std::span<const Lifetime> places) -> Delivery {
        if (places.empty()) return {};
        return {depths, {places.begin(), places.end()}, clock_.copied(load, depths, places)};
    };
    Delivery delivery = at(places_of(load, from, sizes));
    if (delivery.places.empty() || !has_small_last(sizes.front(), sizes.back())) return delivery;
    const std::int64_t clear = clearly_sooner(delivery.ends, clock_.now());
    if (clock_.least_copied(load, depths, sizes).finish >= clear) return delivery;
    Delivery as_they_are = at(slices_.earliest({from, load.time}, sizes));
    const bool is_better = !as_they_are.places.empty() && as_they_are.ends.finish < clear;
    return is_better ? as_they_are : delivery;
}

}  // namespace u65sim::compiler
