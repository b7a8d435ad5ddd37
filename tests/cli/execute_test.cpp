#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <u65sim/bare_stream.hpp>
#include <u65sim/command_stream.hpp>
#include <u65sim/network.hpp>
#include <vector>

#include "cli/program.hpp"
#include "support/environment.hpp"

using namespace u65sim::cli_test;
using nlohmann::json;

namespace {

constexpr std::size_t ds_cnn_input_bytes = 490;

/// The bytes that tests/data/generate.py feeds for this seed.
std::string seeded(std::size_t count, std::uint64_t state) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        bytes += static_cast<char>(static_cast<std::uint8_t>(state >> 56U));
    }
    return bytes;
}

std::string hex(const std::string& bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<std::uint8_t>(c);
        text += {digits[byte >> 4U], digits[byte & 15U]};
    }
    return text;
}

/// What the reference interpreter computes, from tests/data/execute.txt.
std::string expected(const std::string& network, std::uint64_t wanted) {
    std::ifstream in{u65sim::test::source_folder() / "tests/data/execute.txt"};
    std::string name, bytes;
    for (std::uint64_t seed = 0; in >> name >> seed >> bytes;) {
        if (name == network && seed == wanted) return bytes;
    }
    return "missing";
}

/// Compiles ds_cnn to npu.tflite and writes its parts beside it: the payload, the payload's words,
/// the constants, and an input.
void write_ds_cnn_stream(const Folder& folder) {
    REQUIRE(run({"compile", "ds_cnn", "-o", folder.file("npu.tflite")}).exit_code == 0);
    const auto graph = u65sim::read_network(folder.file("npu.tflite"));
    const auto operand = [&](std::size_t i) {
        const auto id = graph.operators.at(0).inputs.at(i);
        const auto& bytes = graph.tensors.at(static_cast<std::size_t>(id)).data.bytes();
        return std::string{bytes.begin(), bytes.end()};
    };
    constexpr std::size_t header_bytes = 32;
    write(folder.file("payload.bin"), operand(0));
    write(folder.file("words.bin"), operand(0).substr(header_bytes));
    write(folder.file("weights.bin"), operand(1));
    write(folder.file("in.bin"), seeded(ds_cnn_input_bytes, 1));
}

/// Where the one input of a driver payload stands in the arena: its tensor's name says so.
std::size_t input_offset(const std::string& payload) {
    const auto graph =
        u65sim::payload_network(u65sim::parse_payload({payload.begin(), payload.end()}), {}, "x");
    const std::string& name = graph.tensors.at(static_cast<std::size_t>(graph.inputs.at(0))).name;
    return std::stoul(name.substr(name.find('@') + 1), nullptr, 0);
}

}  // namespace

TEST_CASE("run --input computes the reference's outputs in the time it takes without data") {
    const Folder folder;
    const json timing = json::parse(run({"run", "ds_cnn", "-f", "json"}).out);
    for (const std::uint64_t seed : {1U, 2U}) {
        write(folder.file("in.bin"), seeded(ds_cnn_input_bytes, seed));
        const Outcome outcome = run({"run", "ds_cnn", "--input", folder.file("in.bin"), "--output",
                                     folder.file("results"), "--check", "-f", "json"});
        CAPTURE(seed, outcome.err);
        REQUIRE(outcome.exit_code == 0);
        CHECK(hex(read(folder.file("results/output_0.bin"))) == expected("zoo/ds_cnn", seed));
        const json report = json::parse(outcome.out);
        CHECK(report.at("total") == timing.at("total"));
        CHECK(report.at("operators") == timing.at("operators"));
        CHECK(report.at("pmu") == timing.at("pmu"));
    }
    CHECK(folder.files() == 2);
}

TEST_CASE("A compiled file computes what its network computes") {
    const Folder folder;
    REQUIRE(run({"compile", "ds_cnn", "-o", folder.file("npu.tflite")}).exit_code == 0);
    write(folder.file("in.bin"), seeded(ds_cnn_input_bytes, 1));
    const Outcome outcome = run({"run", folder.file("npu.tflite"), "--input", folder.file("in.bin"),
                                 "--output", folder.file("results")});
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(hex(read(folder.file("results/output_0.bin"))) == expected("zoo/ds_cnn", 1));
}

TEST_CASE("Inputs of the wrong size or number are refused before anything is written") {
    const Folder folder;
    write(folder.file("short.bin"), seeded(ds_cnn_input_bytes - 1, 1));
    write(folder.file("right.bin"), seeded(ds_cnn_input_bytes, 1));
    const std::string results = folder.file("results");
    const Outcome size =
        run({"run", "ds_cnn", "--input", folder.file("short.bin"), "--output", results});
    CHECK(size.exit_code == 2);
    CHECK(size.out.empty());
    CHECK(size.err.find("short.bin: holds 489 bytes") != std::string::npos);
    CHECK(size.err.find("takes 490") != std::string::npos);
    const Outcome count = run({"run", "ds_cnn", "--input", folder.file("right.bin"),
                               folder.file("right.bin"), "--output", results});
    CHECK(count.exit_code == 2);
    CHECK(count.err.find("names 2 files: 'ds_cnn' has 1 inputs") != std::string::npos);
    CHECK(run({"run", "ds_cnn", "--input", folder.file("none.bin")}).exit_code == 2);
    CHECK(run({"run", "ds_cnn", "--output", results}).exit_code == 2);
    CHECK(folder.files() == 2);
}

