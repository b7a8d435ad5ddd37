#include "weights/marked_codes.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

using namespace u65sim;

namespace {

std::vector<std::uint16_t> some_codes(std::size_t count, unsigned zeros, std::mt19937& random) {
    std::vector<std::uint16_t> codes(count);
    for (std::uint16_t& code : codes) code = random() % 64 < zeros ? 0 : 256;
    return codes;
}

}  // namespace

TEST_CASE("marked_codes: zeros from any place on, and none behind the end") {
    std::mt19937 random{7};
    weights::CodeMarker marker;
    for (std::size_t count = 1; count < 300; count += 13) {
        const auto codes = some_codes(count, static_cast<unsigned>(count % 65), random);
        const weights::MarkedCodes marked = marker.mark(codes);
        for (std::size_t at = 0; at < count; ++at) {
            for (std::size_t i = 0; i < weights::word_bits; ++i) {
                const bool is_inside = at + i < count;
                const bool is_zero = is_inside && codes[at + i] == 0;
                REQUIRE((marked.zeros(at) >> i & 1) == (is_zero ? 1U : 0U));
                REQUIRE((marked.nonzeros(at) >> i & 1) == (is_inside && !is_zero ? 1U : 0U));
            }
        }
    }
}

TEST_CASE("marked_codes: a skip ends behind as many codes that are not zero, or says what misses") {
    std::mt19937 random{8};
    weights::CodeMarker marker;
    for (unsigned zeros = 0; zeros <= 64; ++zeros) {
        const auto codes = some_codes(400, zeros, random);
        const weights::MarkedCodes marked = marker.mark(codes);
        for (std::size_t begin = 0; begin < codes.size(); begin += 9) {
            for (const std::uint32_t count : {1U, 2U, 31U, 32U, 64U, 200U}) {
                std::uint32_t left = count;
                std::size_t end = begin;
                while (end < codes.size() && left > 0) left -= codes[end++] != 0 ? 1 : 0;
                std::uint32_t missing = count;
                REQUIRE(marked.skip(begin, missing) == end);
                REQUIRE(missing == left);
            }
        }
    }
}
