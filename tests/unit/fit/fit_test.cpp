#include <u65sim/fit.hpp>

#include <cmath>
#include <random>
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/zoo.hpp>

using namespace u65sim;
using Catch::Contains;
using Verdict = FittedField::Verdict;

namespace {

/// What a made-up board has, which the fit is to find.
struct Truth {
    double sram, dram, call;
};

const std::vector<std::string> free_fields{"sram.bandwidth=1..8", "dram.bandwidth=0.1..4",
                                           "host.driver_call_us=1..400"};

Target board_of(const Truth& truth) {
    Target board = Target::preset("u55-64");
    board.name = "made-up";
    // At a steady rate: of grants of whole beats a period, bandwidths up to 5 % apart are equal.
    board.set("sram.bandwidth_period=0");
    board.set("dram.bandwidth_period=0");
    board.set(fmt::format("sram.bandwidth={:.6f}", truth.sram));
    board.set(fmt::format("dram.bandwidth={:.6f}", truth.dram));
    board.set(fmt::format("host.driver_call_us={:.6f}", truth.call));
    return board;
}

/// Four small networks, constants in flash and in SRAM.
std::string rows_text(const std::vector<double>& values) {
    std::string text =
        "title: made-up\nproducers: [{name: own}]\n"
        "defaults: {group: g, target: u55-64, counter: latency_ms, source: made up}\nrows:\n";
    std::size_t next = 0;
    for (const char* mode : {"shared_sram", "sram_only"}) {
        for (const char* network : {"autoencoder", "ds_cnn", "rnnoise", "resnet8"}) {
            text += fmt::format("  - {{network: \"zoo:{}\", set: memory.mode={}, value: {:.9g}}}\n",
                                network, mode, values[next++]);
        }
    }
    return text;
}

ValidationPlan plan(const std::vector<double>& values) {
    return read_validation_text(rows_text(values));
}

/// What the fits begin at, which the boards' streams are compiled for too.
const Truth guess{8.0, 2.0, 10.0};

/// What a clock beside the board would measure without noise.
std::vector<double> exact(const Truth& truth) {
    std::vector<double> values;
    for (const char* mode : {"memory.mode=shared_sram", "memory.mode=sram_only"}) {
        Target known = board_of(guess);
        Target board = board_of(truth);
        known.set(mode);
        board.set(mode);
        for (const char* network : {"autoencoder", "ds_cnn", "rnnoise", "resnet8"}) {
            const CompiledNetwork stream = compile(zoo(network), known, {}, Effort::normal);
            values.push_back(make_report(stream, board, simulate(stream, board)).latency_ms());
        }
    }
    return values;
}

std::vector<double> noisy(std::vector<double> values, double percent, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0.0, percent / 100.0);
    for (double& value : values) value *= std::exp(normal(random));
    return values;
}

const FittedField& field(const Fit& result, const std::string& key) {
    for (const FittedField& each : result.fields) {
        if (each.key == key) return each;
    }
    throw std::logic_error(key);
}

}  // namespace

TEST_CASE("eight noisy rows give the numbers of made-up boards within the stated intervals") {
    const std::vector<Truth> boards{{4.0, 0.5, 60.0},
                                    {2.0, 0.2, 120.0},
                                    {3.0, 1.0, 30.0},
                                    {1.5, 0.35, 200.0},
                                    {2.5, 0.8, 90.0}};
    unsigned seed = 1;
    for (const Truth& truth : boards) {
        CAPTURE(truth.sram, truth.dram, truth.call);
        FitOptions options;
        options.free = free_fields;
        options.noise_percent = 2.0;
        // The search begins far from the board.
        const Fit result = fit(board_of(guess), plan(noisy(exact(truth), 2.0, seed++)), options);
        const auto check = [&](const std::string& key, double value) {
            CAPTURE(key);
            const FittedField& found = field(result, key);
            CAPTURE(found.low, found.value, found.high);
            CHECK(found.low <= value);
            CHECK(value <= found.high);
            CHECK(found.low <= found.value);
            CHECK(found.value <= found.high);
        };
        check("sram.bandwidth", truth.sram);
        check("dram.bandwidth", truth.dram);
        check("host.driver_call_us", truth.call);
        // Flash decides these networks, so it is known well.
        const FittedField& flash = field(result, "dram.bandwidth");
        CHECK(flash.high / flash.low < 2.0);
        CHECK(flash.verdict == Verdict::found);
        CHECK(result.scatter_percent < 5.0);
        CHECK(result.rows.size() == 8);
    }
}

