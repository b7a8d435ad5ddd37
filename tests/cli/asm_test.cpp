#include <catch2/catch.hpp>
#include <filesystem>

#include <u65sim/network.hpp>

#include "cli/program.hpp"
#include "support/environment.hpp"
#include "support/skip.hpp"

using namespace u65sim::cli_test;

namespace {

/// Refused with exit code 2 and this message, and nothing was written.
void check_refused(const Folder& folder, const std::string& text, const std::string& says) {
    write(folder.file("text"), text);
    const std::size_t files = folder.files();
    const Outcome outcome = run({"asm", folder.file("text"), "-o", folder.file("out.bin")});
    CAPTURE(text, outcome.err);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.err.find(says) != std::string::npos);
    CHECK(folder.files() == files);
}

/// disasm, asm --into, disasm: the same text, and the same report of a run.
void check_round_trip(const Folder& folder, const std::string& compiled) {
    CAPTURE(compiled);
    REQUIRE(run({"disasm", compiled, "-o", folder.file("text")}).exit_code == 0);
    const Outcome outcome =
        run({"asm", folder.file("text"), "--into", compiled, "-o", folder.file("again.tflite")});
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    CHECK(run({"disasm", folder.file("again.tflite")}).out == read(folder.file("text")));
}

}  // namespace

TEST_CASE("asm gives the compiled network of a reviewed disassembly again") {
    const Folder folder;
    const std::string golden = (u65sim::test::source_folder() / "tests/golden").string() + "/";
    REQUIRE(run({"compile", golden + "network.yaml", "-o", folder.file("npu.tflite")}).exit_code ==
            0);
    const Outcome outcome = run({"asm", golden + "disassembly.txt", "--into",
                                 folder.file("npu.tflite"), "-o", folder.file("again.tflite")});
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    const bool equal = u65sim::read_network(folder.file("again.tflite")).tensors ==
                       u65sim::read_network(folder.file("npu.tflite")).tensors;
    CHECK(equal);
}

TEST_CASE("asm writes the payload and the words that disasm read") {
    const Folder folder;
    REQUIRE(run({"compile", "ds_cnn", "-o", folder.file("npu.tflite")}).exit_code == 0);
    const auto graph = u65sim::read_network(folder.file("npu.tflite"));
    const auto id = graph.operators.at(0).inputs.at(0);
    const auto& bytes = graph.tensors.at(static_cast<std::size_t>(id)).data.bytes();
    const std::string payload{bytes.begin(), bytes.end()};
    write(folder.file("payload.bin"), payload);
    write(folder.file("text"), run({"disasm", folder.file("payload.bin")}).out);
    REQUIRE(run({"asm", folder.file("text"), "-o", folder.file("again.bin")}).exit_code == 0);
    CHECK(read(folder.file("again.bin")) == payload);
    REQUIRE(
        run({"asm", folder.file("text"), "--words", "-o", folder.file("words.bin")}).exit_code ==
        0);
    constexpr std::size_t header_bytes = 32;
    CHECK(read(folder.file("words.bin")) == payload.substr(header_bytes));
}

TEST_CASE("Streams of networks with several segments and of Vela survive disasm and asm") {
    const Folder folder;
    REQUIRE(run({"compile", "rnnoise", "-o", folder.file("npu.tflite")}).exit_code == 0);
    check_round_trip(folder, folder.file("npu.tflite"));
    const std::filesystem::path place = u65sim::test::models_folder();
    for (const char* name : {"kws_micronet_m_vela_H128.tflite", "kws_micronet_m_vela_H256.tflite",
                             "kws_micronet_m_vela_Y256.tflite"}) {
        if (!std::filesystem::exists(place / name)) {
            u65sim::test::skip(std::string{name} + " is not there");
            continue;
        }
        check_round_trip(folder, (place / name).string());
    }
}

TEST_CASE("A changed line of the disassembly changes what runs") {
    const Folder folder;
    REQUIRE(run({"compile", "ds_cnn", "-o", folder.file("npu.tflite")}).exit_code == 0);
    std::string text = run({"disasm", folder.file("npu.tflite")}).out;
    const std::size_t at = text.find("DMA_WAIT");
    REQUIRE(at != std::string::npos);
    const std::size_t line = text.rfind('\n', at) + 1;
    text.erase(line, text.find('\n', at) + 1 - line);
    write(folder.file("text"), text);
    REQUIRE(run({"asm", folder.file("text"), "--into", folder.file("npu.tflite"), "-o",
                 folder.file("fault.tflite")})
                .exit_code == 0);
    const Outcome outcome = run({"run", folder.file("fault.tflite"), "--check"});
    CHECK(outcome.exit_code == 2);
    CAPTURE(outcome.err);
    CHECK(outcome.err.find("missing DMA_WAIT") != std::string::npos);
}

TEST_CASE("Text that is no stream is refused with its line and the nearest command") {
    const Folder folder;
    const std::string head = ".accelerator u65-256 1GHz\n";
    check_refused(folder, head + "STOP 0xffff\nIFM_PAD_TOPP 1\n",
                  "text: line 3: 'IFM_PAD_TOPP': must be a command's name; the nearest known one "
                  "is IFM_PAD_TOP");
    check_refused(folder, "STOP 0xffff\n", "line 1: a stream must start with a line such as");
    check_refused(folder, "", "must start with");
    check_refused(folder, head + "STOP 0xffff\n" + head + "STOP 0xffff\n",
                  "2 streams: there must be one, or --into");
    check_refused(folder, head + "IFM_PAD_TOP 70000\n", "line 2: operand '70000'");
    const Outcome missing = run({"asm", folder.file("none"), "-o", folder.file("out.bin")});
    CHECK(missing.exit_code == 2);

    REQUIRE(run({"compile", "ds_cnn", "-o", folder.file("npu.tflite")}).exit_code == 0);
    write(folder.file("text"), head + "STOP 0xffff\n" + head + "STOP 0xffff\n");
    const Outcome two = run({"asm", folder.file("text"), "--into", folder.file("npu.tflite"), "-o",
                             folder.file("out.tflite")});
    CHECK(two.exit_code == 2);
    CHECK(two.err.find("2 streams: must be 1") != std::string::npos);
}
