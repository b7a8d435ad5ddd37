#include <filesystem>
#include <fstream>
#include <random>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>

#include "support/temporary_folder.hpp"

using namespace u65sim;
using Catch::Contains;

namespace {

/// A file that goes away with the test.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& text) {
        std::ofstream(path_, std::ios::binary) << text;
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    test::TemporaryFolder folder_;
    std::filesystem::path path_ = folder_.path() / "vela.ini";
};

const std::string sample = R"(; two systems and three modes
[System_Config.Mid]
core_clock=500e6          # half speed
axi0_port=Sram
axi1_port=Dram
Sram_clock_scale=1.0
Sram_burst_length=32
Sram_read_latency=16
Sram_write_latency=24
Dram_clock_scale=0.46875
Dram_burst_length=128
Dram_read_latency=400
Dram_write_latency=200

[System_Config.Slow]
inherit=System_Config.Mid
Dram_clock_scale=0.0625
Dram_max_reads=7

[System_Config.Embedded]
core_clock=200e6
axi0_port=Sram
axi1_port=OffChipFlash
Sram_clock_scale=1.0
OffChipFlash_clock_scale=0.125

[Memory_Mode.Dedicated]
const_mem_area=Axi1
arena_mem_area=Axi1
cache_mem_area=Axi0

[Memory_Mode.Dedicated_512]
inherit=Memory_Mode.Dedicated
arena_cache_size=524288

[Memory_Mode.Shared]
const_mem_area=Axi1
arena_mem_area=Axi0
cache_mem_area=Axi0
)";

std::string replaced(const std::string& from, const std::string& to) {
    std::string text = sample;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("system and mode come from the file, the rest from the preset") {
    const TemporaryFile file(sample);
    const Target target =
        Target::from_vela_config(file.path(), "Mid", "Dedicated_512", "ethos-u65-256");
    Target expected = Target::preset("u65-256");
    expected.name = "u65-256 Mid Dedicated_512";
    expected.accelerator.clock = Hertz{500'000'000};
    expected.sram.size = 512_KiB;
    expected.sram.read_latency = 16_cycles;
    expected.sram.write_latency = 24_cycles;
    expected.off_chip.bandwidth = BytesPerCycle{15, 2};
    expected.off_chip.read_latency = 400_cycles;
    expected.off_chip.write_latency = 200_cycles;
    CHECK(target == expected);
}

TEST_CASE("sections inherit what they do not say") {
    const TemporaryFile file(sample);
    const Target target = Target::from_vela_config(file.path(), "Slow", "Shared", "u65-512");
    CHECK(target.accelerator.cores == 2);
    CHECK(target.memory_mode == MemoryMode::shared_sram);
    CHECK(target.off_chip.bandwidth == BytesPerCycle{1, 1});
    CHECK(target.off_chip.read_latency == 400_cycles);
    CHECK(target.off_chip.max_outstanding_reads == 7);
    CHECK(target.off_chip.max_outstanding_writes == 12);
    CHECK(target.sram.size == 384_KiB);
}

TEST_CASE("a U55 has ports of half the width and may read flash") {
    const TemporaryFile file(sample);
    const Target target = Target::from_vela_config(file.path(), "Embedded", "Shared", "u55-128");
    CHECK(target.accelerator.clock == Hertz{200'000'000});
    CHECK(target.sram.bandwidth == BytesPerCycle{8, 1});
    CHECK(target.off_chip.bandwidth == BytesPerCycle{1, 1});
    CHECK(target.off_chip.kind == "flash");
    CHECK_THROWS_WITH(Target::from_vela_config(file.path(), "Embedded", "Dedicated", "u65-256"),
                      Contains("dram.kind = flash"));
}

TEST_CASE("mistakes name the file's line") {
    const auto throws = [](const std::string& text, const char* message) {
        const TemporaryFile file(text);
        CHECK_THROWS_WITH(Target::from_vela_config(file.path(), "Slow", "Dedicated_512", "u65-256"),
                          Contains(message));
    };
    throws(replaced("Dram_clock_scale=0.0625", "Dram_clok_scale=1"),
           ".ini:17: unknown key Dram_clok_scale; the nearest known one is Dram_clock_scale");
    throws(replaced("0.0625", "2.5"), ".ini:17: Dram_clock_scale = 2.5: must be above 0");
    throws(replaced("500e6", "fast"), ".ini:3: core_clock = fast");
    throws(replaced("axi1_port=Dram", "axi1_port=Dam"), ".ini:5: port = Dam: must be one of Sram");
    throws(replaced("inherit=System_Config.Mid", "inherit=System_Config.Slow"), "lead back");
    throws(replaced("inherit=System_Config.Mid", "inherit=System_Config.Mud"),
           ".ini:16: [System_Config.Mud]: no such section; the nearest known one is "
           "System_Config.Mid");
    throws(replaced("524288", "12"), ".ini:34: arena_cache_size = 12");
    throws(replaced("arena_mem_area=Axi1", "arena_mem_area=Axi2"), "must be Axi0 or Axi1");
    throws(replaced("cache_mem_area=Axi0", "cache_mem_area=Axi1"), "must be on Axi0");
    throws(replaced("Sram_burst_length=32", "Sram_clock_scale=1"),
           ".ini:7: Sram_clock_scale: must be given only once");
    throws(replaced("axi0_port=Sram\n", ""), "[System_Config.Slow]: must have axi0_port");
    throws("core_clock=1\n", ":1: core_clock=1: must be key=value within a [section]");
    throws("[System_Config\n", ":1: [System_Config: must end with ]");
    throws("", "no such section");
    CHECK_THROWS_AS(Target::from_vela_config("/nowhere.ini", "Mid", "Shared", "u65-256"),
                    FileError);
    CHECK_THROWS_WITH(Target::from_vela_config("/nowhere.ini", "Mid", "Shared", "u85-256"),
                      Contains("no such preset"));
}

TEST_CASE("damaged files are refused or read, nothing else") {
    std::mt19937 random(13);
    int refused = 0;
    for (int round = 0; round < 500; ++round) {
        std::string text = sample;
        for (int i = 0; i < 4; ++i) {
            text[random() % text.size()] = static_cast<char>(random() % 256);
        }
        const TemporaryFile file(text);
        try {
            static_cast<void>(
                Target::from_vela_config(file.path(), "Slow", "Dedicated_512", "u65-256"));
        } catch (const Error&) {
            ++refused;
        }
    }
    CHECK(refused > 100);
}
