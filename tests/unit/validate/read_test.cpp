#include <u65sim/validate.hpp>

#include <filesystem>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

#include "support/environment.hpp"

using namespace u65sim;

namespace {

const char* const head =
    "title: T\n"
    "producers:\n"
    "  - {name: peer, file: \"${DIR}/{target}/{network}_c.tflite\"}\n"
    "  - {name: own}\n"
    "rows:\n";

std::string document(const std::string& rows) { return head + rows; }

const char* const row =
    "  - {group: g, network: \"zoo:tiny\", target: u65-256, counter: NPU_ACTIVE,"
    " source: s, value: 100";

}  // namespace

TEST_CASE("a row stands once for each producer") {
    const ValidationPlan plan = read_validation_text(document(std::string(row) + "}\n"), "a.yaml");
    REQUIRE(plan.rows.size() == 2);
    CHECK(plan.rows[0].producer == "peer");
    CHECK(plan.rows[0].compiled_file == "${DIR}/u65-256/tiny_c.tflite");
    CHECK(plan.rows[1].producer == "own");
    CHECK(plan.rows[1].compiled_file.empty());
    CHECK(plan.rows[1].reference == 100.0);
    CHECK(plan.rows[1].kind == ReferenceKind::figure);
    CHECK(plan.rows[1].place == "a.yaml:6:5");
}

TEST_CASE("a row's own fields win over its file's defaults") {
    const ValidationPlan plan = read_validation_text(
        "title: T\nproducers: [{name: own}]\n"
        "defaults: {group: g, network: \"zoo:a\", target: u65-256, counter: C, source: s}\n"
        "rows:\n  - {value: 1}\n  - {value: 2, network: \"zoo:b\", set: [x=1, y=2]}\n");
    REQUIRE(plan.rows.size() == 2);
    CHECK(plan.rows[0].network == "zoo:a");
    CHECK(plan.rows[1].network == "zoo:b");
    CHECK(plan.rows[1].settings == std::vector<std::string>{"x=1", "y=2"});
    CHECK(plan.rows[1].label == "x=1 y=2");
}

TEST_CASE("bounds and refusals are kinds of their own") {
    const std::string rows = std::string(row) + ", bound: upper, producer: own}\n" + row +
                             ", bound: lower, producer: own}\n" +
                             "  - {group: g, network: n, target: u65-256, counter: c, source: s,"
                             " producer: own, value: does not fit}\n";
    const ValidationPlan plan = read_validation_text(document(rows));
    REQUIRE(plan.rows.size() == 3);
    CHECK(plan.rows[0].kind == ReferenceKind::upper_bound);
    CHECK(plan.rows[1].kind == ReferenceKind::lower_bound);
    CHECK(plan.rows[2].kind == ReferenceKind::does_not_fit);
}

TEST_CASE("mistakes in a file of rows are told with their place") {
    const auto [text, message] = GENERATE(table<std::string, std::string>({
        {"  - {group: g, network: n, target: u65-256, conter: c, source: s, value: 1}\n",
         "a.yaml:6:45: unknown key conter; the nearest known one is counter"},
        {"  - {group: g, network: n, target: u65-256, source: s, value: 1}\n",
         "a.yaml:6:5: counter: must be given"},
        {"  - {group: g, network: n, target: t, counter: c, source: s, value: fast}\n",
         "value = fast: must be a number above 0"},
        {"  - {group: g, network: n, target: t, counter: c, source: s, value: 0}\n",
         "value = 0: must be a number above 0"},
        {"  - {group: g, network: n, target: t, counter: c, source: s, value: nan}\n",
         "value = nan: must be a number above 0"},
        {"  - {group: g, network: n, target: t, counter: c, source: s, value: 1, bound: left}\n",
         "bound = left: must be upper or lower"},
        {"  - {group: g, network: n, target: t, counter: c, source: s, value: 1, producer: x}\n",
         "producer = x: must be one of peer, own"},
        {"  - {group: g, network: n, target: t, counter: c, source: s, value: 1, set: fast}\n",
         "set = fast: must be key=value"},
        {"  - {group: g, group: h, network: n, target: t, counter: c, source: s, value: 1}\n",
         "group: must be given only once"},
        {"  - {group: g, network: n, target: t, counter: c, source: s, value: 1, baseline: 2}\n",
         "baseline: the file must say whose it is"},
        {"  - 7\n", "a.yaml:6:5: a row: must be a map of"},
        {"  - {group: [\n", "a.yaml:7:"},
    }));
    CAPTURE(text);
    CHECK_THROWS_AS(read_validation_text(document(text), "a.yaml"), InvalidConfig);
    CHECK_THROWS_WITH(read_validation_text(document(text), "a.yaml"), Catch::Contains(message));
}

TEST_CASE("a goal must be the same wherever it is given") {
    const std::string rows = std::string(row) + "}\n";
    const auto with = [&](const std::string& goals) {
        return read_validation_text(document(rows) + "goals:\n" + goals);
    };
    CHECK(with("  - {group: g, mean: 2}\n  - {group: g, mean: 2}\n").goals.size() == 1);
    CHECK_THROWS_WITH(with("  - {group: g, mean: 2}\n  - {group: g, mean: 3}\n"),
                      Catch::Contains("must be the same"));
    CHECK_THROWS_WITH(with("  - {group: g}\n"), Catch::Contains("must give mean, worst or both"));
}

TEST_CASE("a file that is not there is an error") {
    CHECK_THROWS_AS(read_validation({"/nowhere/rows.yaml"}), FileError);
}

TEST_CASE("every file of reference rows in the repository reads") {
    std::size_t files = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(test::source_folder() / "configs" / "validation")) {
        CAPTURE(entry.path());
        ++files;
        CHECK_FALSE(read_validation({entry.path()}).rows.empty());
    }
    CHECK(files >= 7);
}

TEST_CASE("a row may have a compiled file of its own, and a pair") {
    const ValidationPlan plan = read_validation_text(
        "title: T\nproducers: [{name: own, like_vela: true}]\n"
        "defaults: {group: g, network: n, target: u65-256, counter: C, source: s, value: 1}\n"
        "rows:\n  - {file: \"${DIR}/{target}.bin\", pair: p}\n  - {value: 2}\n");
    REQUIRE(plan.rows.size() == 2);
    CHECK(plan.rows[0].compiled_file == "${DIR}/u65-256.bin");
    CHECK_FALSE(plan.rows[0].like_vela);
    CHECK(plan.rows[0].pair == "p");
    CHECK(plan.rows[1].compiled_file.empty());
    CHECK(plan.rows[1].like_vela);
    CHECK(plan.rows[1].pair.empty());
}
