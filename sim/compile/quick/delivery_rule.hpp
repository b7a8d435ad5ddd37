// How weights reach their operations, and what a network takes then: a time line of kernels one
// after the other and copies beside them, in closed form.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "compile/quick/issue_rule.hpp"
#include "compile/quick/place_rule.hpp"

namespace u65sim::compiler::quick {

struct TimeLine {
    std::vector<Delivery> deliveries;  ///< by position
    std::vector<TimedPosition> positions;
    std::vector<std::int64_t> begins;  ///< expected, by position
    std::int64_t expected = 0;         ///< cycles, as deliveries are chosen by
    std::int64_t cycles = 0;           ///< by the clock; 0: it was not run
    bool is_whole = true;              ///< false: it was left, for it would end too late
    std::int64_t peak = 0;             ///< most bytes of the fast memory in use
    /// Room that weights which are read over and over would need for slices, and the cycles that
    /// are lost for want of it.
    std::vector<Turns> starved{};
    std::int64_t lost = 0;
};

/// Whether weights are copied where that is faster, or stay where they are unless they are read
/// over and over.
enum class Weights : std::uint8_t { copied, stay };

/// Up to which end of another plan's deliveries one is followed.
struct EndLimit {
    std::int64_t cycles = std::numeric_limits<std::int64_t>::max();  ///< expected
    /// A plan that was followed to its end; none: null. From where both run the same operations,
    /// they are expected to take the same time.
    const PlacedMaps* maps = nullptr;
    const TimeLine* line = nullptr;
};

/// Chooses for each operation's weights: copied whole as early as there is room, copied in slices
/// that take turns, or read where they are; whatever ends first. Stops where it is
/// expected to end behind the limit.
TimeLine deliver_weights(const QuickNetwork& network, const PlacedMaps& maps, Weights weights,
                         const EndLimit& limit = {});
/// Issues all, and sets times and cycles of a line.
void run_clock(const QuickNetwork& network, const PlacedMaps& maps, TimeLine& line);

}  // namespace u65sim::compiler::quick
