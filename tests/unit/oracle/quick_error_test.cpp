// The correction of effort quick, for networks unlike those that it was fitted to.
#include <catch2/catch.hpp>

#include <cstdint>

#include <u65sim/target.hpp>

#include "compile/quick/answer.hpp"
#include "oracle/quick_error.hpp"

using namespace u65sim;
using compiler::quick::QuickAnswer;
using compiler::quick::QuickTerms;

TEST_CASE("No part of a network's cycles is corrected by much more than the part is likely off") {
    constexpr double cycles = 1e6, part = 0.3 * cycles;
    for (const char* preset : {"u65-256", "u65-512", "u55-128"}) {
        for (double QuickTerms::*term : {&QuickTerms::direct, &QuickTerms::waits,
                                         &QuickTerms::off_chip, &QuickTerms::cascades}) {
            QuickAnswer answer;
            answer.cycles = Cycles{static_cast<std::int64_t>(cycles)};
            answer.terms.cycles = cycles;
            answer.terms.*term = part;
            const auto corrected = oracle::corrected(Target::preset(preset), answer);
            INFO(preset << ", term " << answer.terms.values()[1] << " " << answer.terms.values()[2]
                        << " " << answer.terms.values()[7]);
            CHECK(static_cast<double>(corrected.cycles.count()) == Approx(cycles).epsilon(0.05));
        }
    }
}