TEST_CASE("An operator without a kernel is named, and only where data is wanted") {
    const Folder folder;
    write(folder.file("net.yaml"),
          "name: wide\ntype: int16\ninputs:\n  - {name: image, shape: [1, 8, 8, 4]}\nlayers:\n"
          "  - {op: hard_swish, name: bend}\n");
    CHECK(run({"run", folder.file("net.yaml")}).exit_code == 0);
    const Outcome outcome = run({"run", folder.file("net.yaml"), "--check"});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find("bend (HARD_SWISH): no 16-bit kernel") != std::string::npos);
}

TEST_CASE("What the NPU refuses of common operators runs on the CPU") {
    const Folder folder;
    write(folder.file("net.yaml"),
          "name: wide\ninputs:\n  - {name: image, shape: [1, 16, 17, 4]}\nlayers:\n"
          "  - {op: conv2d, name: far, filters: 4, kernel: 65}\n");
    const Outcome outcome = run({"run", folder.file("net.yaml"), "--check", "-f", "json"});
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(json::parse(outcome.out).at("model").at("cpu_operators").size() == 1);
}

TEST_CASE("A bare stream with its weights computes what its network computes") {
    const Folder folder;
    write_ds_cnn_stream(folder);
    const json whole = json::parse(run({"run", folder.file("npu.tflite"), "-f", "json"}).out);
    for (const char* stream : {"payload.bin", "words.bin"}) {
        const Outcome outcome =
            run({"run", folder.file(stream), "--weights", folder.file("weights.bin"), "--input",
                 folder.file("in.bin"), "--output", folder.file("results"), "-f", "json"});
        CAPTURE(stream, outcome.err);
        REQUIRE(outcome.exit_code == 0);
        CHECK(hex(read(folder.file("results/output_0.bin"))) == expected("zoo/ds_cnn", 1));
        CHECK(json::parse(outcome.out).at("total").at("cycles") == whole.at("total").at("cycles"));
    }
    const Outcome timed = run({"run", folder.file("payload.bin"), "-f", "json"});
    CHECK(json::parse(timed.out).at("total").at("cycles") == whole.at("total").at("cycles"));
    CHECK(timed.out.find("were not given") != std::string::npos);
    const Outcome computed = run({"run", folder.file("payload.bin"), "--check"});
    CHECK(computed.exit_code == 2);
    CHECK(computed.err.find("--weights FILE gives those") != std::string::npos);
    CHECK(run({"disasm", folder.file("payload.bin")}).out ==
          run({"disasm", folder.file("words.bin"), "--target", "u65-256"}).out);
}

TEST_CASE("A bare stream with all its regions computes what its network computes") {
    const Folder folder;
    write_ds_cnn_stream(folder);
    const json whole = json::parse(run({"run", folder.file("npu.tflite"), "-f", "json"}).out);
    // As a driver hands buffers over, the input in the arena's file; or the arena's size alone.
    const std::size_t offset = input_offset(read(folder.file("payload.bin")));
    write(folder.file("arena.bin"),
          std::string(offset, '\0') + read(folder.file("in.bin")) + std::string(65536, '\0'));
    const auto with_regions = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments = {
            "run",      folder.file("words.bin"), "--region", "0=" + folder.file("weights.bin"),
            "--output", folder.file("results"),   "-f",       "json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    };
    const std::string arena = "1=" + folder.file("arena.bin");
    for (const std::vector<std::string>& given :
         {std::vector<std::string>{"--region", arena, "--region", "2=393216"},
          {"--region", arena},
          {"--region", "1=65536", "--input", folder.file("in.bin")}}) {
        const Outcome outcome = with_regions(given);
        CAPTURE(given, outcome.err);
        REQUIRE(outcome.exit_code == 0);
        CHECK(hex(read(folder.file("results/output_0.bin"))) == expected("zoo/ds_cnn", 1));
        CHECK(json::parse(outcome.out).at("total").at("cycles") == whole.at("total").at("cycles"));
    }
    const Outcome small = with_regions({"--region", arena, "--region", "2=16"});
    CHECK(small.exit_code == 2);
    CHECK(small.err.find("touches region 2 up to byte") != std::string::npos);
}

TEST_CASE("A bare stream without what it needs is refused") {
    const Folder folder;
    write(folder.file("words.bin"), std::string(12, '\0'));
    write(folder.file("odd.bin"), std::string(7, '\0'));
    write(folder.file("weights.bin"), "");
    const auto message = [&](const std::vector<std::string>& arguments) {
        const Outcome outcome = run(arguments);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.out.empty());
        return outcome.err;
    };
    CHECK(message({"disasm", folder.file("words.bin")}).find("words alone need --target") !=
          std::string::npos);
    CHECK(message({"run", folder.file("odd.bin"), "--weights", folder.file("weights.bin")})
              .find("7 bytes of words: must be a multiple of 4") != std::string::npos);
    CHECK(message({"run", "ds_cnn", "--weights", folder.file("weights.bin")})
              .find("--weights needs a stream") != std::string::npos);
    CHECK(message({"run", folder.file("words.bin"), "--weights", folder.file("none.bin")})
              .find("none.bin") != std::string::npos);
}

TEST_CASE("run --check draws its own inputs and is silent about our streams") {
    CHECK(run({"run", "ds_cnn", "--check"}).exit_code == 0);
}
