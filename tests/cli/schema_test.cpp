// What the program writes for other programs keeps to the schemas of docs/schemas.
#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "cli/json_schema.hpp"
#include "cli/program.hpp"
#include "support/environment.hpp"

using namespace u65sim::cli_test;
using Json = nlohmann::json;

namespace {

Json schema(const std::string& name) {
    return Json::parse(
        read((u65sim::test::source_folder() / "docs/schemas" / (name + ".schema.json")).string()));
}

Json json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = run(arguments);
    CAPTURE(outcome.err);
    REQUIRE(outcome.exit_code == 0);
    return Json::parse(outcome.out);
}

using Errors = std::vector<std::string>;

}  // namespace

TEST_CASE("Reports of every kind keep to their schema") {
    const Json reports = schema("report");
    const Folder folder;
    const std::string cpu = folder.file("cpu.yaml");
    write(cpu,
          "name: far\ninputs:\n  - {name: image, shape: [1, 16, 17, 4]}\nlayers:\n"
          "  - {op: conv2d, filters: 4, kernel: [65, 1]}\n");
    const std::vector<std::vector<std::string>> runs{
        {"run", "ds_cnn", "--timeline"},
        {"run", "mobilenet_v1_025_96", "--set", "sram.size=48KiB"},
        {"run", "ds_cnn", "--set", "platform.traffic=dram 100MB/s"},
        {"run", "ds_cnn", "-t", "u55-128", "--set", "memory.mode=sram_only"},
        {"run", "ds_cnn", "--set", "memory.ideal=true"},
        {"run", "ds_cnn", "-t", "psoc-edge-e84"},
        {"run", cpu}};
    for (const auto& arguments : runs) {
        CAPTURE(arguments.back());
        CHECK(schema_errors(reports, json_of(arguments)) == Errors{});
    }
}

TEST_CASE("The schema of reports refuses what no report says") {
    const Json reports = schema("report");
    const Json report = json_of({"run", "ds_cnn"});
    const auto refused = [&](const char* path, const Json& value) {
        Json wrong = report;
        wrong[Json::json_pointer{path}] = value;
        CAPTURE(path);
        CHECK(schema_errors(reports, wrong).size() == 1);
    };
    refused("/schema_version", 2);
    refused("/total/cycles", -1);
    refused("/total/latency_ms", "fast");
    refused("/stalls/mac", 0.5);
    refused("/stalls/idle", 1);
    refused("/operators/0/bound_by", "luck");
    refused("/dram/ceilings/0/kind", "mood");
    Json without = report;
    without.at("total").erase("cycles");
    CHECK(schema_errors(reports, without) == Errors{"/total: must have \"cycles\""});
}

TEST_CASE("Advice and results of studies keep to their schemas") {
    CHECK(schema_errors(schema("advice"), json_of({"advise", "ds_cnn"})) == Errors{});
    const Folder folder;
    const std::string study = folder.file("study.yaml");
    write(study,
          "title: t\nnetwork: ds_cnn\naxes:\n  - sram.size: [16KiB, 384KiB]\n"
          "pareto: [latency_ms, sram_peak_bytes]\n"
          "sensitivities: {fields: [dram.bandwidth]}\n"
          "uncertainty: {samples: 2, of: {dram.read_latency: 20 %}}\n");
    REQUIRE(run({"study", study, "-o", folder.file("out")}).exit_code == 0);
    const Json results = Json::parse(read(folder.file("out/results.json")));
    CHECK(schema_errors(schema("study"), results) == Errors{});
    CHECK(results.at("sensitivities").size() == 2);
    write(study,
          "title: t\nnetwork: ds_cnn\naxes:\n  - network.width: [0.25, 4, 8]\n"
          "pareto: [latency_ms, {macs: smallest}]\nsimulate: front\n");
    REQUIRE(run({"study", study, "-o", folder.file("front")}).exit_code == 0);
    const Json front = Json::parse(read(folder.file("front/results.json")));
    CHECK(schema_errors(schema("study"), front) == Errors{});
    CHECK(front.at("effort_quick").at("estimated") == 2);
    CHECK(front.at("rows")[2].at("bounds").at("macs").at("least") ==
          front.at("rows")[2].at("measures").at("macs"));
}
