// The weight loader alone: when weights are requested, and how far ahead.
#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

#include "machine/units/weight_loader.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

/// One block of 8 x 8 x 16 that reads 2000 bytes of weights.
KernelOp one_block(std::uint32_t scale_bytes) {
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(8, 8, 16, 0);
    op.ofm = brick_map(8, 8, 16, 65536);
    op.weights[0] = {0, 2000};
    op.scales[0] = {4096, scale_bytes};
    return op;
}

class Rig : public UnitRig {
public:
    explicit Rig(const KernelOp& op) : UnitRig(target(), {op}) {
        loader.reset();
        channels.kernels.issue(0, 0);
    }
    void run(Time until) { UnitRig::run(loader, UnitId::weight_loader, until); }

    WeightLoader loader{
        {channels.probe, channels.memory, channels.kernels, channels.scales, channels.weights}};
};

}  // namespace

SCENARIO("weights are requested from the traversal's beginning, 16 beats at a time") {
    GIVEN("2000 bytes, a buffer of 1216, and no scale records; the traversal begins at 100") {
        Rig rig{one_block(0)};
        rig.run(99);
        CHECK(rig.requests.empty());
        rig.channels.kernels.begin_traversal(100);
        rig.run(400);
        THEN("four requests of 256 bytes have room, a fifth has not") {
            CHECK(rig.requests == std::vector<Request>(4, {100, 1, Channel::weights, 256}));
            CHECK(rig.flag(Flag::weights_in_flight, 400) == 101);
            CHECK(rig.channels.weights.arrived(400) == 1024);
        }
        WHEN("a job begins at 500 that takes the first 600 bytes") {
            rig.channels.weights.consume_to(600, 500);
            rig.run(1000);
            THEN("three more are requested at once: 1792 bytes of 600 + 1216") {
                CHECK(rig.times(Channel::weights) ==
                      std::vector<Time>{100, 100, 100, 100, 500, 500, 500});
            }
            WHEN("another takes the rest at 1100") {
                rig.channels.weights.consume_to(2000, 1100);
                rig.run(2000);
                THEN("the last request is what is left of the range") {
                    REQUIRE(rig.requests.size() == 8);
                    CHECK(rig.requests.back() ==
                          Request{1100, 1, Channel::weights, 2000 - 7 * 256});
                }
            }
        }
    }
}

SCENARIO("weights follow the kernel's first scale records") {
    GIVEN("records requested at the traversal's beginning, which arrive at 300") {
        Rig rig{one_block(160)};
        rig.channels.scales.add(0).transfer.done = 300;
        rig.channels.scales.set_begun(1);
        rig.channels.kernels.begin_traversal(100);
        rig.run(299);
        CHECK(rig.requests.empty());
        rig.channels.scales.receive(300);
        rig.run(1000);
        THEN("weights are requested at 300") { CHECK(rig.times(Channel::weights).front() == 300); }
    }
}

SCENARIO("the MAC array is woken when weights arrive that it waits for") {
    Rig rig{one_block(0)};
    rig.channels.weights.set_wanted(true);
    rig.run(99);
    rig.channels.kernels.begin_traversal(100);
    rig.run(1000);
    CHECK(rig.woken(UnitId::mac_array) == std::vector<Time>{201});
}
