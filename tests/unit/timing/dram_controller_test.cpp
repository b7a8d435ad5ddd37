// The commands of a DRAM at exact cycles: one rule a case. The figures behind the names are those
// of DDR3-1600: 11 cycles of tRCD, tRP and CL, and four cycles of data.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "timing/dram_controller.hpp"

using namespace u65sim;
using timing::DramController;
using timing::DramPlace;

namespace {

BankedDramParameters without_refresh() {
    BankedDramParameters dram;
    dram.tREFI = Cycles{0};
    return dram;
}

struct Access {
    std::int64_t arrival = 0;
    DramPlace place;
    bool write = false;
};

using Ends = std::vector<std::int64_t>;

struct Run {
    Ends ends;  ///< of each access's data, by number
    timing::DramCounts counts;
};

Run run(const BankedDramParameters& dram, const std::vector<Access>& accesses) {
    DramController controller(dram);
    Run result;
    result.ends.resize(accesses.size(), -1);
    std::size_t arrived = 0;
    for (std::int64_t now = 0; arrived < accesses.size() || !controller.empty();) {
        while (arrived < accesses.size() && accesses[arrived].arrival <= now) {
            controller.push(arrived, accesses[arrived].place, accesses[arrived].write);
            ++arrived;
        }
        if (const auto started = controller.step(now)) result.ends[started->id] = started->data_end;
        std::int64_t then = controller.next(now + 1);
        if (arrived < accesses.size()) then = std::min(then, accesses[arrived].arrival);
        now = then;
    }
    result.counts = controller.counts();
    return result;
}

Ends ends(const BankedDramParameters& dram, const std::vector<Access>& accesses) {
    return run(dram, accesses).ends;
}

}  // namespace

SCENARIO("a read of a closed bank waits for tRCD, CL and its data") {
    CHECK(ends(without_refresh(), {{0, {0, 5}}}) == Ends{11 + 11 + 4});
    CHECK(ends(without_refresh(), {{7, {0, 5}}}) == Ends{7 + 26});
    BankedDramParameters dram = without_refresh();
    dram.tRCD = Cycles{20};
    dram.CL = Cycles{13};
    dram.burst_length = 16;
    CHECK(ends(dram, {{0, {0, 5}}}) == Ends{20 + 13 + 8});
}

SCENARIO("reads of an open row follow each other on the data pins") {
    CHECK(ends(without_refresh(), {{0, {0, 5}}, {0, {0, 5}}, {0, {0, 5}}}) == Ends{26, 30, 34});
    CHECK(ends(without_refresh(), {{0, {0, 5}}, {100, {0, 5}}}) == Ends{26, 100 + 11 + 4});
}

SCENARIO("another row of a bank waits for tRAS, tRP and tRCD") {
    CHECK(ends(without_refresh(), {{0, {0, 5}}, {0, {0, 6}}}) == Ends{26, 28 + 11 + 26});
}

SCENARIO("a precharge waits for tRTP behind a read") {
    BankedDramParameters dram = without_refresh();
    dram.tRAS = Cycles{10};
    CHECK(ends(dram, {{0, {0, 5}}, {0, {0, 6}}}) == Ends{26, 11 + 6 + 11 + 26});
}

SCENARIO("a precharge waits for tWR behind written data") {
    CHECK(ends(without_refresh(), {{0, {0, 5}, true}, {0, {0, 6}, true}}) ==
          Ends{11 + 8 + 4, 23 + 12 + 11 + 23});
}

SCENARIO("a read waits for tWTR behind written data, in every bank") {
    CHECK(ends(without_refresh(), {{0, {0, 5}, true}, {0, {0, 5}}}) == Ends{23, 23 + 6 + 15});
    CHECK(ends(without_refresh(), {{0, {0, 5}, true}, {0, {1, 5}}}) == Ends{23, 23 + 6 + 15});
}

SCENARIO("written data wait for the data pins behind a read") {
    CHECK(ends(without_refresh(), {{0, {0, 5}}, {0, {0, 5}, true}}) == Ends{26, 30});
}

SCENARIO("banks open rows side by side, tRRD apart, a command a cycle") {
    BankedDramParameters dram = without_refresh();
    CHECK(ends(dram, {{0, {0, 5}}, {0, {1, 5}}}) == Ends{26, 6 + 26});
    dram.tRRD = Cycles{0};
    CHECK(ends(dram, {{0, {0, 5}}, {0, {1, 5}}}) == Ends{26, 30});
    dram.burst_length = 2;
    CHECK(ends(dram, {{0, {0, 5}}, {0, {1, 5}}, {0, {2, 5}}}) == Ends{23, 24, 25});
}

