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

Split split_of(const weights::MarkedCodes& codes) {
    Split split;
    split.nonzero.resize(codes.size() + weights::split_margin);
    split.nonzero.resize(weights::split_codes(codes, split.nonzero.data()));
    weights::list_runs(codes, split.runs);
    return split;
}

weights::RunsByBlock sums_of(const Split& split, std::size_t block) {
    weights::RunsByBlock sums;
    sums.leading = split.runs[0];
    for (std::size_t i = 0; i < split.nonzero.size(); ++i) {
        if (i % block == 0) sums.sums.emplace_back();
        for (std::size_t d = 0; d < 4; ++d) sums.sums.back()[d] += split.runs[i + 1] >> d;
    }
    return sums;
}

void check_sums(const weights::MarkedCodes& codes, const Split& split) {
    for (const std::uint32_t block : {1U, 7U, 32U}) {
        weights::RunsByBlock sums;
        weights::sum_runs(codes, block, sums);
        const weights::RunsByBlock expected = sums_of(split, block);
        REQUIRE(sums.leading == expected.leading);
        REQUIRE(sums.sums == expected.sums);
    }
}

}  // namespace

TEST_CASE("zero_runs: runs that end anywhere in words of 64 codes are counted and split") {
    for (std::uint32_t seed = 0; seed < 2000; ++seed) {
        CAPTURE(seed);
        std::vector<std::uint16_t> codes = some_codes(1 + seed % 300, seed % 65, seed);
        codes[seed % codes.size()] = 1;
        // With other codes around them, which count for nothing.
        const std::size_t before = seed % 70;
        std::vector<std::uint16_t> all(before, seed % 2 == 0 ? std::uint16_t{0} : std::uint16_t{9});
        all.insert(all.end(), codes.begin(), codes.end());
        all.resize(all.size() + seed % 5);
        weights::CodeMarker marker;
        const auto marked = marker.mark(all).from_to(before, before + codes.size());
        const Split split = split_slowly(codes);
        REQUIRE(split_of(marked) == split);
        check_sums(marked, split);
        const weights::RunCounts counts = weights::count_runs(marked);
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
        weights::CodeMarker marker;
        const weights::MarkedCodes marked = marker.mark(codes);
        const Split split{{0}, {0, behind}};
        CHECK(split_of(marked) == split);
        check_sums(marked, split);
        CHECK(weights::count_runs(marked).count == 1);
        CHECK(weights::count_runs(marked).quotients[0] == count);
    }
}
