#include <algorithm>

#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <u65sim/blocks.hpp>

#include "blocks/section.hpp"

using namespace u65sim;

namespace {

/// Two convolutions at two shapes of the sweep, in place of every block at every shape.
const BlockStudy& two_windows() {
    static const BlockStudy study = [] {
        BlockStudyOptions options;
        options.blocks = {"standard_3x3", "standard_5x5"};
        options.shapes = {{7, 7, 16}, {14, 14, 32}};
        options.inside = true;
        return study_blocks(Target::preset("u65-256"), options);
    }();
    return study;
}

double times(const BlockShape& shape) {
    return blocks::ratio(*two_windows().find("standard_5x5", shape),
                         *two_windows().find("standard_3x3", shape));
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("The section about windows states the least and the most of the shapes") {
    const Target target = Target::preset("u65-256");
    const blocks::Section section = blocks::windows_section({target, two_windows(), {}});
    const double small = times({7, 7, 16});
    const double large = times({14, 14, 32});
    CHECK(has(section.claim, fmt::format("costs {:.2f} to {:.2f} times", std::min(small, large),
                                         std::max(small, large))));
    CHECK(has(section.text, small < large ? "at least (7x7x16)" : "at least (14x14x32)"));
    REQUIRE(section.plots.size() == 1);
    CHECK(has(section.text, fmt::format("]({})", section.plots.front().name)));
}

TEST_CASE("The section about names ranks each block's cycles a MAC") {
    const Target target = Target::preset("u65-256");
    const blocks::Section section = blocks::names_section({target, two_windows(), {}});
    const double small = two_windows().find("standard_3x3", {7, 7, 16})->cycles_per_mac();
    const double large = two_windows().find("standard_3x3", {14, 14, 32})->cycles_per_mac();
    CHECK(has(section.text, fmt::format("| standard_3x3 | {:.4f} | {:.4f} | {:.1f} |",
                                        std::min(small, large), std::max(small, large),
                                        std::max(small, large) / std::min(small, large))));
    CHECK(section.plots.empty());
}