SCENARIO("a refresh closes all rows and holds everything up for tRFC") {
    BankedDramParameters dram;
    dram.tREFI = Cycles{100};
    dram.tRFC = Cycles{20};
    GIVEN("an access that comes within a refresh of closed banks") {
        THEN("it waits for the refresh's end") {
            CHECK(ends(dram, {{105, {0, 5}}}) == Ends{120 + 26});
        }
    }
    GIVEN("a row that is opened just before") {
        THEN("tRAS and tRP come first, and the row is opened again") {
            CHECK(ends(dram, {{95, {0, 5}}}) == Ends{95 + 28 + 11 + 20 + 26});
        }
    }
    GIVEN("a long pause") {
        THEN("each refresh of it has been and only the last one may be in the way") {
            const Run late = run(dram, {{1050, {0, 5}}});
            CHECK(late.ends == Ends{1050 + 26});
            CHECK(late.counts.refreshes == 10);
            CHECK(ends(dram, {{1010, {0, 5}}}) == Ends{1020 + 26});
        }
    }
    GIVEN("an access on each side of a refresh") {
        THEN("the row must be opened again") {
            const Run both = run(dram, {{0, {0, 5}}, {150, {0, 5}}});
            CHECK(both.ends == Ends{26, 150 + 26});
            CHECK(both.counts.misses == 2);
        }
    }
}

SCENARIO("first-ready scheduling serves open rows first") {
    BankedDramParameters dram = without_refresh();
    const std::vector<Access> accesses{{0, {0, 5}}, {0, {0, 6}}, {0, {0, 5}}, {0, {0, 5}}};
    GIVEN("first-ready, first come") {
        THEN("both hits pass the other row") {
            CHECK(ends(dram, accesses) == Ends{26, 28 + 11 + 26, 30, 34});
        }
    }
    GIVEN("first come alone") {
        dram.scheduling = DramScheduling::fcfs;
        THEN("each change of rows is paid for") {
            CHECK(ends(dram, accesses) == Ends{26, 65, 39 + 28 + 11 + 26, 108});
        }
    }
    GIVEN("a limit of one to what may pass") {
        dram.reorder_limit = 1;
        THEN("the second hit waits behind the other row") {
            CHECK(ends(dram, accesses) == Ends{26, 65, 30, 39 + 28 + 11 + 26});
        }
    }
}

SCENARIO("a controller counts hits, misses and conflicts") {
    const auto counts =
        run(without_refresh(), {{0, {0, 5}}, {0, {0, 5}}, {0, {1, 5}}, {60, {0, 6}}}).counts;
    CHECK(counts.hits == 1);
    CHECK(counts.misses == 2);
    CHECK(counts.conflicts == 1);
    CHECK(counts.refreshes == 0);
}

SCENARIO("a queue has as much room as its parameter says") {
    BankedDramParameters dram = without_refresh();
    dram.queue = 2;
    DramController controller(dram);
    CHECK(controller.next(0) == DramController::never);
    controller.push(0, {0, 5}, false);
    CHECK(controller.has_room());
    controller.push(1, {0, 5}, false);
    CHECK_FALSE(controller.has_room());
    CHECK_FALSE(controller.step(0).has_value());
    CHECK(controller.next(1) == 11);
    REQUIRE(controller.step(11).has_value());
    CHECK(controller.has_room());
}

TEST_CASE("addresses are spread over rows, banks and columns as the mapping says") {
    BankedDramParameters dram;  // 16 bytes an access, 2 KiB a row, 8 banks
    const auto place = [&](std::uint64_t address) { return timing::dram_place(dram, address); };
    CHECK(place(0x7FF) == DramPlace{0, 0});
    CHECK(place(0x800) == DramPlace{1, 0});
    CHECK(place(0x4000) == DramPlace{0, 1});
    CHECK(place(dram.size() - 1) == DramPlace{7, 32767});
    dram.mapping = DramMapping::bank_row_column;
    CHECK(place(0x7FF) == DramPlace{0, 0});
    CHECK(place(0x800) == DramPlace{0, 1});
    CHECK(place(dram.size() / 8) == DramPlace{1, 0});
    CHECK(place(dram.size() - 1) == DramPlace{7, 32767});
    dram.mapping = DramMapping::row_column_bank;
    CHECK(place(0xF) == DramPlace{0, 0});
    CHECK(place(0x10) == DramPlace{1, 0});
    CHECK(place(0x80) == DramPlace{0, 0});
    CHECK(place(0x4000) == DramPlace{0, 1});
    CHECK(place(dram.size() - 1) == DramPlace{7, 32767});
}
