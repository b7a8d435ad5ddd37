// Which delivery is predicted to end first.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compile/plan/delivery_clock.hpp"
#include "compile/plan/slice_places.hpp"
#include "compile/plan/vela_buffering.hpp"

namespace u65sim::compiler {

/// Where weights are copied to.
struct FastMemory {
    std::int64_t limit = 0;  ///< bytes
    int region = no_region;
    SlicePlaces places = SlicePlaces::final;
};

/// Chooses how operations' weights are brought, in the order of execution.
class DeliveryChooser {
public:
    /// `items` are the lifetimes in the fast memory, in fine positions. All must outlive this.
    DeliveryChooser(PlannedProgram& program, std::vector<Lifetime>& items, DeliveryClock& clock,
                    const FastMemory& memory);

    /// The best delivery of a load whose copies begin at position `from` at the earliest, found
    /// again with exact sizes where sampled ones were too small. Where it comes in slices, the
    /// operation has them afterwards. A place reserved for the load is free again.
    Delivery choose(WeightLoad& load, std::int32_t from);

private:
    Delivery choose_by_size(WeightLoad& load, std::int32_t from);
    Delivery best(WeightLoad& load, std::int32_t from, const Lifetime& reserved,
                  Delivery where_they_are);
    Delivery whole_at(WeightLoad& load, std::span<const Lifetime> places);
    /// Slicings that are better than the delivery that ends so: the best first.
    std::span<const Slicing> slicings(WeightLoad& load, std::int32_t from, const Ends& without);
    /// Ends of slices of `step` channels where `serves` them; nothing where not, or without room.
    template <class Serves>
    std::optional<Ends> ends_of(WeightLoad& load, std::int32_t from, std::int32_t step,
                                const Serves& serves);
    /// Bytes of a slice, about.
    [[nodiscard]] std::int64_t size_of(const WeightLoad& load, std::int32_t first,
                                       std::int32_t count) const;
    [[nodiscard]] bool is_worth_slicing(const WeightLoad& load) const;
    /// Places for slices of these sizes. None when there is no room.
    std::span<const Lifetime> places_of(const WeightLoad& load, std::int32_t from,
                                        std::span<const std::int64_t> sizes);
    /// Encodes slices of these depths. No places, and nothing changed, when they turn out larger
    /// than there is room for.
    Delivery encoded(WeightLoad& load, std::int32_t from, const std::vector<std::int32_t>& depths);
    /// Slices where they have room; no places where they have none.
    Delivery placed(WeightLoad& load, std::int32_t from, const std::vector<std::int32_t>& depths,
                    std::span<const std::int64_t> sizes);

    PlannedProgram& program_;
    std::vector<Lifetime>& items_;
    DeliveryClock& clock_;
    SlicePlacer slices_;
    VelaBuffering vela_;
    const std::int64_t limit_;
    const int region_;
    const SlicePlaces kind_of_places_;
    // Of the present load.
    std::vector<Slicing> slicings_;
    std::vector<std::int32_t> depths_;
    std::vector<std::int64_t> sizes_, equal_;
    std::vector<Lifetime> placed_;
};

}  // namespace u65sim::compiler
