// Traffic at exact times: one rule a case, a checker at its socket.
#include <catch2/catch.hpp>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/systemc/traffic.hpp>

#include "unit/machine/platform_rig.hpp"

using namespace platform_test;

namespace {

/// Traffic before a target that answers after 20 ns.
class Platform {
public:
    explicit Platform(const TrafficParameters& parameters) : traffic("traffic", parameters) {
        to.latency = [](const Payload&) { return ns(20); };
        traffic.socket.bind(checker.in);
        checker.out.bind(to.socket);
    }
    void run() {
        sc_core::sc_start(ns(1'000'000));
        CHECK(violations(checker) == "");
    }

    FreshSimulation simulation;
    TrafficModule traffic;
    Responder to{"to"};
    ProtocolChecker checker{"checker", false};
};

using Times = std::vector<double>;
using Addresses = std::vector<std::uint64_t>;

TrafficParameters of(std::uint64_t requests) {
    TrafficParameters parameters;
    parameters.requests = requests;
    return parameters;
}

}  // namespace

SCENARIO("traffic keeps its rate") {
    TrafficParameters parameters = of(4);
    GIVEN("1 GB/s in bursts of 64 bytes") {
        parameters.bytes_per_second = 1e9;
        Platform platform(parameters);
        platform.run();
        THEN("a burst begins every 64 ns and each takes 20") {
            CHECK(platform.to.arrivals == Times{0, 64, 128, 192});
            CHECK(platform.traffic.finished());
            const TrafficStatistics& seen = platform.traffic.statistics();
            CHECK(seen.reads == 4);
            CHECK(seen.bytes_read == 256);
            CHECK(seen.least_latency == ns(20));
            CHECK(seen.mean_latency() == ns(20));
            CHECK(seen.most_latency == ns(20));
            CHECK(seen.last_response == ns(212));
        }
    }
    GIVEN("a target that is slow at first, and one request at a time") {
        parameters.bytes_per_second = 6.4e9;
        parameters.max_outstanding = 1;
        Platform platform(parameters);
        platform.to.latency = [&](const Payload&) {
            return platform.to.arrivals.size() == 0 ? ns(25) : ns(2);
        };
        platform.run();
        THEN("what is late is made up for") { CHECK(platform.to.arrivals == Times{0, 25, 27, 30}); }
    }
}

SCENARIO("traffic without a rate is bound by what it may have outstanding") {
    TrafficParameters parameters = of(5);
    parameters.max_outstanding = 2;
    Platform platform(parameters);
    platform.run();
    CHECK(platform.to.arrivals == Times{0, 0, 20, 20, 40});
}

SCENARIO("traffic's addresses follow its pattern") {
    TrafficParameters parameters = of(6);
    parameters.first = 0x1000;
    parameters.bytes = 4 * 64 + 32;
    const auto addresses = [&] {
        Platform platform(parameters);
        platform.run();
        return platform.to.addresses;
    };
    GIVEN("a linear one") {
        THEN("whole bursts follow each other and begin again") {
            CHECK(addresses() == Addresses{0x1000, 0x1040, 0x1080, 0x10C0, 0x1000, 0x1040});
        }
    }
    GIVEN("a strided one") {
        parameters.pattern = TrafficPattern::strided;
        parameters.stride = 100;
        THEN("bursts stay within the range") {
            CHECK(addresses() == Addresses{0x1000, 0x1000 + 100, 0x1000 + 200, 0x1000 + 75,
                                           0x1000 + 175, 0x1000 + 50});
        }
    }
    GIVEN("a random one of many requests") {
        parameters.pattern = TrafficPattern::random;
        parameters.requests = 200;
        const Addresses first = addresses();
        THEN("every whole burst of the range comes and nothing else") {
            CHECK(std::set<std::uint64_t>(first.begin(), first.end()) ==
                  std::set<std::uint64_t>{0x1000, 0x1040, 0x1080, 0x10C0});
        }
        THEN("the seed decides, and nothing else does") {
            CHECK(addresses() == first);
            parameters.seed = 2;
            CHECK(addresses() != first);
        }
    }
}

