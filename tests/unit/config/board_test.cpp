#include <u65sim/target.hpp>

#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

#include "support/temporary_folder.hpp"

using namespace u65sim;
using Catch::Contains;
using Kind = FieldSource::Kind;

namespace {

const TargetField& field(const std::vector<TargetField>& fields, const std::string& key) {
    for (const TargetField& each : fields) {
        if (each.key == key) return each;
    }
    throw std::logic_error(key);
}

Target read(const std::string& text) {
    return Target::from_yaml_text("base: u55-128\n" + text, "t.yaml");
}

}  // namespace

TEST_CASE("every board loads under its name and survives YAML with its sources") {
    const std::vector<std::string> names = Target::board_names();
    CHECK(names.size() >= 8);
    for (const std::string& name : names) {
        CAPTURE(name);
        const Target board = Target::preset(name);
        CHECK(board.name == name);
        CHECK(Target::from_yaml_text(board.to_yaml()) == board);
        CHECK_FALSE(board.sources.empty());
    }
    CHECK_THROWS_WITH(Target::preset("ra8p2"), Contains("ra8p1"));
}

TEST_CASE("boards say where the numbers that decide are from, and assumed ones have a range") {
    for (const std::string& name : Target::board_names()) {
        CAPTURE(name);
        const Target board = Target::preset(name);
        const auto fields = describe_fields(board);
        std::vector<std::string> keys{"accelerator.clock", "sram.size", "host.cpu",
                                      "host.driver_call_us"};
        // The i.MX 93's SRAM is that of Arm's High End setting, as the field table says.
        if (name != "imx93") keys.insert(keys.end(), {"sram.bandwidth", "sram.read_latency"});
        if (board.memory_mode != MemoryMode::sram_only) {
            keys.insert(keys.end(), {"dram.bandwidth", "dram.read_latency"});
        }
        for (const std::string& key : keys) {
            CAPTURE(key);
            const TargetField& each = field(fields, key);
            REQUIRE(each.stated);
            CHECK(each.stated->value == each.value);
            CHECK_FALSE(each.stated->text.empty());
            if (each.stated->kind == Kind::assumed) CHECK_FALSE(each.stated->low.empty());
        }
    }
}

TEST_CASE("a number says where it is from, inline") {
    const Target target = read(
        "sram:\n  bandwidth: {value: 4, vendor: \"a manual, page 7\"}\n"
        "  read_latency: {value: 16, assumed: guess, range: [8, 32]}\n");
    CHECK(target.sram.bandwidth == BytesPerCycle{4, 1});
    const auto fields = describe_fields(target);
    CHECK(field(fields, "sram.bandwidth").source == "vendor: a manual, page 7");
    const auto& latency = field(fields, "sram.read_latency").stated;
    REQUIRE(latency);
    CHECK(latency->kind == Kind::assumed);
    CHECK(latency->low == "8");
    CHECK(latency->high == "32");
    CHECK(Target::from_yaml_text(target.to_yaml()) == target);
}

TEST_CASE("a source is gone when its number is another one") {
    Target target = read("sram.read_latency: {value: 16, assumed: guess, range: [8, 32]}\n");
    REQUIRE(target.has_ranges());
    target.set("sram.read_latency=20");
    CHECK(target.sources.empty());
    CHECK_FALSE(target.has_ranges());
    // Put in by hand, the number no longer is the one the source speaks of.
    target = read("sram.read_latency: {value: 16, assumed: guess, range: [8, 32]}\n");
    target.sram.read_latency = 9_cycles;
    CHECK_FALSE(target.has_ranges());
    CHECK_FALSE(field(describe_fields(target), "sram.read_latency").stated);
}

