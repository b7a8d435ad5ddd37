// Which of several plans of a network is the fastest by the clock.
#pragma once

#include "compile/quick/delivery_rule.hpp"
#include "compile/quick/network.hpp"
#include "compile/quick/place_rule.hpp"

namespace u65sim::compiler::quick {

struct TimedPlan {
    PlacedMaps maps;
    TimeLine line;
    bool all_fit = true;  ///< all maps together, in the fast memory
};

/// The plan without cascades, or one with them where that is faster: with those that are best in
/// all of the memory, or in a part of it, which leaves room to weights. Weights may stay where they
/// are, and maps make room for slices of weights, as the compiler tries it.
TimedPlan best_plan(QuickNetwork& network);

}  // namespace u65sim::compiler::quick
