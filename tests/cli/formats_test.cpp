// What other programs read of commands that people read as well.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "cli/program.hpp"

using namespace u65sim::cli_test;
using Json = nlohmann::json;

namespace {

Json json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = run(arguments);
    CAPTURE(arguments.front(), outcome.err);
    REQUIRE(outcome.exit_code == 0);
    return Json::parse(outcome.out);
}

}  // namespace

TEST_CASE("Lists are JSON too: the zoo, targets, their fields") {
    const Json zoo = json_of({"zoo", "list"});
    CHECK(std::any_of(zoo.begin(), zoo.end(),
                      [](const Json& each) { return each.at("name") == "ds_cnn"; }));
    const Json targets = json_of({"targets", "list"});
    CHECK(targets[0].at("name") == "u65-256");
    CHECK(targets[0].at("clock_hz") == 1'000'000'000);
    CHECK(targets[0].at("sram_bytes") == 384 * 1024);
    const Json fields = json_of({"targets", "fields", "--set", "sram.size=512KiB"});
    const auto size = std::find_if(fields.begin(), fields.end(),
                                   [](const Json& each) { return each.at("key") == "sram.size"; });
    REQUIRE(size != fields.end());
    CHECK(size->at("value") == 512 * 1024);
    CHECK(size->at("text") == "512KiB");
    CHECK(size->at("unit") == "bytes");
}

TEST_CASE("A graph as JSON has its operators, tensors and their sizes") {
    const Json graph = json_of({"graph", "ds_cnn"});
    CHECK(graph.at("name") == "ds_cnn");
    const Json& first = graph.at("operators")[0];
    CHECK(first.at("type") == "CONV_2D");
    CHECK(first.at("attributes").get<std::string>().find("same stride=") == 0);
    const Json& image = graph.at("tensors")[first.at("inputs")[0].get<std::size_t>()];
    std::int64_t bytes = 1;
    for (const Json& extent : image.at("shape")) bytes *= extent.get<std::int64_t>();
    CHECK(image.at("bytes") == bytes);
    CHECK_FALSE(image.at("constant").get<bool>());
}

TEST_CASE("operators tells the NPU's from the CPU's, in general and of a network") {
    const Json all = json_of({"operators"});
    CHECK(all.size() > 20);
    CHECK(all[0].at("operators") == "CONV_2D");
    for (const Json& row : all) {
        for (const char* key : {"operators", "types", "form", "left_to_cpu"}) {
            CHECK(row.at(key).get<std::string>().find("](") == std::string::npos);
        }
    }
    const Folder folder;
    const std::string net = folder.file("net.yaml");
    write(net,
          "name: mixed\ninputs:\n  - {name: image, shape: [1, 16, 17, 4]}\nlayers:\n"
          "  - {op: conv2d, name: tall, filters: 4, kernel: [65, 1]}\n"
          "  - {op: conv2d, name: small, filters: 4, kernel: 1}\n");
    const Json placed = json_of({"operators", net, "--target", "u55-128"});
    REQUIRE(placed.size() == 2);
    CHECK(placed[0].at("runs_on") == "cpu");
    CHECK_FALSE(placed[0].at("reason").get<std::string>().empty());
    CHECK(placed[1].at("runs_on") == "npu");
    const Outcome text = run({"operators", net});
    CHECK(text.out.find("1 of 2 operators on the NPU") != std::string::npos);
    CHECK(text.out.find("CPU  tall (CONV_2D): ") != std::string::npos);
}

TEST_CASE("advise gives the same advice as text, JSON and page") {
    const Json advice = json_of({"advise", "ds_cnn"});
    const Json& pieces = advice.at("advice");
    REQUIRE(pieces.size() > 3);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        CHECK(pieces[i - 1].at("saved_cycles") >= pieces[i].at("saved_cycles"));
    }
    CHECK(advice.at("memories").size() == 2);
    const std::string first = pieces[0].at("text");
    CHECK(run({"advise", "ds_cnn"}).out.find(first) != std::string::npos);
    const Folder folder;
    const std::string page = folder.file("advice.html");
    REQUIRE(run({"advise", "ds_cnn", "-o", page}).exit_code == 0);
    CHECK(read(page).find(first) != std::string::npos);
}

TEST_CASE("--explain ranks what is at stake, adds it up and concludes") {
    const Outcome outcome =
        run({"compile", "mobilenet_v2_224", "--set", "sram.size=192KiB", "--explain"});
    REQUIRE(outcome.exit_code == 0);
    const std::string title = "Spilled maps, by the cycles they are predicted to cost: ";
    REQUIRE(outcome.out.starts_with(title));
    std::int64_t sum = 0, last = 0;
    std::size_t at = outcome.out.find('\n') + 1;
    for (std::size_t end = at; outcome.out[at] == ' '; at = end + 1) {
        end = outcome.out.find('\n', at);
        const std::int64_t cost = std::stoll(outcome.out.substr(at, end - at));
        CHECK((sum == 0 || cost <= last));
        last = cost;
        sum += cost;
    }
    CHECK(sum > 0);
    CHECK(outcome.out.find(" " + std::to_string(sum) + " cycles together\n") < 100);
    CHECK(outcome.out.find("\nMost is lost by ") != std::string::npos);
}
