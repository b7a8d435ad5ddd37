// The scale loader alone: records of two blocks ahead, in whole units of 16 bytes.
#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

#include "machine/units/scale_loader.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

/// Four blocks in depth of `channels` each.
KernelOp four_blocks(int channels) {
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(8, 8, 16, 0);
    op.ofm = brick_map(8, 8, 4 * channels, 65536);
    op.block.depth = channels;
    op.scales[0] = {4096, static_cast<std::uint32_t>(40 * channels)};
    return op;
}

class Rig : public UnitRig {
public:
    explicit Rig(const KernelOp& op) : UnitRig(target(), {op}) { channels.kernels.issue(0, 0); }
    void run(Time until) { UnitRig::run(loader, UnitId::scale_loader, until); }

    ScaleLoader loader{
        {channels.hardware, channels.probe, channels.memory, channels.kernels, channels.scales}};
};

}  // namespace

SCENARIO("records are requested from the traversal's beginning, two blocks ahead of their use") {
    GIVEN("blocks of 16 channels, 10 bytes each; the traversal begins at 70") {
        Rig rig{four_blocks(16)};
        rig.run(69);
        CHECK(rig.requests.empty());
        rig.channels.kernels.begin_traversal(70);
        rig.run(300);
        THEN("two blocks' are requested then, and there 101 cycles later: weights may follow") {
            CHECK(rig.requests == std::vector<Request>(2, {70, 1, Channel::scales, 160}));
            CHECK(rig.channels.scales.all_arrived(0));
            CHECK(rig.woken(UnitId::weight_loader).back() == 171);
            CHECK(rig.flag(Flag::scales_in_flight, 300) == 101);
        }
        WHEN("the output unit begins a block at 400") {
            rig.channels.scales.use_next(400);
            rig.run(1000);
            THEN("the third block's are requested") {
                CHECK(rig.times(Channel::scales) == std::vector<Time>{70, 70, 400});
            }
        }
    }
}

SCENARIO("records are read in whole units of 16 bytes") {
    GIVEN("blocks of 8 channels: 80 bytes each, 0 to 80, 80 to 160 ...") {
        Rig rig{four_blocks(8)};
        rig.channels.kernels.begin_traversal(0);
        rig.run(300);
        THEN("all begin and end at units") {
            CHECK(rig.requests == std::vector<Request>(2, {0, 1, Channel::scales, 80}));
        }
    }
    GIVEN("blocks of 24 channels: 240 bytes each") {
        Rig rig{four_blocks(24)};
        rig.channels.kernels.begin_traversal(0);
        rig.run(300);
        THEN("they are units too") {
            CHECK(rig.requests == std::vector<Request>(2, {0, 1, Channel::scales, 240}));
        }
    }
    GIVEN("two cores, each with every other channel: 12 of 24, 120 bytes from 0 and from 120") {
        Target where = target();
        where.accelerator.cores = 2;
        KernelOp op = four_blocks(24);
        op.scales[0].length = op.scales[1].length = 480;
        op.scales[1].base = 8192;
        UnitRig rig{where, {op}};
        ScaleLoader loader{{rig.channels.hardware, rig.channels.probe, rig.channels.memory,
                            rig.channels.kernels, rig.channels.scales}};
        rig.channels.kernels.issue(0, 0);
        rig.channels.kernels.begin_traversal(0);
        rig.run(loader, UnitId::scale_loader, 300);
        THEN("each core reads 0 to 128, then 112 to 240") {
            CHECK(rig.requests == std::vector<Request>(2, {0, 1, Channel::scales, 2 * 128}));
        }
    }
}
