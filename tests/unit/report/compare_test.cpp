#include <catch2/catch.hpp>

#include <sstream>

#include <nlohmann/json.hpp>
#include <u65sim/compare.hpp>
#include <u65sim/error.hpp>

#include "unit/report/sample.hpp"

using namespace u65sim;
using Json = nlohmann::json;

namespace {

std::string changed() {
    Report report = sample::report();
    report.target.name = "another";
    report.total.cycles = 1500_cycles;
    report.operators[1].cycles += 500_cycles;
    report.operators[1].bound_by = Cause::weight_fetch;
    report.operators[0].name = "renamed";
    return report.to_json();
}

}  // namespace

TEST_CASE("A comparison takes its figures from the reports") {
    const std::string a = sample::report().to_json(), b = changed();
    const Comparison comparison = compare_reports({{"a.json", a}, {"b.json", b}});
    REQUIRE(comparison.runs.size() == 2);
    CHECK(comparison.runs[0].figures.front().second == 1000);
    CHECK(comparison.runs[1].figures.front().second == 1500);
    const std::string text = comparison.to_text();
    CHECK(text.find("+50.0 %") != std::string::npos);
    CHECK(text.find("second") != std::string::npos);
    CHECK(text.find("-> weight_fetch") != std::string::npos);
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);

    const Json json = Json::parse(comparison.to_json());
    CHECK(json.at("runs")[1].at("total.cycles") == 1500);
    // The largest difference first; an operator that a run does not have is null there.
    const Json& operators = json.at("operators");
    REQUIRE(operators.size() == 3);
    CHECK(operators[0].at("name") == "second");
    for (const Json& op : operators) {
        if (op.at("name") == "first") CHECK(op.at("cycles")[1].is_null());
        if (op.at("name") == "renamed") CHECK(op.at("cycles")[0].is_null());
    }
}

TEST_CASE("Equal reports do not differ") {
    const std::string a = sample::report().to_json();
    const std::string text = compare_reports({{"a", a}, {"b", a}}).to_text();
    CHECK(text.find("operators: 0 of") != std::string::npos);
    CHECK(text.find('%') == std::string::npos);
}

TEST_CASE("A run of another network is said to be one") {
    Report other = sample::report();
    for (OperatorReport& op : other.operators) op.name += "_of_another";
    const std::string a = sample::report().to_json(), b = other.to_json();
    CHECK(compare_reports({{"a", a}, {"b", b}}).to_text().find("B is another network") !=
          std::string::npos);
    CHECK(compare_reports({{"a", a}, {"b", a}}).to_text().find("warning") == std::string::npos);
}

TEST_CASE("What is no report is refused with the file and the key") {
    const std::string good = sample::report().to_json();
    const auto refused = [&](const std::string& bad, const std::string& because) {
        CHECK_THROWS_WITH(compare_reports({{"good.json", good}, {"bad.json", bad}}),
                          Catch::StartsWith("bad.json: ") && Catch::Contains(because));
    };
    refused("", "no JSON");
    refused("[1, 2", "no JSON");
    refused("[]", "schema_version");
    refused("{}", "schema_version");
    Json json = Json::parse(good);
    json["schema_version"] = 2;
    refused(json.dump(), "schema_version = 2: must be 1");
    json = Json::parse(good);
    json.erase("operators");
    refused(json.dump(), "operators: missing");
    json = Json::parse(good);
    json["total"]["cycles"] = "many";
    refused(json.dump(), "total.cycles = \"many\": must be a whole number");
    json = Json::parse(good);
    json["operators"][0].erase("bound_by");
    refused(json.dump(), "operators[].bound_by");
    CHECK_THROWS_AS(compare_reports({{"good.json", good}}), InvalidConfig);
}

TEST_CASE("Long names and many runs still fit 100 columns") {
    Report report = sample::report();
    report.model.name = std::string(200, 'n');
    report.operators[0].name = std::string(200, 'o');
    report.operators[0].cycles = Cycles{999'999'999'999};
    const std::string a = sample::report().to_json(), b = report.to_json();
    const std::vector<std::pair<std::string, std::string>> all{
        {std::string(150, 'f'), a}, {"b", b}, {"c", b}, {"d", b}};
    const std::string text = compare_reports(all).to_text();
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(line.size() <= 100);
    }
}
