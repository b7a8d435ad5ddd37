// Boards from outside: what is known of them, what a whole inference takes, how one's own is
// fitted.
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

using namespace u65sim::cli_test;
using Catch::Contains;
using nlohmann::json;

TEST_CASE("A board is listed, and shown with what is known, what is assumed, and its rows") {
    const Outcome list = run({"targets", "list"});
    CHECK_THAT(list.out, Contains("boards:") && Contains("  ra8p1 ") && Contains("  imx93 "));
    const Outcome shown = run({"targets", "show", "ra8p1"});
    REQUIRE(shown.exit_code == 0);
    CHECK_THAT(shown.out, Contains("# known from the vendor:") && Contains("# ASSUMED") &&
                              Contains("driver_call_us = 6 (3 to 15)") &&
                              Contains("# measurements") && Contains("npu_ms"));
    const Folder folder;
    const std::string file = folder.file("board.yaml");
    write(file, shown.out);
    CHECK(run({"targets", "show", file}).out == shown.out);
    CHECK(run({"targets", "show", "u65-256"}).out.front() != '#');
    CHECK_THAT(run({"targets", "cpus"}).out, Contains("cortex-m55") && Contains("softmax"));
    const json costs = json::parse(run({"targets", "cpus", "--format", "json"}).out);
    CHECK(costs.at(0).at("low_cycles") <= costs.at(0).at("cycles"));
}

TEST_CASE("A board's .ini for Vela is read back") {
    const Folder folder;
    const std::string file = folder.file("alif.ini");
    REQUIRE(run({"targets", "export", "alif-e7-hp", "--vela-ini", "-o", file}).exit_code == 0);
    CHECK_THAT(read(file), Contains("[System_Config.alif_e7_hp]") &&
                               Contains("Sram_clock_scale=0.762\n") &&
                               Contains("OffChipFlash_read_latency=60\n"));
    const Outcome back = run({"targets", "show", "u55-256", "--vela-config", file,
                              "--system-config", "alif_e7_hp", "--memory-mode", "alif_e7_hp"});
    REQUIRE(back.exit_code == 0);
    CHECK_THAT(back.out, Contains("clock: 400MHz") && Contains("bandwidth: 6.096"));
    CHECK(run({"targets", "export", "alif-e7-hp"}).exit_code == 2);
}

TEST_CASE("A run on a board has the whole inference with its range") {
    const Outcome text = run({"run", "ds_cnn", "--target", "psoc-edge-e84"});
    REQUIRE(text.exit_code == 0);
    CHECK_THAT(text.out, Contains("  whole inference ") && Contains("\nthe whole inference\n"));
    const json report =
        json::parse(run({"run", "ds_cnn", "--target", "psoc-edge-e84", "--format", "json"}).out);
    const json& all = report.at("inference");
    CHECK(all.at("npu").at("low_ms") < all.at("npu").at("ms"));
    CHECK(all.at("npu").at("high_ms") > all.at("npu").at("ms"));
    // Numbers that are known leave what the simulator itself may be off.
    const json known =
        json::parse(run({"run", "ds_cnn", "--target", "ra8p1", "--format", "json"}).out)
            .at("inference")
            .at("npu");
    CHECK(known.at("low_ms").get<double>() == Approx(0.97 * known.at("ms").get<double>()));
    CHECK(known.at("high_ms").get<double>() == Approx(1.03 * known.at("ms").get<double>()));
    CHECK(all.at("low_ms") < all.at("ms"));
    CHECK(all.at("high_ms") > all.at("ms"));
    CHECK(json::parse(run({"run", "ds_cnn", "--format", "json"}).out).contains("inference") ==
          false);
}

TEST_CASE("A board of one's own is fitted to a handful of rows") {
    const Folder folder;
    const std::string board = folder.file("board.yaml");
    const std::string rows = folder.file("rows.yaml");
    const std::string fitted = folder.file("fitted.yaml");
    write(board,
          "base: u55-64\nname: mine\n"
          "dram.bandwidth: {value: 1, assumed: a guess, range: [0.1, 2]}\n");
    const auto latency = [](const std::string& network) {
        const Outcome ran = run({"run", network, "--target", "u55-64", "--set",
                                 "dram.bandwidth=0.4", "--format", "json"});
        return json::parse(ran.out).at("total").at("latency_ms").dump();
    };
    write(rows,
          "title: t\nproducers: [{name: own}]\n"
          "defaults: {group: g, target: mine, counter: latency_ms, source: a scope}\nrows:\n"
          "  - {network: \"zoo:ds_cnn\", value: " +
              latency("ds_cnn") +
              "}\n"
              "  - {network: \"zoo:autoencoder\", value: " +
              latency("autoencoder") + "}\n");
    const Outcome text = run({"fit", board, rows, "--noise", "1"});
    CAPTURE(text.err);
    REQUIRE(text.exit_code == 0);
    CHECK_THAT(text.out, Contains("mine fitted to 2 rows") && Contains("dram.bandwidth"));
    REQUIRE(run({"fit", board, rows, "--noise", "1", "--format", "yaml", "-o", fitted}).exit_code ==
            0);
    CHECK_THAT(read(fitted), Contains("measured: \"fitted to 2 rows, 99 %\""));
    const json found =
        json::parse(run({"fit", board, rows, "--noise", "1", "--format", "json"}).out);
    CHECK(found.at("fields").at(0).at("value").get<double>() == Approx(0.4).epsilon(0.03));
    CHECK(run({"fit", board, rows, "--free", "dram.bandwith"}).exit_code == 2);
    CHECK(run({"fit", board}).exit_code == 2);
}
