#include "weights/zero_runs.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace {

using namespace u65sim;

/// Codes of which so many in 64 are zero.
std::vector<std::uint16_t> some_codes(std::size_t count, unsigned zeros, std::uint32_t seed) {
    std::mt19937 random{seed};
    std::vector<std::uint16_t> codes(count);
    for (std::uint16_t& code : codes) {
        code = random() % 64 < zeros ? 0 : static_cast<std::uint16_t>(1 + random() % 511);
    }
    return codes;
}

struct Split {
    std::vector<std::uint16_t> nonzero;
    std::vector<std::uint32_t> runs;
    bool operator==(const Split&) const = default;
};

/// One code after the other.
Split split_slowly(const std::vector<std::uint16_t>& codes) {
    Split split;
    std::uint32_t run = 0;
    for (const std::uint16_t code : codes) {
        if (code == 0) {
            ++run;
            continue;
        }
        split.nonzero.push_back(code);
        split.runs.push_back(std::exchange(run, 0));
    }
    split.runs.push_back(run);
    return split;
}

Split split_of(const std::vector<std::uint16_t>& codes) {
    Split split{std::vector<std::uint16_t>(codes.size() + 1),
                std::vector<std::uint32_t>(codes.size() + 2)};
    const std::size_t count = weights::split_runs(codes, split.nonzero.data(), split.runs.data());
    split.nonzero.resize(count);
    split.runs.resize(count + 1);
    return split;
}

}  // namespace

TEST_CASE("zero_runs: runs that end anywhere in words of 64 codes are counted and split") {
    for (std::uint32_t seed = 0; seed < 2000; ++seed) {
        CAPTURE(seed);
        std::vector<std::uint16_t> codes = some_codes(1 + seed % 300, seed % 65, seed);
        codes[seed % codes.size()] = 1;
        const Split split = split_slowly(codes);
        REQUIRE(split_of(codes) == split);
        const weights::RunCounts counts = weights::count_runs(codes);
        weights::RunCounts expected;
        for (const std::uint32_t run : split.runs) {
            if (run > 0) ++expected.count;
            for (std::size_t d = 0; d < expected.quotients.size(); ++d) {
                expected.quotients[d] += run >> d;
            }
        }
        REQUIRE(counts.count == expected.count);
        REQUIRE(counts.quotients == expected.quotients);
    }
}

TEST_CASE("zero_runs: nothing but zeros has the first of them for a code") {
    for (const std::size_t count : {1U, 63U, 64U, 65U, 128U, 200U}) {
        CAPTURE(count);
        const std::vector<std::uint16_t> codes(count);
        const auto behind = static_cast<std::uint32_t>(count - 1);
        CHECK(split_of(codes) == Split{{0}, {0, behind}});
        CHECK(weights::count_runs(codes).count == 1);
        CHECK(weights::count_runs(codes).quotients[0] == count);
    }
}
