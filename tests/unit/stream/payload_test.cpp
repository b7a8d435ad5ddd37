#include <catch2/catch.hpp>

#include <u65sim/command_stream.hpp>
#include <u65sim/error.hpp>
#include "sample_streams.hpp"

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
    throws({0x31504F43, 0x00000003}, "action 1, 2 or 5");
    throws({0x31504F43, 0x00000002, 0x00000002}, "only one command stream");
    CHECK_THROWS_AS(parse_payload({0x43, 0x4F, 0x50}), InvalidStream);
}
