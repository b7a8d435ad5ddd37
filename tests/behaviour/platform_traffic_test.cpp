// What else uses the memories takes its share of their bandwidth, and the report says what it cost.
#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

using namespace u65sim;

namespace {

/// RNNoise on two cores, which wait for the DRAM most of the time.
Report report(const std::string& traffic, SimulationBackend backend = SimulationBackend::direct) {
    Target target = Target::preset("u65-512");
    target.set("platform.traffic=" + traffic);
    OracleOptions options;
    options.backend = backend;
    return Oracle{target, options}.estimate(zoo("rnnoise"));
}

}  // namespace

SCENARIO("traffic on the DRAM costs time, the more the more there is") {
    const Report none = report("none");
    const Report some = report("dram 1GB/s"), two = report("dram 3GB/s");
    THEN("the report compares with the same run alone") {
        CHECK_FALSE(none.contention.has_value());
        REQUIRE(some.contention.has_value());
        CHECK(some.contention->alone == two.contention->alone);
        CHECK(some.total.cycles > some.contention->alone);
        CHECK(two.total.cycles > some.total.cycles);
    }
    THEN("operators' parts add up to the whole") {
        Cycles sum{0};
        for (const Cycles each : two.contention->operators) sum += each;
        CHECK(sum == two.total.cycles - two.contention->alone);
        CHECK(two.contention->operators.size() == two.operators.size());
    }
    THEN("alone over four phases a run takes what the direct back end says, within 1 %") {
        CHECK(static_cast<double>(some.contention->alone.count()) ==
              Approx(static_cast<double>(none.total.cycles.count())).epsilon(0.01));
    }
    THEN("others get their rate as far as there is bandwidth") {
        const auto rate = [](const Report& of) {  // GB/s
            return static_cast<double>(of.contention->traffic.at(0).count()) /
                   static_cast<double>(of.total.cycles.count());
        };
        CHECK(rate(some) == Approx(1.0).epsilon(0.02));
        CHECK(rate(two) < 3.0);
        CHECK(rate(two) > 2.0);
    }
    THEN("the NPU moves the same bytes") {
        CHECK(two.dram.read == none.dram.read);
        CHECK(two.dram.write == none.dram.write);
        CHECK(two.sram.read == none.sram.read);
    }
}

SCENARIO("what traffic takes of the bandwidth, a run that is bound by it has not") {
    GIVEN("a network that waits for weights at the DRAM's 3.75 B a cycle, and 1.5 GB/s of others") {
        Target target = Target::preset("u65-512");
        target.set("platform.traffic=dram 1.5GB/s outstanding=64");
        const Report crowded = Oracle{target}.estimate(zoo("rnnoise"));
        const double alone = static_cast<double>(crowded.contention->alone.count());
        THEN("it takes longer, and at most by what is left of the bandwidth") {
            const double slower = static_cast<double>(crowded.total.cycles.count()) / alone;
            CHECK(slower > 1.05);
            CHECK(slower < 3.75 / (3.75 - 1.5));
        }
    }
}

SCENARIO("traffic on one memory leaves runs alone that use the other") {
    Target target = Target::preset("u65-256");
    target.memory_mode = MemoryMode::sram_only;
    target.sram.size = 8_MiB;
    target.set("platform.traffic=dram 3GB/s");
    const Report crowded = Oracle{target}.estimate(zoo("ds_cnn"));
    CHECK(crowded.total.cycles == crowded.contention->alone);
    target.set("platform.traffic=sram 12GB/s outstanding=64");
    CHECK(Oracle{target}.estimate(zoo("ds_cnn")).total.cycles > crowded.total.cycles);
}

SCENARIO("a run beside traffic is the same each time, whatever came before it") {
    const Report first = report("dram 1GB/s read_share=0.5");
    Target target = Target::preset("u65-256");
    target.set("platform.traffic=dram 2GB/s + sram 1GB/s");
    OracleOptions short_of;
    short_of.cycle_limit = Cycles{5'000};
    CHECK_THROWS_AS(Oracle(target, short_of).estimate(zoo("ds_cnn")), CycleLimitReached);
    CHECK(report("dram 1GB/s read_share=0.5") == first);
    CHECK(report("dram 1GB/s read_share=0.5", SimulationBackend::systemc_tlm) == first);
}

TEST_CASE("a trace of signals is refused beside traffic") {
    Target target = Target::preset("u65-256");
    target.set("platform.traffic=dram 1GB/s");
    OracleOptions options;
    options.backend = SimulationBackend::systemc;
    options.vcd_file = "signals.vcd";
    CHECK_THROWS_WITH(Oracle(target, options).estimate(zoo("ds_cnn")),
                      Catch::Contains("must be empty with platform.traffic"));
}
