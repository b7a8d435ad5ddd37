// The output unit alone: chunks, staging banks, scale records.
#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

#include "machine/units/output_unit.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

class Rig : public UnitRig {
public:
    Rig() : UnitRig(target(), {convolution(1, 0)}) {
        output_unit.reset();
        channels.kernels.issue(0, 0);
    }
    /// A block of `bytes` in bursts of 128 that takes 200 cycles and may be begun at `ready`.
    void add_block(std::int64_t bytes, Time ready, bool uses_scales = false,
                   bool elementwise = false) {
        BlockWork block;
        block.cycles = 200;
        block.access = {bytes, bytes / 16, bytes / 128};
        block.uses_scales = uses_scales;
        channels.blocks.add(block, ready, elementwise, 0);
    }
    void run(Time until) { UnitRig::run(output_unit, UnitId::output_unit, until); }

    OutputUnit output_unit{{channels.probe, channels.memory, channels.kernels, channels.blocks,
                            channels.scales, channels.ifm, channels.staging}};
};

}  // namespace

SCENARIO("a block leaves in chunks of at most one staging bank of 1024 bytes") {
    GIVEN("2048 bytes in 200 cycles, to be begun at 10") {
        Rig rig;
        rig.add_block(2048, 10);
        rig.run(1000);
        THEN("two chunks are written, each when its half of the work is done") {
            CHECK(rig.requests ==
                  std::vector<Request>{{110, 0, Channel::ofm, 1024}, {210, 0, Channel::ofm, 1024}});
            CHECK(rig.flag(Flag::output_computes, 1000) == 200);
            CHECK(rig.record(0).output_busy == Cycles{200});
        }
        THEN("the last one frees the accumulators, and completes the block") {
            REQUIRE(rig.channels.staging.size() == 2);
            CHECK_FALSE(rig.channels.staging[0].frees);
            CHECK_FALSE(rig.channels.staging[0].last);
            CHECK(rig.channels.staging[1].frees);
            CHECK(rig.channels.staging[1].last);
        }
    }
    GIVEN("2048 bytes that are one burst") {
        Rig rig;
        BlockWork block;
        block.cycles = 200;
        block.access = {2048, 128, 1};
        rig.channels.blocks.add(block, 10, false, 0);
        rig.run(1000);
        THEN("they are not cut") { CHECK(rig.times(Channel::ofm) == std::vector<Time>{210}); }
    }
}

SCENARIO("a chunk waits for one of two staging banks") {
    GIVEN("two blocks of two chunks each, and a port that accepts a chunk after 501 cycles") {
        Rig rig;
        rig.acceptance = 500;
        rig.add_block(2048, 0);
        rig.add_block(2048, 0);
        rig.run(600);
        THEN("the third chunk, computed at 300, finds both banks taken") {
            CHECK(rig.times(Channel::ofm) == std::vector<Time>{100, 200});
            CHECK(rig.flag(Flag::output_waits_buffer, 600) == 300);
            CHECK(rig.clock.time_of(UnitId::ofm_writer) == 601);
        }
        WHEN("the first chunk is accepted at 100 + 501, and the writer offers its bank") {
            rig.channels.staging.take_accepted(601);
            rig.channels.staging.offer_bank(601);
            rig.run(1000);
            THEN("the third goes there at once") {
                CHECK(rig.times(Channel::ofm) == std::vector<Time>{100, 200, 601, 701});
            }
        }
    }
}

SCENARIO("a block with scale records begins when they have arrived") {
    GIVEN("a block that could begin at 10, and records that arrive at 80") {
        Rig rig;
        rig.channels.scales.add(0).transfer.done = 80;
        rig.add_block(1024, 10, true);
        rig.run(50);
        CHECK(rig.requests.empty());
        rig.channels.scales.receive(80);
        rig.run(1000);
        THEN("it is written 200 cycles behind them") {
            CHECK(rig.times(Channel::ofm) == std::vector<Time>{280});
            CHECK(rig.flag(Flag::output_waits_scales, 1000) == 70);
        }
        THEN("the scale loader may ask for one more block's from 80 on") {
            CHECK(rig.woken(UnitId::scale_loader).back() == 80);
            CHECK(rig.channels.scales.counts().used == 1);
        }
    }
}

SCENARIO("an elementwise block frees its input when its last chunk has left") {
    Rig rig;
    rig.channels.ifm.add(1, nullptr).elementwise = true;
    rig.channels.ifm.take_job();
    rig.add_block(2048, 0, false, true);
    rig.run(1000);
    CHECK(rig.channels.ifm.size() == 0);
    CHECK(rig.woken(UnitId::ifm_loader).back() == 200);
    CHECK_FALSE(rig.channels.staging[1].frees);
}
