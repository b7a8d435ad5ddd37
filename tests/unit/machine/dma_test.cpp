// The DMA alone: chunks are read, then written, eight in flight.
#include <catch2/catch.hpp>

#include <utility>
#include <vector>

#include "machine/units/dma.hpp"
#include "unit/machine/timing_streams.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

class Rig : public UnitRig {
public:
    explicit Rig(std::vector<stream::Action> actions) : UnitRig(target(), std::move(actions)) {
        dma.reset();
    }
    void run(Time until) { UnitRig::run(dma, UnitId::dma, until); }

    Dma dma{{channels.probe, channels.memory, channels.operations, channels.dmas}};
};

/// A request at t arrives at t + 101; a write at t is answered at t + 1 + 20 + 40.
constexpr Time read_time = 101, write_time = 61;

}  // namespace

SCENARIO("a chunk of 64 beats is written when it has been read") {
    GIVEN("4096 bytes from DRAM to SRAM on ports of 16 bytes: four chunks") {
        Rig rig{{timing_test::to_sram(4096)}};
        rig.channels.dmas.start(0, 5);
        rig.run(1000);
        THEN("all are read at once, and written when their data is there") {
            CHECK(rig.times(Channel::dma_read) == std::vector<Time>(4, 5));
            CHECK(rig.times(Channel::dma_write) == std::vector<Time>(4, 5 + read_time));
            for (const Request& request : rig.requests) CHECK(request.bytes == 1024);
        }
        THEN("it is done when the last write is answered, and the parser is told") {
            CHECK(rig.record(0).start == Cycles{5});
            CHECK(rig.record(0).end == Cycles{5 + read_time + write_time});
            CHECK(rig.woken(UnitId::command_parser) ==
                  std::vector<Time>{5 + read_time + write_time});
            CHECK(rig.flag(Flag::dma_in_flight, 1000) == read_time + write_time);
        }
    }
}

SCENARIO("eight chunks are in flight, of whichever operations") {
    GIVEN("two operations of five chunks") {
        Rig rig{{timing_test::to_sram(5120), timing_test::to_sram(5120)}};
        rig.channels.dmas.start(0, 0);
        rig.channels.dmas.start(1, 0);
        rig.run(1000);
        THEN("the last two are read when the first ones have been written") {
            std::vector<Time> expected(8, 0);
            expected.resize(10, read_time + write_time);
            CHECK(rig.times(Channel::dma_read) == expected);
            CHECK(rig.record(0).end == Cycles{read_time + write_time});
            CHECK(rig.record(1).end == Cycles{2 * (read_time + write_time)});
        }
    }
}

SCENARIO("a copy into SHRAM is done when it has been read") {
    stream::DmaOp op = timing_test::to_sram(1024);
    op.destination.internal = true;
    Rig rig{{op}};
    rig.channels.dmas.start(0, 0);
    rig.run(1000);
    CHECK(rig.record(0).end == Cycles{read_time});
    CHECK(rig.times(Channel::dma_write).empty());
}
