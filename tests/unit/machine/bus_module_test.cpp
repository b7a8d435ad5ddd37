// A bus at exact times: one rule a case, a checker in every socket.
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/systemc/bus.hpp>

#include "unit/machine/platform_rig.hpp"

using namespace platform_test;

namespace {

/// 1 GHz, 16 B a cycle, two cycles of latency each way; windows of 64 KiB, target by target.
BusParameters parameters(std::size_t initiators, std::size_t targets) {
    BusParameters bus;
    bus.initiators = initiators;
    bus.targets = targets;
    bus.latency = Cycles{2};
    for (std::size_t t = 0; t < targets; ++t) bus.map.push_back({0x1'0000 * t, 0x1'0000, t, 0});
    return bus;
}

/// Targets take a request at once and answer after 100 ns.
class Platform {
public:
    explicit Platform(const BusParameters& bus_parameters) : bus("bus", bus_parameters) {
        for (std::size_t i = 0; i < bus_parameters.initiators; ++i) {
            from.push_back(std::make_unique<Requester>(sc_core::sc_gen_unique_name("from")));
            from.back()->socket.bind(check("in").in);
            checkers.back()->out.bind(bus.in[i]);
        }
        for (std::size_t t = 0; t < bus_parameters.targets; ++t) {
            to.push_back(std::make_unique<Responder>(sc_core::sc_gen_unique_name("to")));
            to.back()->latency = [](const Payload&) { return ns(100); };
            bus.out[t].bind(check("out").in);
            checkers.back()->out.bind(to.back()->socket);
        }
    }
    void run() {
        sc_core::sc_start(ns(1'000'000));
        for (auto& checker : checkers) CHECK(violations(*checker) == "");
    }

    FreshSimulation simulation;
    BusModule bus;
    std::vector<std::unique_ptr<Requester>> from;
    std::vector<std::unique_ptr<Responder>> to;
    std::vector<std::unique_ptr<ProtocolChecker>> checkers;

private:
    ProtocolChecker& check(const char* name) {
        checkers.push_back(
            std::make_unique<ProtocolChecker>(sc_core::sc_gen_unique_name(name), false));
        return *checkers.back();
    }
};

using Times = std::vector<double>;

}  // namespace

SCENARIO("a bus takes a cycle to see a request, its channel's cycles and its latency") {
    Platform platform(parameters(1, 1));
    GIVEN("a read of 64 bytes at 10 ns") {
        platform.from[0]->request(10, false, 0x100);
        platform.run();
        const Seen& read = platform.from[0]->seen[0];
        THEN("it is granted and ended at 11 and at its target at 14") {
            CHECK(read.taken == 11);
            CHECK(platform.to[0]->arrivals == Times{14});
        }
        THEN("the response of 114 is seen at 115, moves for 4 cycles and arrives at 121") {
            CHECK(platform.to[0]->ended == Times{118});
            CHECK(read.response == 121);
            CHECK(read.status == tlm::TLM_OK_RESPONSE);
        }
    }
    GIVEN("a write of 64 bytes at 10 ns") {
        platform.from[0]->request(10, true, 0x100);
        platform.run();
        THEN("its data move with the request, 4 cycles, and the response takes one") {
            CHECK(platform.from[0]->seen[0].taken == 14);
            CHECK(platform.to[0]->arrivals == Times{17});
            CHECK(platform.to[0]->ended == Times{118});
            CHECK(platform.from[0]->seen[0].response == 121);
        }
    }
    GIVEN("a request between two edges") {
        platform.from[0]->request(10.25, false, 0x100);
        platform.run();
        THEN("the next edge sees it") { CHECK(platform.to[0]->arrivals == Times{14}); }
    }
}