TEST_CASE("the noise is taken from the rows where it is not given") {
    const Truth truth{2.0, 0.4, 100.0};
    FitOptions options;
    options.free = free_fields;
    const Fit result = fit(board_of(guess), plan(noisy(exact(truth), 2.0, 9)), options);
    CHECK(result.noise_percent > 0.5);
    CHECK(result.noise_percent < 6.0);
    CHECK(field(result, "dram.bandwidth").low <= truth.dram);
    CHECK(field(result, "dram.bandwidth").high >= truth.dram);
    const Fit clean = fit(board_of(guess), plan(exact(truth)), options);
    CHECK(field(clean, "dram.bandwidth").value == Approx(truth.dram).epsilon(0.01));
    CHECK(field(clean, "host.driver_call_us").value == Approx(truth.call).epsilon(0.02));
    const FittedField& narrow = field(clean, "dram.bandwidth");
    const FittedField& wide = field(result, "dram.bandwidth");
    CHECK(narrow.high - narrow.low < wide.high - wide.low);
}

TEST_CASE("two fields that act alike are said to be so, with intervals as wide as that") {
    const Truth truth{guess.sram, 0.5, 100.0};
    FitOptions options;
    options.noise_percent = 2.0;
    // Each of these networks is one call.
    options.free = {"dram.bandwidth=0.1..4", "host.driver_call_us=1..400",
                    "host.inference_us=1..400"};
    std::string rows = rows_text(noisy(exact(truth), 2.0, 3));
    for (auto at = rows.find("latency_ms"); at != std::string::npos; at = rows.find("latency_ms")) {
        rows.replace(at, 10, "inference_ms");
    }
    const Fit result = fit(board_of(guess), read_validation_text(rows), options);
    REQUIRE(result.ties.size() == 1);
    CHECK(result.ties[0].first == "host.driver_call_us");
    CHECK(result.ties[0].second == "host.inference_us");
    CHECK(field(result, "dram.bandwidth").verdict == Verdict::found);
    CHECK(field(result, "host.driver_call_us").low < 20.0);
    CHECK(field(result, "host.inference_us").low < 20.0);
    CHECK_THAT(result.to_text(), Contains("cannot be told apart"));
}

TEST_CASE("a field that does nothing is not determined, and stays as it was") {
    const Truth truth{guess.sram, 0.5, guess.call};
    FitOptions options;
    options.noise_percent = 2.0;
    options.free = {"dram.bandwidth=0.1..4", "dram.write_latency=0..500"};
    const Fit result = fit(board_of(guess), plan(exact(truth)), options);
    CHECK(field(result, "dram.write_latency").verdict == Verdict::undetermined);
    CHECK(result.board.off_chip.write_latency == board_of(truth).off_chip.write_latency);
    // A cap that is granted in whole bursts a period has steps: within one, all values are as good.
    CHECK(field(result, "dram.bandwidth").low <= truth.dram);
    CHECK(field(result, "dram.bandwidth").high >= truth.dram);
    CHECK(result.board.off_chip.bandwidth.value() == Approx(truth.dram).epsilon(0.1));
    CHECK(result.board.has_ranges());
    CHECK(Target::from_yaml_text(result.board.to_yaml()) == result.board);
    CHECK_THAT(result.to_text(), Contains("NOT determined"));
    const auto json = nlohmann::json::parse(result.to_json());
    CHECK(json.at("fields").at(1).at("verdict") == "undetermined");
}

TEST_CASE("equal questions have equal answers, and a board that is otherwise is told") {
    const Truth truth{3.0, 0.5, 100.0};
    FitOptions options;
    options.noise_percent = 1.0;
    options.free = {"dram.bandwidth=0.1..4"};
    std::vector<double> values = exact(truth);
    values[0] *= 1.5;  // no flash does that to one network alone
    const Fit first = fit(board_of(truth), plan(values), options);
    CHECK(first == fit(board_of(truth), plan(values), options));
    REQUIRE(first.remarks.size() == 1);
    CHECK_THAT(first.remarks[0], Contains("far more than the stated noise"));
}

TEST_CASE("fits that cannot be made are refused") {
    const Target board = board_of({3.0, 0.5, 100.0});
    const auto refused = [&](const std::vector<std::string>& free, const std::string& message) {
        FitOptions options;
        options.free = free;
        options.noise_percent = 2.0;
        CHECK_THROWS_WITH(fit(board, plan(std::vector<double>(8, 1.0)), options),
                          Contains(message));
    };
    refused({}, "nothing to find");
    refused({"dram.bandwith=1..2"}, "the nearest known one is dram.bandwidth");
    refused({"dram.bandwidth"}, "has no range in the board");
    refused({"dram.bandwidth=1"}, "must be KEY or KEY=LOW..HIGH");
    refused({"dram.bandwidth=2..1"}, "the lower first");
    refused({"dram.kind=sram..dram"}, "must be a field that is a number");
    refused({"dram.bandwidth=1..2", "dram.bandwidth=1..3"}, "must be given once");
    FitOptions options;
    options.free = {"dram.bandwidth=1..2"};
    CHECK_THROWS_WITH(fit(board, ValidationPlan{}, options), Contains("no row to fit"));
    options.noise_percent = 0.0;
    CHECK_THROWS_WITH(fit(board, plan(std::vector<double>(8, 1.0)), options), Contains("noise"));
}
