// The drawing of what lives in the SRAM.
#include <catch2/catch.hpp>

#include <string>

#include <u65sim/report.hpp>

#include "unit/report/sample.hpp"

using namespace u65sim;

namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("The arena's drawing names buffers, and spilled maps above what lived there") {
    CompiledNetwork network = sample::network();
    network.placements.push_back(
        {"kept <b>", Placement::Kind::feature_map, region_fast, 0_B, 300_KiB, 0, 2});
    const std::string svg = arena_svg(network);
    CHECK(has(svg, ">kept &lt;b&gt;</text>"));
    CHECK(has(svg, "class=\"box missed\""));
    // 400 KiB above the 300 KiB that are alive at the same positions.
    CHECK(has(svg, "between: 409600 B, SPILLED, would have reached 716800, positions 0 to 3"));
    CHECK_FALSE(has(svg, "result"));  // it lives in the arena off the chip
    network.spills.clear();
    CHECK_FALSE(has(arena_svg(network), "SPILLED"));
}