TEST_CASE("sources that make no sense are refused where they stand") {
    const auto refused = [](const std::string& value, const std::string& message) {
        CHECK_THROWS_WITH(read("sram.read_latency: " + value + "\n"),
                          Contains("t.yaml") && Contains(message));
    };
    refused("{value: 16}", "must say where its value is from");
    refused("{value: 16, vendor: a, assumed: b}", "must say where its value is from");
    refused("{vendor: a}", "value: must be given");
    refused("{value: lots, vendor: a}", "sram.read_latency = lots");
    refused("{value: 16, assumed: a, range: [8]}", "range: must be two values");
    refused("{value: 16, assumed: a, range: [8, lots]}", "sram.read_latency = lots");
    refused("{value: 16, assumed: a, range: [20, 32]}", "range = [20, 32]");
    refused("{value: 16, assumed: a, range: [16, 8]}", "range = [16, 8]");
    refused("{value: 16, assumed: a, ragne: [8, 32]}", "unknown key ragne");
    refused("{value: 16, assumed: \"\"}", "assumed");
}

TEST_CASE("a plain number may be given as a range") {
    Target target = Target::preset("u65-256");
    target.set("dram.available=0.5..0.9");
    CHECK(target.off_chip.available == Approx(0.7));
    CHECK(target.at(RangeEnd::fast).off_chip.available == 0.9);
    CHECK(target.at(RangeEnd::slow).off_chip.available == 0.5);
    target.set("host.driver_call_us=100..200");
    CHECK(target.host.driver_call_us == 150.0);
    CHECK(target.at(RangeEnd::fast).host.driver_call_us == 100.0);
    CHECK(Target::from_yaml_text(target.to_yaml()) == target);
    const Target before = target;
    CHECK_THROWS_WITH(target.set("dram.available=0.9..0.5"), Contains("dram.available"));
    CHECK_THROWS_WITH(target.set("dram.available=0.5..2"), Contains("dram.available"));
    CHECK_THROWS_WITH(target.set("dram.available=0"), Contains("from 0.01 to 1"));
    CHECK_THROWS_AS(target.set("sram.size=1KiB..2KiB"), InvalidConfig);
    CHECK(target == before);
}

TEST_CASE("a CPU needs a clock") {
    CHECK_THROWS_WITH(read("host.cpu: cortex-m55\n"), Contains("host.cpu_clock = 0"));
    CHECK(read("host: {cpu: cortex-m55, cpu_clock: 160MHz}\n").host.cpu == Cpu::cortex_m55);
}

TEST_CASE("what Vela's .ini can say comes back from the .ini written for it") {
    test::TemporaryFolder folder;
    const auto path = folder.path() / "vela.ini";
    std::vector<std::string> names = Target::board_names();
    for (const std::string& preset : Target::preset_names()) names.push_back(preset);
    for (const std::string& name : names) {
        CAPTURE(name);
        const Target target = Target::preset(name);
        std::ofstream(path) << target.to_vela_config();
        std::string section = name;
        for (char& c : section) c = c == '-' ? '_' : c;
        const std::string accelerator =
            "ethos-" + std::string(to_string(target.accelerator.product)) + "-" +
            std::to_string(target.accelerator.macs_per_cycle * target.accelerator.cores);
        const Target back = Target::from_vela_config(path, section, section, accelerator);
        CHECK(back.accelerator == target.accelerator);
        CHECK(back.memory_mode == target.memory_mode);
        CHECK(back.sram.size == target.sram.size);
        const auto same = [](const Memory& read, const Memory& written) {
            CHECK(read.bandwidth.value() == Approx(written.bandwidth.value()));
            CHECK(read.read_latency == written.read_latency);
            CHECK(read.write_latency == written.write_latency);
            CHECK(read.max_outstanding_reads == written.max_outstanding_reads);
            CHECK(read.max_outstanding_writes == written.max_outstanding_writes);
        };
        same(back.sram, target.sram);
        same(back.off_chip, target.off_chip);
        CHECK(back.off_chip.kind == target.off_chip.kind);
    }
}

TEST_CASE("the .ini for Vela has what other masters and the memory's clock leave") {
    Target target = Target::preset("u65-256");
    target.off_chip.clock = Hertz{500'000'000};
    target.off_chip.available = 0.5;
    const std::string text = target.to_vela_config();
    CHECK(text.find("Dram_clock_scale=0.05859375\n") != std::string::npos);  // 3.75 / 4 of 16 B
    CHECK(text.find("Dram_read_latency=1000\n") != std::string::npos);
}
