#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

#include <nlohmann/json.hpp>
#include <u65sim/blocks.hpp>
#include <u65sim/error.hpp>

using namespace u65sim;
using Json = nlohmann::json;

namespace {

BlockStudy small(BlockEqual equal) {
    BlockStudyOptions options;
    options.blocks = {"standard_1x1", "standard_3x3", "inverted_bottleneck", "depthwise"};
    options.shapes = {{8, 8, 16}, {12, 8, 24}};
    options.equal = equal;
    return study_blocks(Target::preset("u65-256"), options);
}

}  // namespace

TEST_CASE("A study has a point for every block and shape, with the run's figures") {
    const BlockStudy study = small(BlockEqual::shape);
    REQUIRE(study.points.size() == 8);
    for (const BlockPoint& point : study.points) {
        CHECK(point.shape == point.asked);
        CHECK(point.cycles > Cycles{0});
        CHECK(point.dram_bytes > Bytes{0});
        CHECK(point.cycles_per_mac() == Approx(static_cast<double>(point.cycles.count()) /
                                               static_cast<double>(point.macs.count())));
        CHECK_FALSE(point.bound_by.empty());
    }
    const BlockPoint* three = study.find("standard_3x3", {12, 8, 24});
    REQUIRE(three != nullptr);
    CHECK(three->macs == Macs{12 * 8 * 9 * 24 * 24});
    CHECK(three->parameters == 9 * 24 * 24 + 24);
    CHECK(study.find("standard_3x3", {1, 1, 1}) == nullptr);
}

TEST_CASE("At equal MACs or parameters no block is more than a tenth off the reference") {
    for (const BlockEqual equal : {BlockEqual::macs, BlockEqual::parameters}) {
        const BlockStudy study = small(equal);
        for (const BlockShape& asked : {BlockShape{8, 8, 16}, BlockShape{12, 8, 24}}) {
            const BlockPoint* reference = study.find("standard_3x3", asked);
            REQUIRE(reference != nullptr);
            CHECK(reference->shape == asked);
            for (const BlockPoint& point : study.points) {
                if (!(point.asked == asked)) continue;
                CHECK(point.shape.height == asked.height);
                const auto amount = [&](const BlockPoint& each) {
                    return static_cast<double>(equal == BlockEqual::macs ? each.macs.count()
                                                                         : each.parameters);
                };
                CHECK(std::abs(amount(point) / amount(*reference) - 1) <= 0.1);
            }
        }
        // 9 x 24^2 MACs a place: a 1x1 convolution of 72 channels has exactly as many.
        if (equal == BlockEqual::macs) {
            REQUIRE(study.find("standard_1x1", {12, 8, 24}) != nullptr);
            CHECK(study.find("standard_1x1", {12, 8, 24})->shape.channels == 72);
        }
    }
}

TEST_CASE("Inside a network a block that fits leaves the DRAM to its weights") {
    BlockStudyOptions options;
    options.blocks = {"basic_residual"};
    options.shapes = {{16, 16, 32}};
    const Target target = Target::preset("u65-256");
    const BlockStudy alone = study_blocks(target, options);
    options.inside = true;
    const BlockStudy inside = study_blocks(target, options);
    REQUIRE(alone.points.size() == 1);
    REQUIRE(inside.points.size() == 1);
    CHECK(inside.inside);
    CHECK(inside.points[0].macs == alone.points[0].macs);
    CHECK(inside.points[0].cycles > Cycles{0});
    CHECK(inside.points[0].cycles < alone.points[0].cycles);
    // Alone it reads its input and writes its output there: 16 x 16 x 32 B each, at least.
    CHECK(alone.points[0].dram_bytes - inside.points[0].dram_bytes >= Bytes{2 * 16 * 16 * 32});
}

TEST_CASE("Progress goes from none to all") {
    BlockStudyOptions options;
    options.blocks = {"standard_1x1"};
    options.shapes = {{8, 8, 16}, {8, 8, 32}};
    std::vector<std::pair<std::size_t, std::size_t>> calls;
    options.progress = [&](std::size_t done, std::size_t all) { calls.emplace_back(done, all); };
    study_blocks(Target::preset("u65-256"), options);
    CHECK(calls == std::vector<std::pair<std::size_t, std::size_t>>{{0, 2}, {1, 2}, {2, 2}});
}

TEST_CASE("A study's text fits 100 columns; JSON and CSV have a row a point") {
    const BlockStudy study = small(BlockEqual::parameters);
    std::istringstream lines{study.to_text()};
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
    const Json json = Json::parse(study.to_json());
    REQUIRE(json.at("points").size() == study.points.size());
    CHECK(json.at("equal") == "parameters");
    CHECK(json.at("points")[0].at("cycles") == study.points[0].cycles.count());
    const std::string csv = study.to_csv();
    CHECK(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) ==
          study.points.size() + 1);
}

TEST_CASE("Unknown blocks and shapes a block cannot have are refused") {
    BlockStudyOptions options;
    options.blocks = {"nothing"};
    CHECK_THROWS_AS(study_blocks(Target::preset("u65-256"), options), InvalidModel);
    options.blocks = {"grouped"};
    options.shapes = {{8, 8, 18}};
    CHECK_THROWS_AS(study_blocks(Target::preset("u65-256"), options), InvalidModel);
}
