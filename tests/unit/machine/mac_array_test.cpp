// The MAC array alone: when a job starts, how long it takes, and whom it tells.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "machine/units/mac_array.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

class Rig : public UnitRig {
public:
    Rig() : UnitRig(target(), {convolution(1, 0), timing_test::addition()}) {
        mac_array.reset();
        channels.kernels.issue(0, 0);
        channels.kernels.issue(1, 0);
    }
    /// A job of 100 cycles behind 10 of start-up, whose input is there at `loaded`.
    Job& add_job(Time loaded) {
        Job& job = channels.ifm.add(1, nullptr);
        job.loads[0].done = loaded;
        job.loads[1].done = 0;
        job.mac_cycles = 100;
        job.start_cycles = 10;
        job.first_of_block = job.last_of_block = true;
        job.block.number = 7;
        return job;
    }
    void add_weights(std::int64_t bytes, Time arrival) {
        channels.weights.add(bytes).transfer.done = arrival;
    }
    void run(Time until) { UnitRig::run(mac_array, UnitId::mac_array, until); }

    MacArray mac_array{{channels.hardware, channels.probe, channels.kernels, channels.ifm,
                        channels.weights, channels.accumulators, channels.blocks}};
};

}  // namespace

SCENARIO("a job starts when its input is there, and takes its start-up and its MACs") {
    GIVEN("input at cycle 50, 10 + 100 cycles of work, a target of 10 cycles to the output") {
        Rig rig;
        rig.add_job(50);
        rig.channels.ifm.announce(0);
        rig.run(1000);
        THEN("the block may be put out at 50 + 10 + 100 + 10") {
            REQUIRE(rig.channels.blocks.size() == 1);
            CHECK(rig.channels.blocks.front().ready == 170);
            CHECK(rig.channels.blocks.front().work.number == 7);
            CHECK(rig.woken(UnitId::output_unit) == std::vector<Time>{170});
        }
        THEN("the input's place is free when the MACs are done, at 160") {
            CHECK(rig.channels.ifm.size() == 0);
            CHECK(rig.woken(UnitId::ifm_loader).back() == 160);
        }
        THEN("50 cycles count as waiting for input, 100 as computing") {
            CHECK(rig.flag(Flag::mac_waits_ifm, 1000) == 50);
            CHECK(rig.flag(Flag::mac_computes, 1000) == 100);
            CHECK(rig.flag(Flag::mac_works, 1000) == 110);
            CHECK(rig.record(0).mac_busy == Cycles{100});
        }
    }
}

SCENARIO("a job runs as far as its weights have arrived") {
    GIVEN("100 bytes of weights, the first half of which arrives at 60") {
        Rig rig;
        Job& job = rig.add_job(0);
        job.weight_begin = 0;
        job.weight_end = 100;
        rig.add_weights(50, 60);
        WHEN("the second half comes at 100, before the first is used up at 60 + 10 + 50") {
            rig.add_weights(50, 100);
            rig.channels.ifm.announce(0);
            rig.run(1000);
            THEN("the job is not interrupted: 60 + 10 + 100, and 10 to the output") {
                CHECK(rig.channels.blocks.front().ready == 180);
                CHECK(rig.flag(Flag::mac_waits_weights, 1000) == 60);
            }
        }
        WHEN("the second half comes at 150") {
            rig.add_weights(50, 150);
            rig.channels.ifm.announce(0);
            rig.run(1000);
            THEN("it waits from 120 to 150, and needs 50 cycles more") {
                CHECK(rig.channels.blocks.front().ready == 150 + 50 + 10);
                CHECK(rig.flag(Flag::mac_waits_weights, 1000) == 60 + 30);
            }
        }
        WHEN("it has begun, at 60") {
            rig.add_weights(50, 100);
            rig.channels.ifm.announce(0);
            rig.run(1000);
            THEN("all of the job's bytes count as consumed: the loader may go on") {
                CHECK(rig.channels.weights.consumed() == 100);
                CHECK(std::count(rig.wakes.begin(), rig.wakes.end(),
                                 Wake{60, UnitId::weight_loader}) == 1);
            }
        }
    }
}

SCENARIO("a block needs one of two accumulator buffers") {
    GIVEN("three blocks, whose input is there") {
        Rig rig;
        for (int i = 0; i < 3; ++i) rig.add_job(0);
        rig.channels.ifm.announce(0);
        rig.run(500);
        THEN("two are done one after the other, 110 cycles each") {
            CHECK(rig.channels.blocks.size() == 2);
            CHECK(rig.flag(Flag::mac_waits_accumulator, 500) == 500 - 220);
        }
        WHEN("the first one's accumulators are free at 600") {
            rig.channels.accumulators.free(600);
            rig.run(1000);
            THEN("the third starts then") {
                CHECK(rig.channels.blocks.size() == 3);
                CHECK(rig.woken(UnitId::output_unit).back() == 600 + 110 + 10);
            }
        }
    }
}

SCENARIO("an elementwise block passes through when its input is there") {
    GIVEN("a block of the second kernel, input at 80") {
        Rig rig;
        Job& job = rig.add_job(80);
        job.kernel = 1;
        job.elementwise = true;
        rig.channels.ifm.announce(0);
        rig.run(1000);
        THEN("the output unit may begin it after the start-up") {
            CHECK(rig.channels.blocks.front().ready == 90);
            CHECK(rig.channels.blocks.front().elementwise);
        }
        THEN("its input stays until the output unit has read it") {
            CHECK(rig.channels.ifm.size() == 1);
            CHECK_FALSE(rig.channels.ifm.has_job());
        }
    }
}
