// The OFM writer alone: banks, accumulators, blocks and kernels are free at exact cycles.
#include <catch2/catch.hpp>

#include <vector>

#include "machine/units/ofm_writer.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

/// A kernel of two blocks.
KernelOp two_blocks() {
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(16, 8, 16, 0);
    op.ofm = brick_map(16, 8, 16, 65536);
    return op;
}

class Rig : public UnitRig {
public:
    Rig() : UnitRig(target(), {two_blocks()}) {
        channels.kernels.issue(0, 0);
        channels.accumulators.take();
    }
    /// A chunk whose last beat passes at `accepted` and whose write is answered at `done`.
    void add_chunk(Time accepted, Time done, bool last) {
        OfmStaging::Chunk& chunk = channels.staging.add();
        chunk.last = chunk.frees = last;
        chunk.transfer.accepted = accepted;
        chunk.transfer.done = done;
        chunk.transfer.awaits_answer = !last;
        clock.wake(UnitId::ofm_writer, 0);
    }
    void run(Time until) { UnitRig::run(writer, UnitId::ofm_writer, until); }

    OfmWriter writer{{channels.hardware, channels.probe, channels.kernels, channels.staging}};
};

}  // namespace

SCENARIO("accumulators are free when a block's last chunk is accepted") {
    GIVEN("a block of two chunks, the last of which is accepted at 100 and answered at 140") {
        Rig rig;
        rig.add_chunk(60, 90, false);
        rig.add_chunk(100, 140, true);
        WHEN("the last one has just not been accepted") {
            rig.run(99);
            THEN("they are still in use") { CHECK(rig.channels.accumulators.used() == 1); }
        }
        WHEN("it has been") {
            rig.run(100);
            THEN("the MAC array may use them in that cycle") {
                CHECK(rig.channels.accumulators.used() == 0);
                CHECK(rig.woken(UnitId::mac_array) == std::vector<Time>{100});
            }
        }
    }
}

SCENARIO("a block is complete block_completion cycles after its last write is answered") {
    GIVEN("a target where that is 50, and two blocks answered at 140 and 300") {
        Rig rig;
        rig.add_chunk(100, 140, true);
        rig.channels.accumulators.take();
        rig.add_chunk(260, 300, true);
        rig.run(1000);
        THEN("the IFM loader sees the first at 190") {
            CHECK(rig.woken(UnitId::ifm_loader) == std::vector<Time>{65, 190, 350});
        }
        THEN("the kernel is finished with the second, at 350") {
            CHECK(rig.record(0).end == Cycles{350});
            CHECK(rig.woken(UnitId::command_parser) == std::vector<Time>{350});
            CHECK(rig.channels.kernels.outstanding() == 0);
            CHECK(rig.flag(Flag::write_in_flight, 1000) == 350);
        }
    }
}

SCENARIO("an output unit that waits for a bank is woken when a chunk is accepted") {
    Rig rig;
    rig.add_chunk(60, 500, false);
    rig.channels.staging.want_bank(10);
    rig.run(1000);
    CHECK(rig.woken(UnitId::output_unit) == std::vector<Time>{60});
}
