#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>

#include "support/temporary_folder.hpp"

using namespace u65sim;
using Catch::Contains;
using Catch::StartsWith;

TEST_CASE("the default preset is the published U65-256 high-end system") {
    const Target target = Target::preset("u65-256");
    CHECK(target.name == "u65-256");
    CHECK(target.accelerator == Accelerator{});
    CHECK(target.memory_mode == MemoryMode::dedicated_sram);
    CHECK(target.sram.size == 384_KiB);
    CHECK(target.sram.bandwidth == BytesPerCycle{16, 1});
    CHECK(target.off_chip.size == 32_MiB);
    CHECK(target.off_chip.kind == "dram");
    CHECK(target.off_chip.read_latency == 500_cycles);
    CHECK(target.off_chip.write_latency == 250_cycles);
    CHECK(target.off_chip.bandwidth == BytesPerCycle{15, 4});
    CHECK(target.off_chip.bandwidth_period == 5000_cycles);
    CHECK(target.off_chip.max_outstanding_reads == 24);
    CHECK(target.off_chip.max_outstanding_writes == 12);
    CHECK(target.timing == TimingConstants{});
    CHECK(target.host == HostTime{});
}

TEST_CASE("every preset is valid, carries its name and differs from the others") {
    const std::vector<std::string> names = Target::preset_names();
    REQUIRE(names.size() == 7);
    CHECK(names.front() == "u65-256");
    std::set<std::string> texts;
    for (const std::string& name : names) {
        CAPTURE(name);
        const Target target = Target::preset(name);
        CHECK(target.name == name);
        CHECK_NOTHROW(target.validate());
        CHECK(Target::from_yaml_text(target.to_yaml()) == target);
        texts.insert(target.to_yaml());
    }
    CHECK(texts.size() == names.size());
    CHECK(Target::preset("u65-512").peak_macs_per_cycle() == 512);
    const Target u55 = Target::preset("u55-128");
    CHECK(u55.accelerator.macs_per_cycle == 128);
    CHECK(u55.accelerator.clock == Hertz{500'000'000});
    CHECK(u55.memory_mode == MemoryMode::shared_sram);
    CHECK(u55.sram.size == 2_MiB);
    CHECK(u55.off_chip.bandwidth == BytesPerCycle{1, 1});
    CHECK(u55.off_chip.max_outstanding_writes == 0);
    const Target board = Target::preset("u65-256-imx93");
    CHECK(board.accelerator == Target::preset("u65-256").accelerator);
    CHECK(board.off_chip.bandwidth == BytesPerCycle{28, 5});
    CHECK(board.host.driver_call_us == 150.0);
    CHECK_THROWS_WITH(Target::preset("u65-265"), Contains("u65-265") && Contains("is u65-256"));
}

TEST_CASE("a file overrides only what it names") {
    const Target target = Target::from_yaml_text(R"(
sram: {size: 1.5 MiB}
base: u65-256
memory: {ideal: true}
dram.bandwidth: 7.5
accelerator:
  clock: 500MHz
)");
    Target expected = Target::preset("u65-256");
    expected.sram.size = Bytes{1536 * 1024};
    expected.ideal_memory = true;
    expected.off_chip.bandwidth = BytesPerCycle{15, 2};
    expected.accelerator.clock = Hertz{500'000'000};
    CHECK(target == expected);
    CHECK(Target::from_yaml_text("base: u65-256\nmemory: u65-client-server\n").off_chip.bandwidth ==
          BytesPerCycle{12, 1});
    CHECK(Target::from_yaml_text("base: u65-256\nmemory: {file: u65-client-server, ideal: true}\n")
              .off_chip.bandwidth == BytesPerCycle{12, 1});
}

TEST_CASE("mistakes name file, line, column, value and what would be right") {
    struct Case {
        const char* text;
        const char* start;
        const char* contains;
    };
    const Case cases[] = {
        {"base: u65-256\nsram:\n  burst: 48\n", "a.yaml:3:10: sram.burst = 48", "64, 128, 256"},
        {"base: u65-256\nsram:\n  sise: 48\n", "a.yaml:3:3: unknown key sram.sise", "sram.size"},
        {"base: u65-256\nsize: 48KiB\n", "a.yaml:2:1: unknown key size", "sram.size"},
        {"base: u65-265\n", "a.yaml:1:7: base = u65-265", "u65-256"},
        {"base: u65-256\nmemory: nowhere\n", "a.yaml:2:9: memory = nowhere", "u65-high-end"},
        {"base: u65-256\nsram: 5\n", "a.yaml:2:7: sram", "map"},
        {"base: u65-256\nsram: {size: [1]}\n", "a.yaml:2:14: sram.size", "single value"},
        {"base: u65-256\nname: a\nname: b\n", "a.yaml:3:1: name", "only once"},
        {"base: u65-256\naccelerator: {macs_per_cycle: 128}\n", "a.yaml: accelerator u65",
         "u65 with 256"},
        {"base: u65-256\nsram: {read_latency: -1}\n", "a.yaml:2:22: sram.read_latency = -1",
         "whole number from 0"},
        {"base: u65-256\nsram: {read_latency: 99999999999999999999}\n", "a.yaml:2:22:", "whole"},
        {"base: u65-256\nmemory: {ideal: maybe}\n", "a.yaml:2:17: memory.ideal = maybe",
         "false, true"},
        {"base: u65-256\ndram: {kind: flash}\n", "a.yaml: dram.kind = flash", "dedicated_sram"},
        {"- 1\n", "a.yaml:1:1:", "map"},
        {"a: [1\n", "a.yaml:", ""},
        {"name: only\n", "a.yaml: sram.size = 0", "from 1KiB"},
    };
    for (const Case& each : cases) {
        CAPTURE(each.text);
        CHECK_THROWS_WITH(Target::from_yaml_text(each.text, "a.yaml"),
                          StartsWith(each.start) && Contains(each.contains));
        CHECK_THROWS_AS(Target::from_yaml_text(each.text, "a.yaml"), InvalidConfig);
    }
}

