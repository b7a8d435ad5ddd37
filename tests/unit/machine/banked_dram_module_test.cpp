// A DRAM with banks behind its socket: phases at exact times, bytes, errors. Which command goes
// when is timing/dram_controller_test.cpp.
#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/systemc/banked_dram.hpp>

#include "unit/machine/platform_rig.hpp"

using namespace platform_test;

namespace {

/// DDR3-1600 with 16 data pins, without refresh: 16 bytes and four cycles an access.
BankedDramParameters ddr3() {
    BankedDramParameters dram;
    dram.tREFI = Cycles{0};
    return dram;
}

class Platform {
public:
    explicit Platform(const BankedDramParameters& parameters, std::size_t initiators = 1)
        : dram("dram", parameters) {
        for (std::size_t i = 0; i < initiators; ++i) {
            from.push_back(std::make_unique<Requester>(sc_core::sc_gen_unique_name("from")));
            checkers.push_back(
                std::make_unique<ProtocolChecker>(sc_core::sc_gen_unique_name("check"), false));
            from.back()->socket.bind(checkers.back()->in);
            checkers.back()->out.bind(dram.socket);
        }
    }
    void run() {
        sc_core::sc_start(ns(1'000'000));
        for (auto& checker : checkers) CHECK(violations(*checker) == "");
    }

    FreshSimulation simulation;
    BankedDramModule dram;
    std::vector<std::unique_ptr<Requester>> from;
    std::vector<std::unique_ptr<ProtocolChecker>> checkers;
};

constexpr double cycle = 1.25;  // ns

}  // namespace

SCENARIO("a request is seen at the next edge and answered behind its last data") {
    Platform platform(ddr3());
    GIVEN("a read of one access at time 0") {
        platform.from[0]->request(0, false, 0, 16);
        platform.run();
        THEN("it enters at cycle 1 and its data end 26 cycles later") {
            CHECK(platform.from[0]->seen[0].taken == cycle);
            CHECK(platform.from[0]->seen[0].response == 27 * cycle);
        }
    }
    GIVEN("a read of four accesses") {
        platform.from[0]->request(0, false, 0, 64);
        platform.run();
        THEN("their data follow each other") {
            CHECK(platform.from[0]->seen[0].taken == cycle);
            CHECK(platform.from[0]->seen[0].response == (27 + 3 * 4) * cycle);
            CHECK(platform.dram.statistics().row_misses == 1);
            CHECK(platform.dram.statistics().row_hits == 3);
        }
    }
    GIVEN("a part of two accesses") {
        platform.from[0]->request(0, false, 15, 2);
        platform.run();
        THEN("it takes as long as both") {
            CHECK(platform.from[0]->seen[0].response == (27 + 4) * cycle);
        }
    }
}

SCENARIO("a full queue holds up the end of a request") {
    BankedDramParameters dram = ddr3();
    dram.queue = 2;
    Platform platform(dram);
    platform.from[0]->request(0, false, 0, 64);
    platform.run();
    // Two enter at cycle 1; the others as the reads of cycles 12 and 16 have left.
    CHECK(platform.from[0]->seen[0].taken == 17 * cycle);
    CHECK(platform.from[0]->seen[0].response == 39 * cycle);
}

SCENARIO("initiators share a queue access by access") {
    BankedDramParameters dram = ddr3();
    dram.queue = 1;
    Platform platform(dram, 2);
    platform.from[0]->request(0, false, 0, 64);
    platform.from[1]->request(0, false, 0, 64);
    platform.run();
    const double first = platform.from[0]->seen[0].response;
    const double second = platform.from[1]->seen[0].response;
    CHECK(second - first == 4 * cycle);
    CHECK(first == (27 + 6 * 4) * cycle);
}

SCENARIO("answers leave as their data do, rows that are open first") {
    Platform platform(ddr3());
    platform.from[0]->request(0, false, 0x0000, 16);
    platform.from[0]->request(0, false, 0x4000, 16);  // the same bank's next row
    platform.from[0]->request(0, false, 0x0010, 16);
    platform.run();
    CHECK(platform.from[0]->order == std::vector<std::size_t>{0, 2, 1});
    CHECK(platform.dram.statistics().row_conflicts == 1);
}

