// A port alone: arbitration, latency, responses and slots at exact cycles.
#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/units/axi_port.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

/// DRAM of 500 cycles read and 250 write latency, without a cap and without slots unless given.
class Rig {
public:
    explicit Rig(int slots = 0) {
        Target where = target();
        where.off_chip.bandwidth = BytesPerCycle{0, 1};
        where.off_chip.bandwidth_period = Cycles{0};
        where.off_chip.max_outstanding_reads = where.off_chip.max_outstanding_writes = slots;
        channels.reset({}, where, false);
        port.reset();
    }
    /// A request of full bursts of four beats.
    Transfer& submit(Channel channel, std::int64_t beats, Time now) {
        Transfer& transfer = transfers[used++];
        transfer.access = {16 * beats, beats, beats / 4};
        transfer.owner = UnitId::dma;
        channels.requests1.submit(channel, transfer, now);
        return transfer;
    }
    void run() {
        for (auto due = clock.earliest(); due.time != never; due = clock.earliest()) {
            clock.begin(due.unit, due.time);
            if (due.unit == UnitId::dma) woken.push_back(due.time);
            if (due.unit != UnitId::axi1) continue;
            const Time next = port.act(due.time);
            if (next != never) clock.wake(UnitId::axi1, next);
        }
    }

    Scheduler clock;
    Channels channels{clock};
    AxiPort port{UnitId::axi1, channels.requests1, clock, channels.probe};
    std::array<Transfer, 8> transfers{};
    std::size_t used = 0;
    std::vector<Time> woken;
};

/// A request of cycle 0 is granted at 1, its first data come at 501.
constexpr Time data = 1 + 500;

}  // namespace

SCENARIO("a read has its latency and a cycle a beat") {
    Rig rig;
    const Transfer& transfer = rig.submit(Channel::dma_read, 64, 0);
    rig.run();
    CHECK(transfer.accepted == data + 64);
    CHECK(transfer.done == data + 64);
    CHECK(rig.woken == std::vector<Time>{data + 64});
    CHECK(rig.port.traffic().read_beats() == 64);
}

SCENARIO("a write is accepted with its last beat, and answered a write latency later") {
    Rig rig;
    Transfer& transfer = rig.submit(Channel::dma_write, 64, 0);
    WHEN("its unit acts when it is accepted") {
        rig.run();
        CHECK(transfer.accepted == 1 + 64);
        CHECK(transfer.done == 1 + 64 + 250);
        CHECK(rig.woken == std::vector<Time>{65});
    }
    WHEN("its unit waits for the answer") {
        transfer.awaits_answer = true;
        rig.run();
        CHECK(rig.woken == std::vector<Time>{315});
    }
}

SCENARIO("channels take turns by pieces of 64 beats") {
    GIVEN("two requests of 128 beats on two channels") {
        Rig rig;
        const Transfer& weights = rig.submit(Channel::weights, 128, 0);
        const Transfer& dma = rig.submit(Channel::dma_read, 128, 0);
        rig.run();
        THEN("each has every other piece of the data bus") {
            CHECK(weights.accepted == data + 3 * 64);
            CHECK(dma.accepted == data + 4 * 64);
        }
    }
    GIVEN("two requests on one channel") {
        Rig rig;
        const Transfer& first = rig.submit(Channel::weights, 128, 0);
        const Transfer& second = rig.submit(Channel::weights, 128, 0);
        rig.run();
        THEN("they are served in order") {
            CHECK(first.accepted == data + 2 * 64);
            CHECK(second.accepted == data + 4 * 64);
        }
    }
    GIVEN("a read and a write") {
        Rig rig;
        const Transfer& read = rig.submit(Channel::dma_read, 128, 0);
        const Transfer& write = rig.submit(Channel::ofm, 128, 0);
        rig.run();
        THEN("they do not delay each other: each direction has a bus") {
            CHECK(read.accepted == data + 128);
            CHECK(write.accepted == 1 + 128);
        }
    }
}

SCENARIO("a burst holds its slot for latency, data and seven cycles more") {
    GIVEN("four bursts of four beats and two slots") {
        Rig rig{2};
        const Transfer& transfer = rig.submit(Channel::dma_read, 16, 0);
        rig.run();
        THEN("the third is issued when the first leaves its slot, at 501 + 4 + 7") {
            // First: issued 1, data 501-505. Second: issued 2, data 505-509, slot free at 516.
            // Third: issued 512, data 1012-1016. Fourth: issued 516, data 1016-1020.
            CHECK(transfer.accepted == 1020);
            // The third was ready at 3, the fourth at 513.
            CHECK(rig.port.slot_stall(false) == (512 - 3) + (516 - 513));
        }
    }
}
