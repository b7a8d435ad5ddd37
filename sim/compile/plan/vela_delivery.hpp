// How Vela 5.0 brings weights, as far as its streams show it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compile/plan/delivery_clock.hpp"
#include "compile/plan/slice_places.hpp"

namespace u65sim::compiler {

/// Chooses deliveries as Vela does: one operation ahead at most, whole where the time of the
/// operation before is enough, else in slices through two buffers that take turns, or one. With a
/// dedicated SRAM its streams copy nothing that is read once (seen in VGG19's and
/// kws_micronet_m's).
class VelaDelivery {
public:
    struct Room {
        std::int64_t limit = 0;  ///< bytes
        SlicePlaces places = SlicePlaces::final;
    };
    /// `items` are the lifetimes in the fast memory of `limit` bytes.
    VelaDelivery(PlannedProgram& program, const std::vector<Lifetime>& items, SlicePlacer& slices,
                 DeliveryClock& clock, const Room& room)
        : program_(program),
          items_(items),
          slices_(slices),
          clock_(clock),
          limit_(room.limit),
          places_(room.places) {}

    /// The delivery of a load; where in slices, its operation has them afterwards.
    Delivery choose(WeightLoad& load);

private:
    [[nodiscard]] std::int64_t slack_before(const WeightLoad& load) const;
    [[nodiscard]] bool stays_where_it_is(const WeightLoad& load) const;
    Delivery sliced(WeightLoad& load, std::int32_t before, std::int64_t ahead, std::int64_t room);
    std::span<const Lifetime> in_turns(const WeightLoad& load, std::int32_t before,
                                       std::span<const std::int64_t> sizes, bool twice);
    Delivery encoded(WeightLoad& load, std::int32_t before, std::vector<std::int32_t> depths,
                     bool twice);

    PlannedProgram& program_;
    const std::vector<Lifetime>& items_;
    SlicePlacer& slices_;
    DeliveryClock& clock_;
    const std::int64_t limit_;
    const SlicePlaces places_;
};

}  // namespace u65sim::compiler