TEST_CASE("files may stand on each other but not in a circle") {
    const test::TemporaryFolder temporary;
    const auto& folder = temporary.path();
    std::filesystem::create_directories(folder / "below");
    std::ofstream(folder / "base.yaml") << "base: u65-256\nname: below\nsram: {size: 256KiB}\n";
    std::ofstream(folder / "below" / "top.yaml") << "base: ../base.yaml\nmemory: fast.yaml\n";
    std::ofstream(folder / "below" / "fast.yaml") << "dram: {read_latency: 100}\n";
    std::ofstream(folder / "circle.yaml") << "base: circle.yaml\n";
    std::ofstream(folder / "notmemory.yaml") << "base: u65-256\nmemory: base.yaml\n";
    const Target target = Target::from_yaml(folder / "below" / "top.yaml");
    CHECK(target.name == "below");
    CHECK(target.sram.size == 256_KiB);
    CHECK(target.off_chip.read_latency == 100_cycles);
    CHECK_THROWS_WITH(Target::from_yaml(folder / "circle.yaml"), Contains("circle"));
    CHECK_THROWS_WITH(Target::from_yaml(folder / "notmemory.yaml"),
                      Contains("base.yaml:1:7") && Contains("file of memories"));
    CHECK_THROWS_AS(Target::from_yaml(folder / "missing.yaml"), FileError);
    CHECK_THROWS_AS(Target::from_yaml(folder), FileError);
}

TEST_CASE("assignments as the command line takes them") {
    Target target = Target::preset("u65-256");
    target.set("sram.size=512KiB");
    target.set("memory.ideal = true");
    target.set("dram.bandwidth=7.5");
    target.set("host.driver_call_us=150.5");
    target.set("name=my target");
    CHECK(target.sram.size == 512_KiB);
    CHECK(target.ideal_memory);
    CHECK(target.off_chip.bandwidth == BytesPerCycle{15, 2});
    CHECK(target.host.driver_call_us == 150.5);
    CHECK(target.name == "my target");
    const Target before = target;
    CHECK_THROWS_WITH(target.set("sram.size"), Contains("key=value"));
    CHECK_THROWS_WITH(target.set("sram.sze=1"), Contains("sram.size"));
    CHECK_THROWS_WITH(target.set("sram.size=lots"), Contains("sram.size = lots: must be a size"));
    CHECK_THROWS_WITH(target.set("dram.bandwidth=1/0"), Contains("must be a rate"));
    CHECK(target == before);
}

TEST_CASE("every field describes itself and its value can be set again") {
    const Target target = Target::preset("u55-64");
    const std::vector<TargetField> described = describe_fields(target);
    CHECK(described.size() > 30);
    Target copy = Target::preset("u65-256");
    std::set<std::string> keys;
    for (const TargetField& field : described) {
        CAPTURE(field.key);
        CHECK(keys.insert(field.key).second);
        CHECK_FALSE(field.summary.empty());
        CHECK_FALSE(field.source.empty());
        CHECK_FALSE(field.range.empty());
        CHECK_NOTHROW(copy.set(field.key + "=" + field.value));
    }
    CHECK(copy == target);
}

TEST_CASE("values put into the struct by hand are checked by validate") {
    Target target = Target::preset("u65-256");
    target.sram.burst = Bytes{48};
    CHECK_THROWS_WITH(target.validate(), Contains("sram.burst") && Contains("64, 128, 256"));
    target = Target::preset("u65-256");
    target.off_chip.bandwidth = BytesPerCycle{};
    CHECK_THROWS_WITH(target.validate(), Contains("bandwidth_period"));
    target = Target::preset("u55-256");
    target.sram.size = Bytes{std::int64_t{1} << 33};
    CHECK_THROWS_WITH(target.validate(), Contains("2^32"));
    target = Target::preset("u65-256");
    target.host.cpu_operator_us = -1;
    CHECK_THROWS_AS(target.validate(), InvalidConfig);
}

