#include <catch2/catch.hpp>

#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>
#include "sample_streams.hpp"
#include "target/architecture.hpp"

using namespace u65sim;
using Catch::Contains;

namespace {

std::vector<std::uint8_t> bytes_of(const std::vector<std::uint32_t>& words) {
    std::vector<std::uint8_t> bytes;
    for (const std::uint32_t word : words) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(word >> shift));
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("the driver payload of the small convolution") {
    std::vector<std::uint32_t> words{0x31504F43, 0x00100001, 0x10003008, 0x10060000,
                                     5,          5,          5,          0x00550002};
    words.insert(words.end(), test::small_convolution().begin(), test::small_convolution().end());
    REQUIRE(words.size() == 93);
    const CommandStream stream{Accelerator{}, test::small_convolution()};
    CHECK(make_payload(stream) == bytes_of(words));
    CHECK(parse_payload(bytes_of(words)) == stream);
}

TEST_CASE("zeros behind a payload are padding, in front of other words they are not") {
    const CommandStream stream{Accelerator{}, test::small_convolution()};
    auto bytes = make_payload(stream);
    bytes.insert(bytes.end(), 16, std::uint8_t{0});
    CHECK(parse_payload(bytes) == stream);
    bytes[bytes.size() - 4] = 5;
    CHECK_THROWS_WITH(parse_payload(bytes), Contains("word 93 = 0x00000000"));
}

TEST_CASE("a stream of more than 65535 words has its length in two pieces") {
    const CommandStream stream{Accelerator{}, std::vector<std::uint32_t>(0x2'0003, 5)};
    const auto payload = make_payload(stream);
    CHECK(payload[28] == 2);
    CHECK(payload[29] == 2);
    CHECK(payload[30] == 3);
    CHECK(payload[31] == 0);
    CHECK(parse_payload(payload) == stream);
    CHECK_THROWS_AS(make_payload({Accelerator{}, std::vector<std::uint32_t>(1 << 24)}),
                    InvalidStream);
}

TEST_CASE("broken payloads are refused with the word's index") {
    const auto throws = [](const std::vector<std::uint32_t>& words, const char* text) {
        CHECK_THROWS_WITH(parse_payload(bytes_of(words)), Contains(text));
        CHECK_THROWS_AS(parse_payload(bytes_of(words)), InvalidStream);
    };
    throws({}, "0 bytes");
    throws({0x12345678}, "COP1");
    throws({0x31504F43}, "must hold");
    throws({0x31504F43, 0x00100001, 0x10003008}, "word 1");
    throws({0x31504F43, 0x00100001, 0x10003009, 0x10060000}, "CONFIG word 0x10003009");
    throws({0x31504F43, 0x00100001, 0x10003008, 0x20060000}, "architecture 1");
    throws({0x31504F43, 0x00100001, 0x10003008, 0x10060000, 0x00020002, 0}, "stream of 2 words");
    throws({0x31504F43, 0x00000006}, "action 1 to 5");
    throws({0x31504F43, 0x00000002, 0x00000002}, "only one command stream");
    CHECK_THROWS_AS(parse_payload({0x43, 0x4F, 0x50}), InvalidStream);
}

TEST_CASE("where CONFIG leaves the product out, the stream's registers tell") {
    const auto payload = [](std::uint32_t config, const std::vector<std::uint32_t>& stream) {
        // Among actions for debugging, which older payloads have.
        std::vector<std::uint32_t> words{0x31504F43, 0x00100001, config, 0x10060000, 0x00010003, 4};
        words.push_back(static_cast<std::uint32_t>(stream.size()) << 16 | 2);
        words.insert(words.end(), stream.begin(), stream.end());
        return parse_payload(bytes_of(words));
    };
    const std::vector<std::uint32_t> for_both{0x00000000};
    // PARALLEL_MODE stands behind a register whose second word looks like it.
    const std::vector<std::uint32_t> for_u65{0x00004000, 0x00000123, 0x00010123, 0x00000000};
    const std::vector<std::uint32_t> looks_like_it{0x00004000, 0x00000123, 0x00000000};
    CHECK(accelerator_name(payload(0x00003008, for_u65).accelerator) == "u65-256");
    CHECK(accelerator_name(payload(0x00006009, for_u65).accelerator) == "u65-512");
    CHECK(accelerator_name(payload(0x00003008, for_both).accelerator) == "u55-256");
    CHECK(accelerator_name(payload(0x00003008, looks_like_it).accelerator) == "u55-256");
    CHECK(accelerator_name(payload(0x10003008, for_both).accelerator) == "u65-256");
    CHECK_THROWS_WITH(payload(0x00006009, for_both), Contains("CONFIG word 0x00006009"));
}
