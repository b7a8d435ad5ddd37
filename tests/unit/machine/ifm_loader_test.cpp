// The IFM loader alone: when boxes are loaded, and what holds them back.
#include <catch2/catch.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include "machine/units/ifm_loader.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

/// 1x1 over `rows` blocks of 8 x 8 x 16: each reads one box of 1 KiB, which enters the buffer in
/// two cycles a brick of 16 channels, 128 in all.
KernelOp blocks(int rows, int blockdep) {
    KernelOp op = convolution(1, blockdep);
    op.ifm = brick_map(8 * rows, 8, 16, 0);
    op.ofm = brick_map(8 * rows, 8, 16, 65536);
    return op;
}
constexpr Time store = 128;
constexpr Time setup = 65;  ///< from issue to the first load

class Rig : public UnitRig {
public:
    explicit Rig(std::vector<stream::Action> actions) : UnitRig(target(), std::move(actions)) {
        loader.reset();
        for (std::uint32_t i = 0; i < commands.size(); ++i) channels.kernels.issue(i, 0);
    }
    void run(Time until) { UnitRig::run(loader, UnitId::ifm_loader, until); }

    IfmLoader loader{
        {channels.hardware, channels.probe, channels.memory, channels.kernels, channels.ifm}};
};

}  // namespace

SCENARIO("boxes are loaded one behind the other as the buffer can put them away, four at most") {
    GIVEN("a kernel of nine blocks") {
        Rig rig{{blocks(9, 0)}};
        rig.run(1000);
        THEN("the first is loaded after the set-up, three more each 128 cycles later") {
            CHECK(rig.times(Channel::ifm) ==
                  std::vector<Time>{setup, setup + store, setup + 2 * store, setup + 3 * store});
            for (const Request& request : rig.requests) CHECK(request.bytes == 1024);
        }
        WHEN("the first job is done with at 2000") {
            rig.channels.ifm.take_job();
            rig.channels.ifm.free_job(2000);
            rig.run(3000);
            THEN("the fifth box is loaded then") {
                CHECK(rig.times(Channel::ifm).size() == 5);
                CHECK(rig.times(Channel::ifm).back() == 2000);
            }
        }
        THEN("scales and weights may follow the first load") {
            CHECK(rig.woken(UnitId::scale_loader).back() == setup);
            CHECK(rig.woken(UnitId::weight_loader).back() == setup);
            CHECK(rig.channels.kernels.has_begun(0));
        }
    }
    GIVEN("a buffer of IB_END - 2 = 3 KiB") {
        KernelOp op = blocks(9, 0);
        op.ib_end = 5;
        Rig rig{{op}};
        rig.run(1000);
        THEN("it holds three boxes") { CHECK(rig.times(Channel::ifm).size() == 3); }
    }
}

SCENARIO("a box that is in the buffer is not loaded again") {
    GIVEN("a map of one block, three OFM blocks deep, one IFM block deep") {
        KernelOp op = blocks(1, 0);
        op.ofm = brick_map(8, 8, 48, 65536);
        Rig rig{{op}};
        rig.run(1000);
        THEN("it is loaded once for three jobs, which all begin when it is there") {
            CHECK(rig.times(Channel::ifm) == std::vector<Time>{setup});
            CHECK(rig.channels.ifm.size() == 3);
            CHECK(rig.channels.ifm.kib_used() == 1);
        }
    }
}

SCENARIO("a kernel's first job waits for the one before by BLOCKDEP") {
    const auto second_load = [](const KernelOp& second) {
        Rig rig{{blocks(1, 0), second}};
        rig.run(399);
        rig.channels.kernels.block_done(0, 400);
        rig.run(1000);
        REQUIRE(rig.times(Channel::ifm).size() == 2);
        return rig.times(Channel::ifm).back();
    };
    THEN("with 1 it may begin under one unfinished block, when the box before is put away") {
        CHECK(second_load(blocks(1, 1)) == setup + store);
    }
    THEN("with 0 it begins when that block is done, at 400") {
        CHECK(second_load(blocks(1, 0)) == 400);
    }
    THEN("so it does when the buffers in SHRAM move, whatever BLOCKDEP says") {
        KernelOp moved = blocks(1, 3);
        moved.ab_start = 32;
        CHECK(second_load(moved) == 400);
    }
}
