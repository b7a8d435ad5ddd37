// u65sim blocks and u65sim compare from outside.
#include <catch2/catch.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"

using namespace u65sim::cli_test;
using Json = nlohmann::json;

TEST_CASE("blocks times what was asked for, the same way every time") {
    const std::vector<std::string> arguments{"blocks",  "--block", "ghost_module", "--block",
                                             "grouped", "--shape", "8x8x16",       "--shape",
                                             "8x8x32",  "-f",      "json"};
    const Outcome outcome = run(arguments);
    REQUIRE(outcome.exit_code == 0);
    CHECK(outcome.err.empty());
    const Json points = Json::parse(outcome.out).at("points");
    REQUIRE(points.size() == 4);
    CHECK(points[0].at("block") == "ghost_module");
    CHECK(points[1].at("block") == "grouped");
    CHECK(points[3].at("channels") == 32);
    CHECK(run(arguments).out == outcome.out);
}

TEST_CASE("blocks sweeps the axes named and keeps the others") {
    const Outcome outcome = run(
        {"blocks", "--block", "standard_1x1", "--shape", "10x12x16", "--sweep", "c", "-f", "json"});
    REQUIRE(outcome.exit_code == 0);
    const Json points = Json::parse(outcome.out).at("points");
    REQUIRE(points.size() == 6);
    for (const Json& point : points) {
        CHECK(point.at("height") == 10);
        CHECK(point.at("width") == 12);
    }
    CHECK(points[5].at("channels") == 512);
}

TEST_CASE("blocks names its blocks and refuses what it does not know") {
    const Outcome list = run({"blocks", "--list"});
    CHECK(list.exit_code == 0);
    CHECK(std::count(list.out.begin(), list.out.end(), '\n') == 16);
    const Outcome unknown = run({"blocks", "--block", "ghost_modul", "--shape", "8x8x16"});
    CHECK(unknown.exit_code == 2);
    CHECK(unknown.err.find("ghost_module") != std::string::npos);
    const Outcome shape = run({"blocks", "--shape", "8x8"});
    CHECK(shape.exit_code == 2);
    CHECK(shape.err.find("HEIGHTxWIDTHxCHANNELS") != std::string::npos);
}

TEST_CASE("compare says what changed, and refuses what is no report") {
    const Folder folder;
    const std::string a = folder.file("a.json"), b = folder.file("b.json");
    REQUIRE(run({"run", "ds_cnn", "-f", "json", "-o", a}).exit_code == 0);
    REQUIRE(run({"run", "ds_cnn", "--set", "dram.read_latency=1000", "-f", "json", "--timeline",
                 "-o", b})
                .exit_code == 0);
    const std::int64_t before = Json::parse(read(a)).at("total").at("cycles");
    const std::int64_t after = Json::parse(read(b)).at("total").at("cycles");
    CHECK(Json::parse(read(b)).contains("timeline"));
    const Outcome text = run({"compare", a, b});
    REQUIRE(text.exit_code == 0);
    CHECK(text.out.find("against A") != std::string::npos);
    const Json json = Json::parse(run({"compare", a, b, "-f", "json"}).out);
    CHECK(json.at("runs")[0].at("total.cycles") == before);
    CHECK(json.at("runs")[1].at("total.cycles") == after);
    write(b, "{}");
    const Outcome bad = run({"compare", a, b});
    CHECK(bad.exit_code == 2);
    CHECK(bad.err.find("b.json: schema_version: missing") != std::string::npos);
    CHECK(bad.out.empty());
    CHECK(run({"compare", a}).exit_code == 2);
}

TEST_CASE("blocks says what it left out, and plans as it is told") {
    const std::vector<std::string> arguments{"blocks",  "--block", "depthwise", "--shape",
                                             "8x8x512", "--equal", "macs"};
    const Outcome text = run(arguments);
    REQUIRE(text.exit_code == 0);
    CHECK(text.out.find("left out\n  depthwise at 8x8x512: ") != std::string::npos);
    std::vector<std::string> as_json = arguments;
    as_json.insert(as_json.end(), {"-f", "json"});
    const Json study = Json::parse(run(as_json).out);
    CHECK(study.at("points").empty());
    REQUIRE(study.at("left_out").size() == 1);
    CHECK(study.at("left_out")[0].at("block") == "depthwise");

    const auto cycles = [](const std::vector<std::string>& more) {
        std::vector<std::string> all{
            "blocks", "--block", "inverted_bottleneck", "--shape", "28x28x64", "-f", "json"};
        all.insert(all.end(), more.begin(), more.end());
        const Outcome outcome = run(all);
        REQUIRE(outcome.exit_code == 0);
        return Json::parse(outcome.out).at("points")[0].at("cycles").get<std::int64_t>();
    };
    const std::int64_t ours = cycles({});
    CHECK(cycles({"--effort", "high"}) <= ours);
    CHECK(cycles({"--like-vela"}) != ours);
    CHECK(run({"blocks", "--document", "d", "--block", "depthwise"}).exit_code == 2);
}

TEST_CASE("Runs of one network on one target are told apart by what else differs") {
    const Folder folder;
    const std::string a = folder.file("a.json"), b = folder.file("b.json");
    REQUIRE(run({"run", "ds_cnn", "-o", a}).exit_code == 0);
    REQUIRE(run({"run", "ds_cnn", "--set", "dram.read_latency=1000", "-o", b}).exit_code == 0);
    const Outcome text = run({"compare", a, b});
    REQUIRE(text.exit_code == 0);
    CHECK(text.out.find("dram.read_latency") != std::string::npos);
}
