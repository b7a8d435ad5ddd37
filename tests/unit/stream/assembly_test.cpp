#include <random>

#include <catch2/catch.hpp>

#include <u65sim/bare_stream.hpp>
#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>
#include "sample_streams.hpp"
#include "stream/instruction.hpp"
#include "stream/operation.hpp"

using namespace u65sim;
using Catch::Contains;

TEST_CASE("text shows one instruction a line and reads back to the same words") {
    const CommandStream stream{Accelerator{}, test::small_convolution()};
    const std::string text = disassemble(stream);
    CHECK_THAT(text, Catch::StartsWith(".accelerator u65-256 1GHz\n"
                                       "     0  PARALLEL_MODE      0\n"
                                       "     1  DMA0_SRC_REGION    0x0\n"
                                       "     2  DMA0_SRC           0x50\n"));
    CHECK_THAT(text, Contains("OFM_PRECISION      0x8003") && Contains("; s16 nhwc\n"));
    CHECK_THAT(text, Contains("IFM_WIDTH0_M1      79") && Contains("; 80\n"));
    CHECK_THAT(text, Contains("ACTIVATION_MIN     -32768\n"));
    CHECK(assemble(text) == stream);
    CHECK(stream::join(stream::split(stream.words)) == stream.words);
}

TEST_CASE("compiled networks survive text") {
    for (const std::string& name : test::compiled_models()) {
        const auto payload = test::payload_of(name);
        if (payload.empty()) continue;
        const CommandStream stream = parse_payload(payload);
        const std::string text = disassemble(stream);
        CHECK(text.find(".word") == std::string::npos);
        CHECK(assemble(text) == stream);
        CHECK(stream::join(stream::split(stream.words)) == stream.words);
    }
}

TEST_CASE("any words survive text") {
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        CommandStream stream;
        stream.accelerator.clock = Hertz{500'000'000};
        for (int i = 0; i < 100; ++i) {
            const auto word = static_cast<std::uint32_t>(random());
            // Half of them shaped like commands.
            stream.words.push_back(i % 2 == 0 ? word : word & 0x003F41FF);
        }
        REQUIRE(assemble(disassemble(stream)) == stream);
    }
}

TEST_CASE("hand-written text") {
    const CommandStream stream = assemble(
        "; a comment\n.accelerator u55-64 200MHz\n\n  IFM_ZERO_POINT -5 ; why not\n"
        "12 IFM_BASE1 0x1234567890\r\nOFM_SCALE 1073741824 >> 30\nSTOP 0xffff");
    CHECK(stream.accelerator.macs_per_cycle == 64);
    CHECK(stream.accelerator.clock == Hertz{200'000'000});
    CHECK(stream.words == std::vector<std::uint32_t>{0xFFFB0109, 0x00124001, 0x34567890, 0x001E4024,
                                                     0x40000000, 0xFFFF0000});
    for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
             {"STOP 0", ".accelerator"},
             {".accelerator u65-128 1GHz", "line 1: accelerator 'u65-128'"},
             {".accelerator u65-256", "line 1: clock"},
             {".accelerator u65-256 1GHz\nJUMP 0", "line 2: 'JUMP'"},
             {".accelerator u65-256 1GHz\nDMA_STRAT 0", "nearest known one is DMA_START"},
             {".accelerator u65-256 1GHz\n.accelerator u65-512 1GHz", "2 streams"},
             {".accelerator u65-256 1GHz\nSTOP", "line 2: operand ''"},
             {".accelerator u65-256 1GHz\nSTOP 1 2", "line 2: '2'"},
             {".accelerator u65-256 1GHz\nBLOCKDEP 4", "line 2: BLOCKDEP 4"},
             {".accelerator u65-256 1GHz\nOFM_SCALE 4", "multiplier >> shift"},
             {".accelerator u65-256 1GHz\nIFM_BASE0 0x10000000000", "0x10000000000"}}) {
        CAPTURE(text);
        CHECK_THROWS_WITH(assemble(text), Contains(message));
        CHECK_THROWS_AS(assemble(text), InvalidStream);
    }
}

TEST_CASE("a text of several streams gives each of them") {
    const CommandStream one{Accelerator{}, test::small_convolution()};
    CommandStream two = one;
    two.accelerator.cores = 2;
    two.words.resize(4);
    const auto streams =
        assemble_streams("# first\n" + disassemble(one) + "# second\n" + disassemble(two));
    CHECK(streams == std::vector<CommandStream>{one, two});
    CHECK(write_words(two).size() == 16);
}

TEST_CASE("damaged text is refused with its line, or is another stream") {
    std::mt19937 random(7);
    const std::string whole = disassemble({Accelerator{}, test::small_convolution()});
    int refused = 0;
    int read = 0;
    for (int round = 0; round < 10000; ++round) {
        std::string text = whole;
        for (int i = 0; i <= round % 4 && !text.empty(); ++i) {
            const std::size_t at = random() % text.size();
            switch (random() % 4) {
                case 0:
                    text[at] = static_cast<char>(random() % 256);
                    break;
                case 1:
                    text.erase(at, random() % 12);
                    break;
                case 2:
                    text.insert(at, text.substr(random() % text.size(), random() % 40));
                    break;
                default:
                    text.resize(at + 1);
            }
        }
        try {
            for (const CommandStream& stream : assemble_streams(text)) {
                REQUIRE(assemble(disassemble(stream)) == stream);
            }
            ++read;
        } catch (const InvalidStream& error) {
            REQUIRE_THAT(error.what(), Catch::StartsWith("line "));
            ++refused;
        }
    }
    CHECK(refused > 2000);
    CHECK(read > 500);
}

TEST_CASE("damaged streams are refused or decoded, nothing else") {
    std::mt19937 random(5);
    int refused = 0;
    int decoded = 0;
    for (int round = 0; round < 20000; ++round) {
        std::vector<std::uint32_t> words = test::small_convolution();
        for (int i = 0; i <= round % 3; ++i) {
            words[random() % words.size()] ^= 1U << random() % 32;
        }
        if (round % 7 == 0) words.resize(random() % words.size());
        try {
            const auto commands = stream::decode(words, Accelerator{});
            std::vector<stream::Action> actions;
            for (const auto& each : commands) actions.push_back(each.action);
            const auto again =
                stream::decode(stream::encode(actions, Accelerator{}), Accelerator{});
            REQUIRE(again.size() == commands.size());
            for (std::size_t i = 0; i < again.size(); ++i) {
                REQUIRE(again[i].action == commands[i].action);
            }
            ++decoded;
        } catch (const InvalidStream&) {
            ++refused;
        }
    }
    CHECK(refused > 5000);
    CHECK(decoded > 3000);
}

TEST_CASE("random words never decode to more than they say") {
    std::mt19937 random(9);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::uint32_t> words(64);
        for (auto& word : words) word = static_cast<std::uint32_t>(random()) & 0xFFFF43FF;
        CHECK_THROWS_AS(stream::decode(words, Accelerator{}), InvalidStream);
    }
}
