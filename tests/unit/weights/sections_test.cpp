#include "weights/sections.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "weights/marked_codes.hpp"

using namespace u65sim;

namespace {

constexpr std::size_t around = 5000;
constexpr std::size_t group = 32;

/// `count` codes of one of `values` each, in the midst of codes of 400 values.
std::vector<std::uint16_t> with_few(std::size_t begin, std::size_t count, unsigned values,
                                    std::mt19937& random) {
    std::vector<std::uint16_t> codes(begin + count + around);
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const bool is_few = i >= begin && i < begin + count;
        codes[i] = static_cast<std::uint16_t>(1 + random() % (is_few ? values : 400));
    }
    return codes;
}

}  // namespace

TEST_CASE("sections: codes of few values get a section, wherever among many others they stand") {
    std::mt19937 random{3};
    weights::CodeMarker marker;
    weights::SectionCutter cutter;
    for (std::size_t begin = around; begin < around + 1100; begin += 37) {
        // Windows of one group and more pay for so many values.
        for (const auto& [count, values] :
             {std::pair{3 * group, 2U}, {5 * group, 8U}, {12 * group, 12U}, {34 * group, 20U}}) {
            CAPTURE(begin, count, values);
            const auto codes = with_few(begin, count, values, random);
            const auto ends = cutter.cut(marker.mark(codes));
            const auto first = std::lower_bound(ends.begin(), ends.end(), begin - group);
            REQUIRE(first != ends.end());
            // It begins with a group that has some of them, or a few groups later.
            CHECK(*first < begin + count / 2 + group);
            REQUIRE(ends.size() >= 3);
            CHECK(ends.back() == codes.size());
        }
    }
}

TEST_CASE("sections: codes of many values are one section") {
    std::mt19937 random{4};
    weights::CodeMarker marker;
    weights::SectionCutter cutter;
    const auto codes = with_few(20000, 0, 1, random);
    // But for the last few, which are less than a group.
    CHECK(cutter.cut(marker.mark(codes)).front() > codes.size() - group);
}
