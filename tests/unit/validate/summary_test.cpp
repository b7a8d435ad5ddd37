#include <u65sim/validate.hpp>

#include <algorithm>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <u65sim/error.hpp>

using namespace u65sim;
using Status = ValidationResult::Status;

namespace {

ValidationResult measured(const std::string& target, double ours, double reference) {
    ValidationResult result;
    result.row.group = "g";
    result.row.network = "zoo:net";
    result.row.target = target;
    result.row.producer = "own";
    result.row.counter = "NPU_ACTIVE";
    result.row.reference = reference;
    result.row.source = "a paper";
    result.status = Status::measured;
    result.ours = ours;
    return result;
}

ValidationResult skipped(const std::string& target) {
    ValidationResult result = measured(target, 0, 100);
    result.status = Status::skipped;
    result.reason = "no such file: x.tflite";
    return result;
}

Validation sample() {
    Validation validation;
    validation.u65sim_version = "9.9.9";
    validation.plan.titles = {"Sample"};
    validation.plan.notes = {""};
    validation.results = {measured("u65-256", 1'030'000, 1'000'000),
                          measured("u65-512", 950'000, 1'000'000), skipped("u55-32")};
    validation.results[0].row.baseline = 1'200'000;
    return validation;
}

}  // namespace

TEST_CASE("errors are signed percent of the reference") {
    CHECK(measured("t", 103, 100).error_percent().value() == Approx(3.0));
    CHECK(measured("t", 95, 100).error_percent().value() == Approx(-5.0));
    CHECK_FALSE(skipped("t").error_percent().has_value());
}

TEST_CASE("a group's mean is of absolute errors, its worst keeps the sign") {
    const auto summaries = sample().summaries();
    REQUIRE(summaries.size() == 1);
    CHECK(summaries[0].rows == 2);
    CHECK(summaries[0].others == 1);
    CHECK(summaries[0].mean == Approx(4.0));
    CHECK(summaries[0].worst == Approx(-5.0));
    CHECK(summaries[0].bias == Approx(-1.0));
    CHECK(summaries[0].worst_row == "net on u65-512");
    CHECK(summaries[0].baseline_mean.value() == Approx(20.0));
    CHECK(sample().summaries_by_target().size() == 3);
}

TEST_CASE("a goal is met only when every row was measured") {
    Validation validation = sample();
    validation.plan.goals = {{"g", "own", "", 4.5, 6.0}};
    CHECK(validation.summaries()[0].meets_goal() == false);
    validation.results.pop_back();
    CHECK(validation.summaries()[0].meets_goal() == true);
    validation.plan.goals = {{"g", "own", "", 3.5, std::nullopt}};
    CHECK(validation.summaries()[0].meets_goal() == false);
    validation.plan.goals = {{"g", "own", "", std::nullopt, 4.5}};
    CHECK(validation.summaries()[0].meets_goal() == false);
    validation.plan.goals = {{"g", "another", "", 9.0, 9.0}};
    CHECK_FALSE(validation.summaries()[0].meets_goal().has_value());
    validation.plan.goals = {{"g", "own", "u65-256", 3.5, std::nullopt}};
    CHECK_FALSE(validation.summaries()[0].meets_goal().has_value());
    CHECK(validation.summaries_by_target()[0].meets_goal() == true);
    CHECK_FALSE(validation.summaries_by_target()[1].meets_goal().has_value());
}

TEST_CASE("a bound counts no error, only whether ours keeps to it") {
    ValidationResult result = measured("t", 90, 100);
    result.row.kind = ReferenceKind::upper_bound;
    CHECK_FALSE(result.error_percent().has_value());
    CHECK(result.agrees() == true);
    result.ours = 101;
    CHECK(result.agrees() == false);
    result.row.kind = ReferenceKind::lower_bound;
    CHECK(result.agrees() == true);
    result.status = Status::skipped;
    CHECK_FALSE(result.agrees().has_value());

    Validation validation;
    validation.results = {result};
    CHECK(validation.summaries().empty());
}

TEST_CASE("what does not fit must be refused") {
    ValidationResult result = measured("t", 0, 0);
    result.row.kind = ReferenceKind::does_not_fit;
    CHECK(result.agrees() == false);
    result.status = Status::refused;
    CHECK(result.agrees() == true);
    Validation validation;
    validation.results = {result};
    CHECK(validation.failures() == 0);
    // A figure's network that is refused is a failure.
    validation.results[0].row.kind = ReferenceKind::figure;
    CHECK(validation.failures() == 1);
}

TEST_CASE("text stays within 100 columns and says what was left out") {
    Validation validation = sample();
    validation.results[0].row.group = std::string(150, 'g');
    validation.results[0].row.network = "zoo:" + std::string(150, 'n');
    validation.results[0].row.label = std::string(150, 'l');
    std::istringstream text(validation.to_text());
    for (std::string line; std::getline(text, line);) {
        CAPTURE(line);
        CHECK(line.size() <= 100);
    }
    CHECK_THAT(validation.to_text(), Catch::Contains("1 rows skipped: no such file: x.tflite"));
    CHECK_THAT(validation.to_text(), Catch::Contains("-5.00 %"));
}

TEST_CASE("csv has a line a row, quoted where needed") {
    Validation validation = sample();
    validation.results[0].row.group = "a, \"b\"";
    const std::string csv = validation.to_csv();
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
    CHECK_THAT(csv, Catch::Contains("\n\"a, \"\"b\"\"\",own,"));
    CHECK_THAT(csv, Catch::Contains(",measured,950000,1000000,-5.0000,"));
}

TEST_CASE("json carries every row and group, null where there is no figure") {
    const auto json = nlohmann::json::parse(sample().to_json());
    REQUIRE(json["rows"].size() == 3);
    CHECK(json["rows"][1]["error_percent"].get<double>() == Approx(-5.0));
    CHECK(json["rows"][2]["error_percent"].is_null());
    CHECK(json["rows"][2]["ours"].is_null());
    CHECK(json["rows"][2]["status"] == "skipped");
    CHECK(json["groups"][0]["mean_percent"].get<double>() == Approx(4.0));
    CHECK(json["groups"][0]["goal_met"].is_null());
}

TEST_CASE("html escapes what rows hold, and plots one mark a measured figure") {
    Validation validation = sample();
    validation.results[0].row.group = "<b>&\"";
    const std::string html = validation.to_html();
    CHECK(html.find("<b>") == std::string::npos);
    CHECK_THAT(html, Catch::Contains("&lt;b&gt;&amp;&quot;"));
    std::size_t marks = 0;
    for (auto at = html.find("class=\"mark"); at != std::string::npos;
         at = html.find("class=\"mark", at + 1)) {
        ++marks;
    }
    CHECK(marks == 2);
    CHECK(html.find("http") == std::string::npos);
}

TEST_CASE("markdown keeps its tables when a name holds a bar") {
    Validation validation = sample();
    validation.results[0].row.network = "zoo:a|b";
    CHECK_THAT(validation.to_markdown(), Catch::Contains("| a\\|b | u65-256 |"));
}

TEST_CASE("a validation without results renders everywhere") {
    const Validation none;
    CHECK_FALSE(none.to_text().empty());
    CHECK_FALSE(none.to_csv().empty());
    CHECK_FALSE(none.to_json().empty());
    CHECK_FALSE(none.to_markdown().empty());
    CHECK_FALSE(none.to_html().empty());
}

TEST_CASE("absent files skip a row, wrong targets and settings stop the run") {
    ValidationPlan plan;
    plan.titles = {"t"};
    plan.notes = {""};
    ValidationRow row;
    row.place = "a.yaml:3:5";
    row.group = "g";
    row.network = "${NOWHERE}/x.tflite";
    row.target = "u65-256";
    row.producer = "own";
    row.counter = "NPU_ACTIVE";
    row.reference = 1;
    plan.rows = {row};
    ValidateOptions options;
    options.variable = [](const std::string&) { return std::optional<std::string>{}; };
    Validation validation = validate(plan, options);
    REQUIRE(validation.results.size() == 1);
    CHECK(validation.results[0].status == Status::skipped);
    CHECK_THAT(validation.results[0].reason, Catch::Contains("NOWHERE"));

    options.variable = [](const std::string&) {
        return std::optional<std::string>{"/nowhere/at/all"};
    };
    validation = validate(plan, options);
    CHECK(validation.results[0].status == Status::skipped);
    CHECK_THAT(validation.results[0].reason, Catch::Contains("no such file"));

    options.only = {"u55"};
    CHECK(validate(plan, options).results.empty());
    options.only.clear();

    plan.rows[0].target = "u65-257";
    CHECK_THROWS_WITH(validate(plan, options), Catch::StartsWith("a.yaml:3:5: "));
    plan.rows[0].target = "u65-256";
    plan.rows[0].settings = {"sram.bandwith=1"};
    CHECK_THROWS_WITH(validate(plan, options), Catch::Contains("sram.bandwidth"));
}

TEST_CASE("rows of one pair come out in the references' order or are told") {
    Validation validation;
    validation.results = {measured("a", 90, 100), measured("b", 150, 200), measured("c", 80, 300)};
    for (ValidationResult& each : validation.results) each.row.pair = "flash or SRAM";
    validation.results.push_back(skipped("d"));
    validation.results.back().row.pair = "flash or SRAM";
    const auto pairs = validation.pairs();
    REQUIRE(pairs.size() == 3);
    CHECK(pairs[0].first == "net on a");
    CHECK(pairs[0].second == "net on b");
    CHECK(pairs[0].ours == Approx(150.0 / 90));
    CHECK(pairs[0].reference == 2.0);
    CHECK(pairs[0].agrees());
    CHECK_FALSE(pairs[1].agrees());
    CHECK_FALSE(pairs[2].agrees());
    CHECK(validation.to_text().find("DISAGREES") != std::string::npos);
    CHECK(validation.to_markdown().find("## Pairs") != std::string::npos);
    CHECK(nlohmann::json::parse(validation.to_json()).at("pairs").size() == 3);
}

TEST_CASE("a reference may lie in the range of ours or outside") {
    ValidationResult result = measured("a", 90, 100);
    CHECK_FALSE(result.in_range());
    result.low = 80;
    result.high = 100;
    CHECK(result.in_range() == true);
    result.high = 99;
    CHECK(result.in_range() == false);
    Validation validation;
    validation.results = {result};
    CHECK(validation.to_text().find("80 to 99 !") != std::string::npos);
    CHECK(validation.to_markdown().find("| 80 to 99 ! |") != std::string::npos);
}

TEST_CASE("boards have their measurements' results at hand") {
    const auto rows = recorded_rows("ra8p1");
    REQUIRE_FALSE(rows.empty());
    for (const RecordedRow& row : rows) {
        CHECK(row.target == "ra8p1");
        CHECK(row.ours > 0.0);
        CHECK(row.reference > 0.0);
    }
    CHECK(recorded_rows("no-such-board").empty());
}
