// How the report joins a lower bound with what a network takes.
#include <catch2/catch.hpp>

#include "unit/report/sample.hpp"

using namespace u65sim;

namespace {

/// The sample with its operators' places in the graph.
CompiledNetwork labelled() {
    CompiledNetwork network = sample::network();
    for (CommandLabel& label : network.segments[0].labels) {
        label.graph_operator = label.op_name == "first" ? 0 : 1;
    }
    return network;
}

Report bounded(const LowerBound& bound) {
    return make_report(labelled(), sample::target(), sample::simulation(), bound);
}

}  // namespace

TEST_CASE("A report says how near its plan is to the bound, and what sets that") {
    const Report report = bounded({500_cycles, Limit::off_chip, {}});
    CHECK(report.total.bound == 500_cycles);
    CHECK(report.total.limit == Limit::off_chip);
    CHECK(report.to_text().find("0.001 ms by off_chip, this plan 0.001 ms (50.0 %)") !=
          std::string::npos);
}

TEST_CASE("An operator is kept from its bound by the cause with most of what is beyond it") {
    // The first: 300 cycles of the MAC array, 100 of waiting for writes.
    const auto kept_by = [](std::int64_t cycles, Limit limit) {
        return bounded({500_cycles, Limit::mac, {{0, Cycles{cycles}, limit}}})
            .operators.front()
            .kept_by;
    };
    CHECK(kept_by(100, Limit::mac) == Cause::mac);
    CHECK(kept_by(250, Limit::mac) == Cause::ofm_write);
    CHECK(kept_by(250, Limit::weights) == Cause::mac);
    CHECK_FALSE(kept_by(400, Limit::mac).has_value());
}

TEST_CASE("Without a bound a report says nothing of one") {
    const Report report = bounded({});
    CHECK(report.operators.front().limit == Limit::none);
    CHECK(report.to_text().find("bound  ") == std::string::npos);
    CHECK(report.to_text().find("farthest") == std::string::npos);
}