TEST_CASE("any target the fields allow survives YAML") {
    std::mt19937 random(7);
    const auto pick = [&](std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    };
    for (int round = 0; round < 200; ++round) {
        Target target = Target::preset("u65-256");
        for (Memory* memory : {&target.sram, &target.off_chip}) {
            memory->size = Bytes{pick(1024, std::int64_t{1} << 40)};
            memory->bandwidth = BytesPerCycle{pick(1, 5000), pick(5, 3000)};
            memory->bandwidth_period = Cycles{pick(0, 1'000'000)};
            memory->max_outstanding_reads = static_cast<std::int32_t>(pick(0, 1024));
        }
        target.accelerator.clock = Hertz{pick(1'000'000, 10'000'000'000)};
        target.host.driver_call_us = static_cast<double>(pick(0, 1'000'000)) / 7.0;
        for (std::int64_t i = pick(0, 8); i > 0; --i) {
            target.traffic.push_back({pick(0, 1) == 0, pick(1, 1'000'000'000'000),
                                      Bytes{pick(1, 4096)},
                                      static_cast<double>(pick(0, 1000)) / 1000.0,
                                      static_cast<std::int32_t>(pick(1, 1024))});
        }
        target.name = "- odd: \"name\" #" + std::to_string(round);
        CHECK(Target::from_yaml_text(target.to_yaml()) == target);
    }
}

TEST_CASE("damaged text is refused or read, nothing else") {
    const std::string text = Target::preset("u65-256").to_yaml();
    std::mt19937 random(11);
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string damaged = text;
        for (int i = 0; i <= round % 4; ++i) {
            damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
        }
        if (round % 5 == 0) damaged.resize(random() % damaged.size());
        try {
            Target::from_yaml_text(damaged);
        } catch (const InvalidConfig&) {
            ++refused;
        }
    }
    CHECK(refused > 1000);
}

TEST_CASE("other users of the memories are a list, or a text of one line") {
    const MemoryTraffic camera{true, 1'500'000'000, Bytes{128}, 0.5, 4};
    const MemoryTraffic cpu{false, 200'000'000, Bytes{64}, 1.0, 32};
    const auto read = [](const std::string& text) {
        return Target::from_yaml_text("base: u65-256\n" + text, "t.yaml").traffic;
    };
    CHECK(read("").empty());
    CHECK(read("platform: {traffic: none}").empty());
    CHECK(read("platform: {traffic: []}").empty());
    CHECK(
        read("platform:\n  traffic:\n"
             "    - {memory: dram, rate: 1.5 GB/s, burst: 128 B, read_share: 0.5, outstanding: 4}\n"
             "    - sram 200MB/s\n") == std::vector<MemoryTraffic>{camera, cpu});
    Target target = Target::preset("u65-256");
    target.set(
        "platform.traffic=dram 1.5GB/s burst=128 read_share=0.5 outstanding=4 + sram 200MB/s");
    CHECK(target.traffic == std::vector<MemoryTraffic>{camera, cpu});
    target.set("platform.traffic=none");
    CHECK(target == Target::preset("u65-256"));
}

TEST_CASE("other users of the memories are refused where they are wrong") {
    const auto refused = [](const std::string& entry, const std::string& message) {
        CHECK_THROWS_WITH(
            Target::from_yaml_text("platform:\n  traffic:\n    - " + entry + "\n", "t.yaml"),
            StartsWith("t.yaml:3:") && Contains(message));
    };
    refused("{memory: dram}", "t.yaml:3:7: rate: must be given");
    refused("{rate: 1GB/s}", "memory: must be given");
    refused("{memory: flash, rate: 1GB/s}", "platform.traffic = flash 1GB/s: must be none, or");
    refused("{memory: dram, rate: 1}", "platform.traffic = dram 1: must be");
    refused("{memory: dram, rate: 0GB/s}", "must be none, or");
    refused("{memory: dram, rate: 1001GB/s}", "must be none, or");
    refused("{memory: dram, rate: 1GB/s, burst: 0}", "must be none, or");
    refused("{memory: dram, rate: 1GB/s, read_share: 2}", "must be none, or");
    refused("{memory: dram, rate: 1GB/s, outstanding: 0}", "must be none, or");
    refused("{memory: dram, rate: 1GB/s, bursts: 64}", "unknown key bursts; the nearest known one");
    refused("dram 1GB/s + sram 1GB/s", "must be none, or");
    Target target = Target::preset("u65-256");
    CHECK_THROWS_WITH(target.set("platform.traffic=dram"), Contains("must be none, or up to 8"));
    target.traffic = {MemoryTraffic{}};
    CHECK_THROWS_AS(target.validate(), InvalidConfig);  // no rate
    target.traffic.assign(9, {true, 1'000, Bytes{64}, 1.0, 8});
    CHECK_THROWS_AS(target.validate(), InvalidConfig);
}