SCENARIO("a bus's channel moves its bandwidth and no more") {
    GIVEN("two initiators that write 64 bytes again and again") {
        Platform platform(parameters(2, 1));
        for (int i = 0; i < 4; ++i) {
            for (auto& each : platform.from) each->request(0, true, 0x100);
        }
        platform.run();
        THEN("a request arrives every four cycles") {
            CHECK(platform.to[0]->arrivals == Times{7, 11, 15, 19, 23, 27, 31, 35});
        }
    }
    GIVEN("one initiator") {
        Platform platform(parameters(1, 1));
        for (int i = 0; i < 3; ++i) platform.from[0]->request(0, true, 0x100);
        platform.run();
        THEN("so does one alone") { CHECK(platform.to[0]->arrivals == Times{7, 11, 15}); }
    }
    GIVEN("a bandwidth of 2.5 B a cycle") {
        BusParameters slow = parameters(1, 1);
        slow.bandwidth = BytesPerCycle{5, 2};
        Platform platform(slow);
        platform.from[0]->request(0, true, 0x100);
        platform.run();
        THEN("64 bytes take 26 cycles") { CHECK(platform.to[0]->arrivals == Times{1 + 26 + 2}); }
    }
}

SCENARIO("a round robin serves all initiators in turn") {
    GIVEN("three initiators with two reads each at the same time") {
        Platform platform(parameters(3, 1));
        for (std::uint64_t i = 0; i < 3; ++i) {
            platform.from[i]->request(0, false, 0x1000 * i);
            platform.from[i]->request(0, false, 0x1000 * i + 0x40);
        }
        platform.run();
        THEN("each has one served before any has two") {
            CHECK(platform.to[0]->addresses ==
                  std::vector<std::uint64_t>{0, 0x1000, 0x2000, 0x40, 0x1040, 0x2040});
        }
    }
}

SCENARIO("a priority goes before everything else that waits") {
    BusParameters by_priority = parameters(3, 1);
    by_priority.arbitration = Arbitration::priority;
    const auto order = [](const BusParameters& bus) {
        Platform platform(bus);
        for (std::uint64_t i = 0; i < 3; ++i) {
            for (std::uint64_t k = 0; k < 2; ++k) {
                platform.from[i]->request(0, true, 0x1000 * i + 0x40 * k);
            }
        }
        platform.run();
        return platform.to[0]->addresses;
    };
    GIVEN("no numbers") {
        THEN("the first initiator goes first as long as it asks") {
            CHECK(order(by_priority) ==
                  std::vector<std::uint64_t>{0, 0x40, 0x1000, 0x1040, 0x2000, 0x2040});
        }
    }
    GIVEN("the last one's number as the lowest and two that are equal") {
        by_priority.priorities = {7, 7, -1};
        THEN("equal ones take turns") {
            CHECK(order(by_priority) ==
                  std::vector<std::uint64_t>{0x2000, 0x2040, 0, 0x1000, 0x40, 0x1040});
        }
    }
}

SCENARIO("a bus keeps several transactions in flight, up to its limit") {
    const auto arrivals = [](std::size_t limit) {
        BusParameters bus = parameters(1, 1);
        bus.max_in_flight = limit;
        Platform platform(bus);
        for (std::uint64_t k = 0; k < 4; ++k) platform.from[0]->request(0, false, 0x40 * k);
        platform.run();
        return platform.to[0]->arrivals;
    };
    CHECK(arrivals(64) == Times{4, 5, 6, 7});
    // The first responses are taken at 111 and 115; the edge behind grants the next request.
    CHECK(arrivals(2) == Times{4, 5, 115, 119});
}