SCENARIO("a DRAM keeps what is written, by bytes") {
    Platform platform(ddr3());
    const std::array<std::uint8_t, 4> loaded{9, 8, 7, 6};
    platform.dram.write(0x1'FFFE, loaded.data(), loaded.size());
    platform.from[0]->request(0, true, 0x2'0001, 2);
    platform.from[0]->request(500, false, 0x1'FFFC, 8);
    platform.run();
    const std::vector<unsigned char> expected{0, 0, 9, 8, 7, 1, 2, 0};
    CHECK(platform.from[0]->seen[1].data == expected);
    std::array<std::uint8_t, 8> dumped{};
    platform.dram.read(0x1'FFFC, dumped.data(), dumped.size());
    CHECK(std::vector<unsigned char>(dumped.begin(), dumped.end()) == expected);
    const std::uint64_t end = ddr3().size();
    CHECK_NOTHROW(platform.dram.read(end - 8, dumped.data(), dumped.size()));
    CHECK_THROWS_AS(platform.dram.read(end - 7, dumped.data(), dumped.size()), InvalidConfig);
    CHECK_THROWS_AS(platform.dram.write(~end, dumped.data(), dumped.size()), InvalidConfig);
}

SCENARIO("a write and a read of the same bytes keep their order") {
    Platform platform(ddr3());
    platform.from[0]->request(0, true, 0x4004, 4);
    platform.from[0]->request(0, false, 0x4004, 4);
    platform.run();
    CHECK(platform.from[0]->seen[1].data == std::vector<unsigned char>{4, 5, 6, 7});
}

SCENARIO("a DRAM refuses what is beyond its end") {
    BankedDramParameters dram = ddr3();
    Platform platform(dram);
    platform.from[0]->request(0, false, dram.size() - 32, 64);
    platform.from[0]->request(100, false, dram.size() - 64, 64);
    platform.run();
    CHECK(platform.from[0]->seen[0].status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(platform.from[0]->seen[0].response == cycle);
    CHECK(platform.from[0]->seen[1].status == tlm::TLM_OK_RESPONSE);
}

SCENARIO("a DRAM's b_transport waits as long as four phases take") {
    Platform platform(ddr3());
    machine::TrafficPayloads pool;
    double end = 0, end_refused = 0;
    tlm::tlm_response_status refused{};
    std::vector<unsigned char> bytes;
    sc_core::sc_spawn([&] {
        Requester& from = *platform.from[0];
        Payload& write = pool.make(true, 0x40, 64);
        write.get_data_ptr()[3] = 77;
        sc_time delay = ns(5);
        from.socket->b_transport(write, delay);
        write.release();
        Payload& read = pool.make(false, 0x40, 64);
        from.socket->b_transport(read, delay);
        end = in_ns(sc_core::sc_time_stamp() + delay);
        bytes.assign(read.get_data_ptr(), read.get_data_ptr() + 64);
        read.set_address(~std::uint64_t{0});
        read.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        from.socket->b_transport(read, delay);
        refused = read.get_response_status();
        end_refused = in_ns(sc_core::sc_time_stamp() + delay) - end;
        read.release();
    });
    platform.run();
    CHECK(bytes[3] == 77);
    // Seen at cycle 5, written at 16, 20, 24 and 28 with data up to 40, and seen as ended there;
    // the read is seen at 41, waits for tWTR until 46, and its data end at 57 + 4 * 4.
    CHECK(end == 73 * cycle);
    CHECK(refused == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    CHECK(end_refused == cycle);
}

SCENARIO("a DRAM keeps to byte enables and refuses streaming") {
    Platform platform(ddr3());
    machine::TrafficPayloads pool;
    std::array<std::uint8_t, 4> dumped{};
    tlm::tlm_response_status streamed{};
    unsigned debugged = 0, beyond = 1;
    sc_core::sc_spawn([&] {
        Requester& from = *platform.from[0];
        std::array<unsigned char, 2> enables{0xFF, 0};
        Payload& write = pool.make(true, 0x40, 4);
        for (unsigned i = 0; i < 4; ++i) write.get_data_ptr()[i] = 1;
        write.set_byte_enable_ptr(enables.data());
        write.set_byte_enable_length(2);
        sc_time delay;
        from.socket->b_transport(write, delay);
        write.release();
        Payload& other = pool.make(false, 0x40, 4);
        other.set_streaming_width(2);
        from.socket->b_transport(other, delay);
        streamed = other.get_response_status();
        other.set_streaming_width(4);
        debugged = from.socket->transport_dbg(other);
        other.set_address(~std::uint64_t{0});
        beyond = from.socket->transport_dbg(other);
        tlm::tlm_dmi dmi;
        CHECK_FALSE(from.socket->get_direct_mem_ptr(other, dmi));
        other.release();
    });
    platform.run();
    platform.dram.read(0x40, dumped.data(), dumped.size());
    CHECK(dumped == std::array<std::uint8_t, 4>{1, 0, 1, 0});
    CHECK(streamed == tlm::TLM_BURST_ERROR_RESPONSE);
    CHECK(debugged == 4);
    CHECK(beyond == 0);
}

TEST_CASE("a DRAM refuses parameters that make no sense") {
    const FreshSimulation simulation;
    BankedDramParameters dram = ddr3();
    dram.banks = 0;
    CHECK_THROWS_AS(BankedDramModule("dram", dram), InvalidConfig);
    dram.banks = 8;
    dram.clock = Hertz{4'000'000'000'000};
    CHECK_THROWS_AS(BankedDramModule("dram", dram), InvalidConfig);
}