SCENARIO("traffic reads as large a share of its requests as asked for") {
    const auto reads = [](double share) {
        TrafficParameters parameters = of(2000);
        parameters.read_share = share;
        Platform platform(parameters);
        platform.run();
        CHECK(platform.traffic.statistics().writes == 2000 - platform.traffic.statistics().reads);
        CHECK(platform.to.bytes_written == 64 * platform.traffic.statistics().writes);
        return static_cast<double>(platform.traffic.statistics().reads);
    };
    CHECK(reads(0) == 0);
    CHECK(reads(1) == 2000);
    CHECK(reads(0.75) == Approx(1500).margin(60));
}

SCENARIO("traffic plays a trace") {
    TrafficParameters parameters;
    parameters.trace = {
        {0, false, 0x1000, 64}, {2'500, true, 0x1000, 16}, {100'000, false, 0x40, 4}};
    Platform platform(parameters);
    platform.run();
    CHECK(platform.to.arrivals == Times{0, 2.5, 100});
    CHECK(platform.to.addresses == Addresses{0x1000, 0x1000, 0x40});
    CHECK(platform.traffic.statistics().bytes_read == 68);
    CHECK(platform.traffic.statistics().bytes_written == 16);
    CHECK(platform.traffic.finished());
}

SCENARIO("traffic may be blocking") {
    TrafficParameters parameters = of(3);
    parameters.blocking = true;
    parameters.bytes_per_second = 6.4e9;
    Platform platform(parameters);
    platform.run();
    THEN("one request follows the other") {
        CHECK(platform.to.arrivals == Times{0, 20, 40});
        CHECK(platform.traffic.statistics().summed_latency == ns(60));
        CHECK(platform.traffic.finished());
    }
}

SCENARIO("traffic without end runs until it is stopped") {
    TrafficParameters parameters;
    parameters.bytes_per_second = 6.4e9;
    parameters.max_outstanding = 100;
    Platform platform(parameters);
    sc_core::sc_spawn([&] {
        sc_core::wait(ns(95));
        platform.traffic.stop();
    });
    platform.run();
    CHECK(platform.traffic.statistics().reads == 10);
    CHECK_FALSE(platform.traffic.finished());
}

TEST_CASE("traffic refuses parameters that make no sense") {
    const auto refused = [](const std::function<void(TrafficParameters&)>& change,
                            const std::string& text) {
        TrafficParameters traffic;
        change(traffic);
        CHECK_THROWS_WITH(traffic.validate(), Catch::Contains(text));
    };
    refused([](auto& traffic) { traffic.max_outstanding = 0; }, "max_outstanding = 0");
    refused([](auto& traffic) { traffic.bytes_per_second = -1; }, "bytes_per_second = -1");
    refused([](auto& traffic) { traffic.read_share = 1.5; }, "read_share = 1.5: must be from 0");
    refused([](auto& traffic) { traffic.burst = 0; }, "burst = 0");
    refused([](auto& traffic) { traffic.bytes = 63; }, "bytes = 63: must be at least one burst");
    refused([](auto& traffic) { traffic.first = ~std::uint64_t{0}; }, "ends within 64 bits");
    refused([](auto& traffic) { traffic.pattern = TrafficPattern::strided; }, "stride = 0");
    refused([](auto& traffic) { traffic.trace = {{0, false, 0, 0}}; }, "trace[0].bytes = 0");
    refused(
        [](auto& traffic) {
            traffic.trace = {{5, false, 0, 1}, {4, false, 0, 1}};
        },
        "trace[1].time_ps = 4: must be in order");
    const FreshSimulation simulation;
    TrafficParameters none;
    none.burst = 0;
    CHECK_THROWS_AS(TrafficModule("traffic", none), InvalidConfig);
}
