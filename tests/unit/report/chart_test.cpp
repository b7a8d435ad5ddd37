#include "report/chart.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace u65sim::report;

namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Chart of(std::vector<ChartPoint> points) {
    Chart chart{.title = "a < b", .x_label = "x", .y_label = "y", .log_x = true};
    chart.series.push_back({.name = "one", .points = std::move(points)});
    return chart;
}

}  // namespace

TEST_CASE("a chart has a mark and a hint for every point") {
    const std::string svg = to_svg(of({{1, 1, "first"}, {10, 2, "second"}}));
    CHECK(has(svg, "a &lt; b"));
    CHECK(has(svg, "<title>first</title>"));
    CHECK(has(svg, "<title>second</title>"));
    CHECK(has(svg, "class=\"line\""));
}

TEST_CASE("a value that has no logarithm makes the axis linear") {
    const std::string svg = to_svg(of({{0, 1, "zero"}, {10, 2, "ten"}}));
    CHECK(has(svg, "<title>zero</title>"));
    CHECK_FALSE(has(svg, "nan"));
    CHECK_FALSE(has(svg, "inf"));
}

TEST_CASE("points that are not joined have no line") {
    Chart chart = of({{1, 1, "first"}, {10, 2, "second"}});
    chart.series[0].joined = false;
    CHECK_FALSE(has(to_svg(chart), "class=\"line\""));
}
