// What a platform's files say, and where they are wrong.
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/platform.hpp>

#include "support/temporary_folder.hpp"

using namespace u65sim;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// A DRAM of few lines; `changed` takes the place of the line with its key, or comes behind.
std::string dram_with(const std::string& changed) {
    std::string text =
        "name: small\nclock: 800MHz\ntRCD: 11\ntRP: 11\nCL: 11\nCWL: 8\ntRAS: 28\ntRTP: 6\n"
        "tWR: 12\ntWTR: 6\ntRRD: 6\ntREFI: 6240\ntRFC: 208\n";
    const std::string key = changed.substr(0, changed.find(':') + 1);
    const std::size_t at = text.find("\n" + key);
    if (at == std::string::npos) return text + changed + "\n";
    return text.replace(at + 1, text.find('\n', at + 1) - at - 1, changed);
}

}  // namespace

TEST_CASE("the DRAMs of the library have their standards' figures in cycles") {
    const auto names = BankedDramParameters::preset_names();
    CHECK(names == std::vector<std::string>{"ddr3-1600-x16", "lpddr4-3200-x16"});
    const auto ddr3 = BankedDramParameters::preset("ddr3-1600-x16");
    CHECK(ddr3.tRCD == Cycles{11});
    CHECK(ddr3.tRAS == Cycles{28});
    CHECK(ddr3.tREFI == Cycles{6240});
    CHECK(ddr3.tRFC == Cycles{208});
    CHECK(ddr3.size() == 512U << 20);
    CHECK(ddr3.access_bytes() == 16);
    CHECK(ddr3.access_cycles() == 4);
    const auto lpddr4 = BankedDramParameters::preset("lpddr4-3200-x16");
    CHECK(lpddr4.tRCD == Cycles{29});  // 28.8
    CHECK(lpddr4.tRFC == Cycles{288});
    CHECK(lpddr4.size() == 512U << 20);
    CHECK(lpddr4.access_bytes() == 32);
    CHECK_THROWS_WITH(BankedDramParameters::preset("ddr3-1600"),
                      Contains("the nearest one is ddr3-1600-x16"));
}

TEST_CASE("a DRAM's file gives cycles, or nanoseconds that are rounded up to them") {
    CHECK(BankedDramParameters::from_yaml_text(dram_with("tRCD: 13.75ns")).tRCD == Cycles{11});
    CHECK(BankedDramParameters::from_yaml_text(dram_with("tRCD: 13.8 ns")).tRCD == Cycles{12});
    CHECK(BankedDramParameters::from_yaml_text(dram_with("tRCD: 9")).tRCD == Cycles{9});
    const auto other = BankedDramParameters::from_yaml_text(
        dram_with("mapping: row_column_bank\nscheduling: fcfs\nrow: 1KiB\nqueue: 4"));
    CHECK(other.mapping == DramMapping::row_column_bank);
    CHECK(other.scheduling == DramScheduling::fcfs);
    CHECK(other.row == Bytes{1024});
    CHECK(other.queue == 4);
    const test::TemporaryFolder folder;
    const auto file = folder.path() / "mine.yaml";
    std::ofstream(file) << dram_with("queue: 8");
    CHECK(BankedDramParameters::from_yaml(file).queue == 8);
    CHECK_THROWS_AS(BankedDramParameters::from_yaml(folder.path() / "none.yaml"), FileError);
}

TEST_CASE("a wrong DRAM's file is refused at its place") {
    const auto refused = [](const std::string& text, const std::string& message) {
        CHECK_THROWS_WITH(BankedDramParameters::from_yaml_text(text, "m.yaml"),
                          StartsWith("m.yaml") && Contains(message));
    };
    refused(dram_with("tRCD: fast"), "m.yaml:3:7: tRCD = fast: must be cycles or nanoseconds");
    refused(dram_with("tRCD: -1"), "m.yaml:3:7: tRCD = -1: must be from 0");
    refused(dram_with("clock: 0"), "m.yaml:2:8: clock: must be above 0");
    refused(dram_with("clock: soon"), "clock = soon: must be a frequency");
    refused(dram_with("scheduler: fcfs"),
            "m.yaml:14:1: unknown key scheduler; the nearest known one is scheduling");
    refused(dram_with("width: 12"), "m.yaml:14:8: width = 12: must be a multiple of 8");
    refused(dram_with("burst_length: 7"), "burst_length = 7: must be even");
    refused(dram_with("banks: 0"), "m.yaml:14:8: banks = 0");
    refused(dram_with("rows: 0"), "rows = 0");
    refused(dram_with("row: 24"), "row = 24: must be a multiple of a column access, 16 bytes");
    refused(dram_with("row: 1.5.2"), "row = 1.5.2: must be bytes");
    refused(dram_with("queue: 0"), "queue = 0");
    refused(dram_with("tREFI: 100"), "m.yaml:12:8: tREFI = 100: must be 0, or more than");
    refused(dram_with("mapping: row"), "mapping = row: must be one of row_bank_column, ");
    refused(dram_with("scheduling: best"), "scheduling = best: must be one of fcfs, fr_fcfs");
    refused("name: x\nclock: 1GHz\n", "tRCD: must be given");
    refused("- 1\n", "a DRAM: must be a map of");
    refused("name: [", "m.yaml:");
}

TEST_CASE("a trace has a request a line") {
    const auto requests = parse_traffic_trace(
        "# time_ns R|W address bytes\n"
        "0    R 0x1000 64\r\n"
        "2.5\tW 4096   16   # sixteen\n"
        "\n"
        "  100  R 0xFFFFFFFFFFFFFFFF 1");
    CHECK(requests == std::vector<TrafficRequest>{{0, false, 0x1000, 64},
                                                  {2'500, true, 4096, 16},
                                                  {100'000, false, ~std::uint64_t{0}, 1}});
    CHECK(parse_traffic_trace("").empty());
    const test::TemporaryFolder folder;
    const auto file = folder.path() / "cpu.trace";
    std::ofstream(file) << "5 W 0 4\n";
    CHECK(read_traffic_trace(file) == std::vector<TrafficRequest>{{5'000, true, 0, 4}});
    CHECK_THROWS_AS(read_traffic_trace(folder.path() / "none"), FileError);
}

TEST_CASE("a wrong trace is refused at its place") {
    const auto refused = [](const std::string& text, const std::string& message) {
        CHECK_THROWS_WITH(parse_traffic_trace(text, "t"), StartsWith(message));
    };
    refused("soon R 0 4", "t:1:1: time_ns = soon: must be a number");
    refused("-1 R 0 4", "t:1:1: time_ns = -1");
    refused("1e99 R 0 4", "t:1:1: time_ns = 1e99");
    refused("2 R 0 4\n1 R 0 4", "t:2:1: time_ns = 1: must not be before the line above");
    refused("0 r 0 4", "t:1:3: r: must be R or W");
    refused("0 R here 4", "t:1:5: address = here");
    refused("0 R 0x 4", "t:1:5: address = ");
    refused("0 R -4 4", "t:1:5: address = -4");
    refused("0 R 0 0", "t:1:7: bytes = 0");
    refused("0 R 0 4294967296", "t:1:7: bytes = 4294967296");
    refused("0 R 0", "t:1:6: bytes: must be given");
    refused("  0 R 0 4 5", "t:1:11: a line must be");
}
