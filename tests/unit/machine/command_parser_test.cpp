// The command parser alone: words, limits, waits, at exact cycles.
#include <catch2/catch.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include "machine/units/command_parser.hpp"
#include "unit/machine/timing_streams.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

/// Commands of 40 words, 160 bytes, each.
class Rig : public UnitRig {
public:
    explicit Rig(std::vector<stream::Action> actions, const Target& where = target())
        : UnitRig(where, std::move(actions)) {
        parser.load(commands, 40 * static_cast<std::int64_t>(commands.size()));
        clock.wake(UnitId::command_parser, 0);
    }
    void run(Time until) { UnitRig::run(parser, UnitId::command_parser, until); }
    /// All blocks of a kernel are written.
    void finish_kernel(std::int64_t kernel, Time now) {
        for (std::int64_t i = channels.kernels.run(kernel).blocks; i > 0; --i) {
            channels.kernels.block_done(kernel, now);
        }
    }

    CommandParser parser{
        {channels.hardware, channels.probe, channels.memory, channels.kernels, channels.dmas}};
};

/// Cycles from a request to its words.
constexpr Time fetch = 101;

}  // namespace

SCENARIO("words are fetched in pieces of 32 bytes, 96 bytes in front of the consumer") {
    GIVEN("a kernel whose last word is number 39") {
        Rig rig{{convolution(1, 0)}};
        rig.run(fetch + fetch);
        THEN("24 words come first, the other 16 when those are consumed") {
            CHECK(rig.times(Channel::command) == std::vector<Time>{0, 0, 0, fetch, fetch});
            for (const Request& request : rig.requests) CHECK(request.bytes == 32);
        }
        THEN("it is issued when they are there, and may load its input 65 cycles later") {
            CHECK(rig.record(0).issue == Cycles{2 * fetch});
            CHECK(rig.channels.kernels.run(0).ready == 2 * fetch + 65);
            CHECK(rig.flag(Flag::parser_waits_words, 2 * fetch) == 2 * fetch);
        }
    }
    GIVEN("a target whose words take three cycles each to decode") {
        Target where = target();
        where.timing.command_word = Cycles{3};
        Rig rig{{convolution(1, 0)}, where};
        rig.run(1000);
        THEN("the kernel is issued 40 x 3 cycles later") {
            CHECK(rig.record(0).issue == Cycles{2 * fetch + 40 * 3});
        }
    }
}

SCENARIO("two kernels are outstanding at most") {
    GIVEN("three kernels, the words of which are there at 202, 404 and 505") {
        Rig rig{{convolution(1, 0), convolution(1, 0), convolution(1, 0)}};
        rig.run(899);
        THEN("two are issued with their last words") {
            CHECK(rig.record(0).issue == Cycles{202});
            CHECK(rig.record(1).issue == Cycles{404});
            CHECK(rig.channels.kernels.issued() == 2);
        }
        WHEN("the first is finished at 900") {
            rig.finish_kernel(0, 900);
            rig.run(1000);
            THEN("the third is issued then") {
                CHECK(rig.record(2).issue == Cycles{900});
                CHECK(rig.flag(Flag::parser_waits_kernel, 1000) == 900 - 505);
            }
        }
    }
}

SCENARIO("KERNEL_WAIT and DMA_WAIT hold until no more than so many are outstanding") {
    GIVEN("a kernel, a wait for it, and a DMA with a wait behind it") {
        Rig rig{{convolution(1, 0), stream::KernelWait{0}, timing_test::to_sram(100),
                 stream::DmaWait{0}, stream::Stop{}}};
        rig.run(1999);
        CHECK(rig.channels.dmas.outstanding() == 0);
        rig.finish_kernel(0, 2000);
        rig.run(2999);
        THEN("the DMA is started when the kernel is finished") {
            // The words behind the wait have not been fetched: 160 bytes, 96 at a time.
            CHECK(rig.channels.dmas.outstanding() == 1);
            CHECK(rig.woken(UnitId::dma).front() == rig.record(1).issue.count());
            CHECK(rig.record(1).issue >= Cycles{2000});
        }
        WHEN("the DMA is done at 3000") {
            CHECK_FALSE(rig.parser.finished());
            rig.channels.dmas.finish(3000);
            rig.run(5000);
            THEN("the stream ends when its last words are there") {
                CHECK(rig.parser.finished());
                CHECK(rig.parser.finish_time() == rig.requests.back().time + fetch);
            }
        }
    }
}

SCENARIO("a U55 keeps operations of both kinds in order, a U65 does not") {
    const auto dma_issue = [](Product product) {
        Target where = target();
        where.accelerator.product = product;
        // All words are there at 101.
        where.timing.command_window = Bytes{4096};
        Rig rig{{convolution(1, 0), convolution(1, 0), timing_test::to_sram(100)}, where};
        rig.run(899);
        rig.finish_kernel(0, 900);
        rig.run(1000);
        return rig.record(2).issue.count();
    };
    THEN("the U65 starts the DMA with its words") { CHECK(dma_issue(Product::u65) == fetch); }
    THEN("the U55 starts it when one kernel is left") { CHECK(dma_issue(Product::u55) == 900); }
}

SCENARIO("a stream stops when all is done") {
    Target where = target();
    where.timing.command_window = Bytes{4096};
    Rig rig{{convolution(1, 0), stream::Stop{}}, where};
    rig.run(899);
    CHECK_FALSE(rig.parser.finished());
    rig.finish_kernel(0, 900);
    rig.run(1000);
    CHECK(rig.parser.finish_time() == 900);
}
