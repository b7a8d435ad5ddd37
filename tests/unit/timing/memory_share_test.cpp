#include "timing/axi.hpp"

#include <catch2/catch.hpp>

#include "target/architecture.hpp"

using namespace u65sim;
using timing::port_rules;

namespace {

/// An Ethos-U65 at 1 GHz.
Target u65() {
    Target target;
    target.sram.bandwidth = BytesPerCycle{16, 1};
    return target;
}

/// Beats a cycle that the cap allows.
double cap(const Target& target, int port) {
    const auto rules = port_rules(target, architecture(target.accelerator), port);
    return static_cast<double>(rules.cap_beats) / static_cast<double>(rules.cap_period);
}

}  // namespace

TEST_CASE("GIVEN other masters WHEN they use a memory THEN the NPU has the share that they leave") {
    Target target = u65();
    target.off_chip.bandwidth = BytesPerCycle{4, 1};
    target.off_chip.bandwidth_period = 0_cycles;
    CHECK(cap(target, 1) == Approx(0.25));
    target.off_chip.available = 0.5;
    CHECK(cap(target, 1) == Approx(0.125));
    CHECK(cap(target, 0) == Approx(1.0));
}

TEST_CASE("GIVEN a memory without a cap WHEN others use it THEN they take of the port's width") {
    Target target = u65();
    target.sram.bandwidth = BytesPerCycle{};
    target.sram.bandwidth_period = 0_cycles;
    CHECK(port_rules(target, architecture(target.accelerator), 0).cap_beats == 0);
    target.sram.available = 0.75;
    CHECK(cap(target, 0) == Approx(0.75));
}

TEST_CASE("GIVEN a memory with a clock WHEN the NPU's changes THEN its time does not") {
    Target target = u65();
    target.off_chip.bandwidth = BytesPerCycle{8, 1};
    target.off_chip.bandwidth_period = 0_cycles;
    target.off_chip.read_latency = 50_cycles;
    target.off_chip.clock = Hertz{250'000'000};
    auto rules = port_rules(target, architecture(target.accelerator), 1);
    CHECK(cap(target, 1) == Approx(2.0 / 16));
    CHECK(rules.read_latency == 200);
    target.accelerator.clock = Hertz{500'000'000};
    rules = port_rules(target, architecture(target.accelerator), 1);
    CHECK(cap(target, 1) == Approx(4.0 / 16));
    CHECK(rules.read_latency == 100);
}