SCENARIO("a bus answers each initiator's reads in order, whichever target is the quicker") {
    GIVEN("a slow and a quick target, and one initiator that reads from both") {
        Platform platform(parameters(2, 2));
        platform.to[0]->latency = [](const Payload&) { return ns(500); };
        const std::size_t slow = platform.from[0]->request(0, false, 0x0'0000);
        const std::size_t quick = platform.from[0]->request(10, false, 0x1'0000);
        const std::size_t write = platform.from[0]->request(20, true, 0x1'0000);
        platform.from[1]->request(30, false, 0x1'0040);
        platform.run();
        THEN("the quick read waits in the bus") {
            CHECK(platform.from[0]->seen[slow].response == 511);
            CHECK(platform.from[0]->seen[quick].response == 511);
        }
        THEN("writes and other initiators do not wait for it") {
            CHECK(platform.from[0]->seen[write].response < 150);
            CHECK(platform.from[1]->seen[0].response < 150);
            CHECK(platform.from[0]->order == std::vector<std::size_t>{write, slow, quick});
        }
    }
}

SCENARIO("a crossbar has channels for each target, a shared bus two for all") {
    const auto arrivals = [](bool crossbar) {
        BusParameters bus = parameters(2, 2);
        bus.crossbar = crossbar;
        Platform platform(bus);
        platform.from[0]->request(0, true, 0x0'0000);
        platform.from[1]->request(0, true, 0x1'0000);
        platform.run();
        return Times{platform.to[0]->arrivals.at(0), platform.to[1]->arrivals.at(0)};
    };
    CHECK(arrivals(true) == Times{7, 7});
    CHECK(arrivals(false) == Times{7, 11});
}

SCENARIO("a target that takes no requests stops only those that want it") {
    GIVEN("a target that ends requests after 100 ns behind a queue of one") {
        BusParameters bus = parameters(2, 2);
        bus.target_queue = 1;
        bus.crossbar = false;
        Platform platform(bus);
        platform.to[0]->accept = [](const Payload&) { return ns(100); };
        platform.to[0]->latency = [](const Payload&) { return ns(200); };
        for (std::uint64_t k = 0; k < 2; ++k) platform.from[0]->request(0, false, 0x40 * k);
        for (std::uint64_t k = 0; k < 2; ++k) platform.from[1]->request(0, false, 0x1'0000 + k);
        platform.run();
        THEN("its second request leaves when it has taken the first at 104") {
            CHECK(platform.to[0]->arrivals == Times{4, 108});
        }
        THEN("the other target's do not wait") { CHECK(platform.to[1]->arrivals == Times{5, 9}); }
    }
}

SCENARIO("a target may complete requests within the call, several before a response has moved") {
    Platform platform(parameters(1, 1));
    platform.to[0]->completes_after = 3;
    for (std::uint64_t k = 0; k < 3; ++k) platform.from[0]->request(0, false, 0x40 * k);
    platform.run();
    // At the target at 4; the next requests wait there until it says it is done, 3 ns later.
    CHECK(platform.to[0]->arrivals == Times{4, 7, 10});
    CHECK(platform.from[0]->seen[0].response == 8 + 4 + 2);
    CHECK(platform.from[0]->seen[1].response == 8 + 4 + 4 + 2);
    CHECK(platform.from[0]->seen[2].response == 8 + 4 + 4 + 4 + 2);
}

SCENARIO("an address outside of the map is answered with an address error") {
    BusParameters bus = parameters(1, 1);
    GIVEN("requests beyond and across the end") {
        Platform platform(bus);
        platform.from[0]->request(10, false, 0x2'0000);
        platform.from[0]->request(50, false, 0xFFE0);
        platform.from[0]->request(90, false, 0xFFC0);
        platform.run();
        THEN("no target sees them, and they take both latencies") {
            CHECK(platform.from[0]->seen[0].status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            CHECK(platform.from[0]->seen[0].response == 17);
            CHECK(platform.from[0]->seen[1].status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            CHECK(platform.from[0]->seen[2].status == tlm::TLM_OK_RESPONSE);
            CHECK(platform.to[0]->addresses == std::vector<std::uint64_t>{0xFFC0});
        }
    }
}

SCENARIO("a target sees addresses from its window's beginning, or from where the map says") {
    BusParameters bus = parameters(1, 1);
    bus.map = {{0x8000'0000, 0x100, 0, 0}, {0x9000'0000, 0x100, 0, 0x4000}};
    Platform platform(bus);
    platform.from[0]->request(0, false, 0x8000'0040);
    platform.from[0]->request(0, false, 0x9000'0080);
    platform.run();
    CHECK(platform.to[0]->addresses == std::vector<std::uint64_t>{0x40, 0x4080});
}

SCENARIO("b_transport takes both channels like the four phases") {
    GIVEN("two blocking reads and a write at the same time") {
        Platform platform(parameters(1, 1));
        platform.to[0]->latency = [](const Payload&) { return ns(100); };
        machine::TrafficPayloads pool;
        Times ends;
        std::vector<std::uint64_t> addresses;
        bool dmi = true;
        for (const bool write : {false, false, true}) {
            sc_core::sc_spawn([&, write] {
                Payload& payload = pool.make(write, 0x80, 64);
                sc_time delay = ns(10);
                platform.from[0]->socket->b_transport(payload, delay);
                ends.push_back(in_ns(delay));
                addresses.push_back(payload.get_address());
                dmi = dmi && payload.is_dmi_allowed();
                payload.release();
            });
        }
        platform.run();
        THEN("requests follow each other, and so do responses") {
            // Granted at 11, 12 and 13; at the target at 14, 15 and 19.
            CHECK(platform.to[0]->arrivals == Times{14, 15, 19});
            CHECK(ends == Times{121, 125, 126});
        }
        THEN("the address comes back as it was given, without an offer of direct memory") {
            CHECK(addresses == std::vector<std::uint64_t>{0x80, 0x80, 0x80});
            CHECK_FALSE(dmi);
        }
    }
    GIVEN("an address outside of the map") {
        Platform platform(parameters(1, 1));
        machine::TrafficPayloads pool;
        sc_time delay;
        tlm::tlm_response_status status{};
        sc_core::sc_spawn([&] {
            Payload& payload = pool.make(false, 0x2'0000, 64);
            platform.from[0]->socket->b_transport(payload, delay);
            status = payload.get_response_status();
            payload.release();
        });
        platform.run();
        THEN("the same error after the same time") {
            CHECK(status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
            CHECK(in_ns(delay) == 7);
        }
    }
}

SCENARIO("a bus forwards debug transport and refuses direct memory") {
    Platform platform(parameters(1, 2));
    machine::TrafficPayloads pool;
    unsigned bytes = 0, outside = 1;
    bool direct = true;
    sc_core::sc_spawn([&] {
        Payload& payload = pool.make(false, 0x1'0010, 16);
        bytes = platform.from[0]->socket->transport_dbg(payload);
        tlm::tlm_dmi dmi;
        direct = platform.from[0]->socket->get_direct_mem_ptr(payload, dmi);
        payload.set_address(0x2'0000);
        outside = platform.from[0]->socket->transport_dbg(payload);
        payload.release();
    });
    platform.run();
    CHECK(bytes == 16);
    CHECK(outside == 0);
    CHECK_FALSE(direct);
    CHECK(platform.to[1]->addresses == std::vector<std::uint64_t>{0x10});
}

TEST_CASE("a bus refuses parameters that contradict each other") {
    const auto refused = [](const std::function<void(BusParameters&)>& change,
                            const std::string& text) {
        BusParameters bus = parameters(2, 2);
        change(bus);
        CHECK_THROWS_WITH(bus.validate(), Catch::Contains(text));
    };
    refused([](auto& bus) { bus.initiators = 0; }, "initiators = 0: must be at least 1");
    refused([](auto& bus) { bus.targets = 0; }, "targets = 0");
    refused([](auto& bus) { bus.clock = Hertz{0}; }, "clock = 0: must be from 1 Hz");
    refused([](auto& bus) { bus.bandwidth = {}; }, "bandwidth = 0: must be above 0");
    refused([](auto& bus) { bus.latency = Cycles{-1}; }, "latency = -1");
    refused([](auto& bus) { bus.max_in_flight = 0; }, "max_in_flight = 0");
    refused([](auto& bus) { bus.target_queue = 0; }, "target_queue = 0");
    refused([](auto& bus) { bus.priorities = {1}; }, "1 of them: must be one for each of 2");
    refused([](auto& bus) { bus.map[0].target = 2; }, "map.target = 2");
    refused([](auto& bus) { bus.map[0].bytes = 0; }, "map.bytes = 0");
    refused([](auto& bus) { bus.map[1].first = ~std::uint64_t{0}; }, "ends within 64 bits");
    refused([](auto& bus) { bus.map[1].first = 0xFFFF; }, "must not overlap");
    const FreshSimulation simulation;
    BusParameters none = parameters(1, 1);
    none.initiators = 0;
    CHECK_THROWS_AS(BusModule("bus", none), InvalidConfig);
}
