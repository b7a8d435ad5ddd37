#include "report/chart.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "report/svg.hpp"

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

TEST_CASE("panels have a title each and share one legend") {
    Chart chart = of({{1, 1, "first"}, {10, 2, "second"}});
    chart.series[0].panel = "left";
    chart.series.push_back({.name = "one", .points = {{1, 3, "third"}}, .panel = "right"});
    const std::string svg = to_svg(chart);
    CHECK(has(svg, ">left</text>"));
    CHECK(has(svg, ">right</text>"));
    const std::size_t legend = svg.rfind(">one</text>");
    REQUIRE(legend != std::string::npos);
    CHECK(svg.rfind(">one</text>", legend - 1) == std::string::npos);
}

TEST_CASE("marks at one place lie around each other") {
    Chart chart = of({{1, 1, "below"}, {10, 2, "far"}});
    CHECK_FALSE(has(to_svg(chart), "mark around"));
    chart.series.push_back({.name = "two", .points = {{1, 1, "above"}}});
    CHECK(has(to_svg(chart), "mark around"));
}

TEST_CASE("a legend names every series in full") {
    Chart chart{.title = "many", .x_label = "x", .y_label = "y", .series = {}};
    const std::string end(60, 'e');
    for (int i = 0; i < 40; ++i) {
        chart.series.push_back({.name = std::to_string(i) + end, .points = {{1.0, 1.0 + i, ""}}});
    }
    const std::string svg = to_svg(chart);
    for (int i = 0; i < 40; ++i) CHECK(has(svg, ">" + std::to_string(i) + end + "</text>"));
}

TEST_CASE("a line without marks runs through others'") {
    Chart chart{.title = "front", .x_label = "x", .y_label = "y", .series = {}};
    chart.series.push_back(
        {.name = "front", .points = {{1, 1, "a"}, {2, 2, "b"}}, .marked = false});
    const std::string svg = to_svg(chart);
    CHECK(has(svg, "class=\"line\""));
    CHECK_FALSE(has(svg, "<title>a</title>"));
}

TEST_CASE("points crowd where most of them are in the lowest quarter of a wide range") {
    CHECK(crowds({1, 2, 4, 8, 64}));
    CHECK_FALSE(crowds({1, 2, 3, 4, 5}));
    CHECK_FALSE(crowds({1, 60, 62, 64}));
    CHECK_FALSE(crowds({0, 1, 2, 64}));
    CHECK_FALSE(crowds({1, 64}));
}

TEST_CASE("ticks of logarithmic axes are round, and enclose the values") {
    using Ticks = std::vector<double>;
    CHECK(log_ticks(1, 8, true) == Ticks{1, 2, 4, 8});
    CHECK(log_ticks(3, 9, true) == Ticks{2, 4, 8, 16});
    CHECK(log_ticks(11, 300, false) == Ticks{10, 20, 50, 100, 200, 500});
    CHECK(log_ticks(3, 4000, false) == Ticks{1, 10, 100, 1000, 10000});
    CHECK(log_ticks(5, 5, false) == Ticks{5, 10});
}
