#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/study.hpp>
#include <u65sim/zoo.hpp>

#include "study/evaluate.hpp"
#include "support/temporary_folder.hpp"

using namespace u65sim;

namespace {

namespace fs = std::filesystem;

const std::string grid =
    "title: t\nnetwork: zoo:ds_cnn\naxes:\n  - dram.bandwidth: [1, 2, 4]\n"
    "  - sram.size: [16KiB, 384KiB]\npareto: [latency_ms, sram_peak_bytes]\n";

class Folder {
public:
    [[nodiscard]] fs::path operator/(const char* name) const { return folder_.path() / name; }

private:
    test::TemporaryFolder folder_;
};

std::string content(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// Every file of a folder with its bytes.
std::map<std::string, std::string> contents(const fs::path& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator{folder}) {
        all[entry.path().filename().string()] = content(entry.path());
    }
    return all;
}

std::size_t measure_index(const std::string& name) {
    const auto all = study_measures();
    for (std::size_t at = 0; at < all.size(); ++at) {
        if (all[at].key == name) return at;
    }
    return all.size();
}

/// A search over 1 .. 20 whose condition holds up to `border`.
std::vector<StudyRow> searched(int border, bool largest) {
    study::Search search;
    search.key = "network.width";
    search.largest = largest;
    for (int value = 1; value <= 20; ++value) search.values.push_back(std::to_string(value));
    search.conditions.push_back(
        {0, largest ? "<=" : ">=", static_cast<double>(border), "latency_ms within"});
    const auto simulate = [](const std::string& value) {
        StudyRow row;
        row.settings = {{"network.width", value}};
        row.measures = {std::stod(value)};
        return row;
    };
    const auto estimate = [](const std::string&) { return std::optional<StudyRow>{}; };
    return study::bisect(search, {simulate, estimate});
}

}  // namespace

TEST_CASE("A study's figures are those of the oracle") {
    const StudyResults results = run_study(Study::read_text(grid));
    REQUIRE(results.rows.size() == 6);
    Target target = Target::preset("u65-256");
    target.set("dram.bandwidth=2");
    target.set("sram.size=384KiB");
    const Report report = Oracle{target}.estimate(zoo("ds_cnn"));
    CHECK(results.rows[3].measures[measure_index("latency_ms")] == report.latency_ms());
    CHECK(results.rows[3].measures[measure_index("npu_cycles")] ==
          static_cast<double>(report.total.cycles.count()));
}

TEST_CASE("Points that cannot be simulated are rows with their reason") {
    const StudyResults results = run_study(
        Study::read_text("title: t\nnetwork: zoo:ds_cnn\naxes:\n  - list:\n      - {}\n"
                         "      - {dram.size: 16KiB}\n      - {accelerator.macs_per_cycle: 64}\n"
                         "      - {network.resolution: 1}\n"));
    REQUIRE(results.rows.size() == 4);
    CHECK(results.rows[0].status == StudyRow::Status::measured);
    CHECK(results.rows[1].status == StudyRow::Status::does_not_fit);
    CHECK(results.rows[1].reason.find("16") != std::string::npos);
    CHECK(results.rows[2].status == StudyRow::Status::failed);
    CHECK(results.rows[2].reason.find("must be u55") != std::string::npos);
    CHECK(results.to_csv().find("does_not_fit") != std::string::npos);
}

TEST_CASE("Bisecting finds the border from either side") {
    for (const int border : {1, 2, 7, 19, 20}) {
        CAPTURE(border);
        const auto up = searched(border, true);
        CHECK(up.back().role == StudyRow::Role::answer);
        CHECK(up.back().settings.back().second == std::to_string(border));
        CHECK(up.size() <= 8);
        const auto down = searched(border, false);
        CHECK(down.back().settings.back().second == std::to_string(border));
    }
    CHECK(searched(0, true).back().status == StudyRow::Status::unanswered);
    CHECK(searched(21, false).back().status == StudyRow::Status::unanswered);
}

TEST_CASE("A search says what it found, and its answer is the point itself") {
    const std::string text =
        "title: t\nnetwork: zoo:ds_cnn\nfind:\n  smallest: dram.bandwidth\n"
        "  values: {from: 0.25, to: 4, step: 0.25}\n  where: [latency_ms <= ";
    const StudyResults free =
        run_study(Study::read_text("title: t\nnetwork: zoo:ds_cnn\nset: {dram.bandwidth: 1}\n"));
    const double limit = *free.rows[0].measures[0];
    const StudyResults found =
        run_study(Study::read_text(text + std::to_string(limit + 1e-6) + "]\n"));
    const StudyRow& answer = found.rows.back();
    REQUIRE(answer.role == StudyRow::Role::answer);
    CHECK(*answer.measures[0] <= limit + 1e-6);
    CHECK(std::stod(answer.settings.back().second) <= 1.0);
    CHECK(found.to_text().find(answer.reason) != std::string::npos);
}

TEST_CASE("Any number of jobs leaves the same files") {
    const Study study = Study::read_text(grid);
    const Folder folder;
    run_study(study, folder / "one");
    StudyOptions options;
    options.jobs = 4;
    run_study(study, folder / "four", options);
    const auto one = contents(folder / "one");
    CHECK(one == contents(folder / "four"));
    for (const char* name :
         {"points.jsonl", "results.csv", "results.json", "study.html", "plot-1.svg"}) {
        CHECK(one.contains(name));
    }
}

TEST_CASE("A run cut off at any byte of its journal goes on to the same bytes") {
    const Study study = Study::read_text(grid);
    const Folder folder;
    run_study(study, folder / "whole");
    const auto whole = contents(folder / "whole");
    const std::string journal = whole.at("points.jsonl");
    StudyOptions resume;
    resume.resume = true;
    for (std::size_t cut = 0; cut <= journal.size(); cut += journal.size() / 12) {
        CAPTURE(cut);
        fs::remove_all(folder / "cut");
        fs::create_directory(folder / "cut");
        std::ofstream{folder / "cut" / "points.jsonl", std::ios::binary} << journal.substr(0, cut);
        run_study(study, folder / "cut", resume);
        CHECK(contents(folder / "cut") == whole);
    }
}

TEST_CASE("A journal is continued by its own study only") {
    const Folder folder;
    const Study study = Study::read_text(grid);
    run_study(study, folder / "results");
    CHECK_THROWS_AS(run_study(study, folder / "results"), InvalidConfig);
    StudyOptions resume;
    resume.resume = true;
    CHECK_NOTHROW(run_study(study, folder / "results", resume));
    const Study other = Study::read_text(grid + "note: another\n");
    CHECK_THROWS_WITH(run_study(other, folder / "results", resume),
                      Catch::Matchers::Contains("another study"));
    std::ofstream{folder / "results" / "points.jsonl", std::ios::app} << "nonsense\n";
    CHECK_THROWS_WITH(run_study(study, folder / "results", resume),
                      Catch::Matchers::Contains("points.jsonl:8"));
}

TEST_CASE("A journal with a changed byte is not continued") {
    const Folder folder;
    const Study study = Study::read_text(grid);
    run_study(study, folder / "results");
    const std::string journal = contents(folder / "results").at("points.jsonl");
    StudyOptions resume;
    resume.resume = true;
    const auto refused = [&](std::string changed) {
        std::ofstream{folder / "results" / "points.jsonl", std::ios::binary} << changed;
        CHECK_THROWS_AS(run_study(study, folder / "results", resume), InvalidConfig);
        CHECK_THROWS_AS(merge_study(study, {folder / "results"}, folder / "merged"), InvalidConfig);
    };
    for (std::size_t at = 0; at < journal.size(); at += 37) {
        CAPTURE(at);
        std::string changed = journal;
        if (changed[at] == '\n') continue;
        changed[at] = changed[at] == '7' ? '8' : '7';
        refused(changed);
    }
    // Whole lines in another order are noticed too.
    const std::size_t first = journal.find('\n') + 1;
    const std::size_t second = journal.find('\n', first) + 1;
    const std::size_t third = journal.find('\n', second) + 1;
    refused(journal.substr(0, first) + journal.substr(second, third - second) +
            journal.substr(first, second - first) + journal.substr(third));
}

TEST_CASE("Shards join to what one run leaves") {
    const Study study = Study::read_text(grid);
    const Folder folder;
    run_study(study, folder / "whole");
    std::vector<fs::path> parts;
    for (std::size_t shard = 0; shard < 4; ++shard) {
        StudyOptions options;
        options.shard = shard;
        options.shards = 4;
        parts.push_back(folder / ("part" + std::to_string(shard)).c_str());
        run_study(study, parts.back(), options);
    }
    merge_study(study, parts, folder / "joined");
    CHECK(contents(folder / "joined") == contents(folder / "whole"));
    parts.pop_back();
    CHECK_THROWS_WITH(merge_study(study, parts, folder / "short"),
                      Catch::Matchers::Contains("1 of 6 items are in no journal"));
    CHECK_THROWS_AS(merge_study(Study::read_text(grid + "note: n\n"), parts, folder / "other"),
                    InvalidConfig);
    CHECK(!fs::exists(folder / "other"));
}

TEST_CASE("A front holds what no other point beats in everything") {
    StudyResults results{Study::read_text(grid), {}};
    const std::size_t latency = measure_index("latency_ms");
    const std::size_t sram = measure_index("sram_peak_bytes");
    const std::vector<std::pair<double, double>> points{{1, 9}, {2, 5}, {2, 6}, {3, 5}, {4, 1}};
    for (const auto& [first, second] : points) {
        StudyRow row;
        row.measures.resize(study_measures().size());
        row.measures[latency] = first;
        row.measures[sram] = second;
        results.rows.push_back(row);
    }
    StudyRow missing;
    missing.status = StudyRow::Status::failed;
    results.rows.push_back(missing);
    CHECK(results.pareto_front() == std::vector<bool>{true, true, false, false, true, false});
}

TEST_CASE("Sensitivities and intervals follow the target's numbers") {
    const StudyResults results = run_study(Study::read_text(
        "title: t\nnetwork: zoo:ds_cnn\nsensitivities:\n  fields:\n"
        "    accelerator.clock: x2\n    dram.bandwidth: +1\n    timing.block_completion: 10 %\n"
        "uncertainty: {samples: 20, of: {accelerator.clock: 20 %}}\n"));
    REQUIRE(results.rows.size() == 1 + 3 + 20);
    const double base = *results.rows[0].measures[0];
    CHECK(*results.rows[1].measures[0] == Approx(base / 2));
    CHECK(*results.rows[2].measures[0] <= base);
    CHECK(*results.rows[3].measures[0] >= base);
    for (std::size_t at = 4; at < results.rows.size(); ++at) {
        CHECK(*results.rows[at].measures[0] >= base / 1.2001);
        CHECK(*results.rows[at].measures[0] <= base / 0.7999);
    }
    const std::string text = results.to_text();
    CHECK(text.find("accelerator.clock 1GHz -> 2GHz") != std::string::npos);
    CHECK(text.find("-50.00 %") != std::string::npos);
    CHECK(text.find("nine of ten samples") != std::string::npos);
    CHECK(text.find("(20 of 20 measured)") != std::string::npos);
}

TEST_CASE("Fewer than twenty samples have no interval, and their number is said") {
    StudyResults results =
        run_study(Study::read_text("title: t\nnetwork: zoo:ds_cnn\n"
                                   "uncertainty: {samples: 30, of: {accelerator.clock: 20 %}}\n")
                      .sample(3));
    CHECK(results.to_text().find("2 of 30 samples measured") != std::string::npos);
    CHECK(results.to_text().find("nine of ten") == std::string::npos);
    CHECK(results.to_html().find("2 of 30") != std::string::npos);
    const auto json = nlohmann::json::parse(results.to_json());
    CHECK(json["intervals"][0]["samples"] == 2);
    CHECK(json["intervals"][0]["percent_95"].is_null());
}

TEST_CASE("Energy is the sum of what each MAC, byte and millisecond costs") {
    const StudyResults results = run_study(Study::read_text(
        "title: t\nnetwork: zoo:ds_cnn\nmeasures: [energy_mj]\nenergy: {source: invented here, "
        "pj_per_mac: 1, pj_per_sram_byte: 10, pj_per_dram_byte: 100, leakage_mw: 2}\n"));
    const Report report = Oracle{Target::preset("u65-256")}.estimate(zoo("ds_cnn"));
    const auto bytes = [](const Report::MemoryUse& use) {
        return static_cast<double>((use.read + use.write).count());
    };
    const double expected = 1e-9 * (static_cast<double>(report.model.macs.count()) +
                                    10 * bytes(report.sram) + 100 * bytes(report.dram)) +
                            2e-3 * report.latency_ms();
    CHECK(*results.rows[0].measures[measure_index("energy_mj")] == Approx(expected));
    CHECK(results.to_html().find("estimate: invented here") != std::string::npos);
}

TEST_CASE("Figures known from elsewhere stand beside those that are simulated") {
    const StudyResults results = run_study(Study::read_text(
        "title: t\nnetwork: zoo:ds_cnn\naxes:\n  - dram.bandwidth: [1, 2]\nknown:\n"
        "  source: a table\n  keys: [dram.bandwidth]\n  figures: [accuracy]\n  rows:\n"
        "    - [2.0, 71.5]\nmeasures: [accuracy]\n"));
    const std::size_t accuracy = study_measures().size();
    CHECK(!results.rows[0].measures.at(accuracy));
    CHECK(results.rows[1].measures.at(accuracy) == 71.5);
    CHECK(results.to_csv().find("accuracy") != std::string::npos);
}

namespace {

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

std::string first_plot(const std::string& study) {
    const auto plots = run_study(Study::read_text(study)).plots();
    REQUIRE_FALSE(plots.empty());
    return plots.front().content;
}

}  // namespace

TEST_CASE("A line of a plot joins points that differ along x only") {
    const std::string head = "title: t\nnetwork: ds_cnn\naxes:\n  - dram.bandwidth: [1, 2, 4]\n";
    const std::string two = first_plot(head +
                                       "  - sram.size: [16KiB, 384KiB]\n"
                                       "plots: [{x: dram.bandwidth, y: latency_ms}]\n");
    CHECK(count(two, "<path class=\"line\"") == 2);
    CHECK(count(two, "dram.bandwidth [B/cycle]") == 1);
    // Of three axes one is along x, one is told by colour, and one by panel.
    const std::string three =
        first_plot(head +
                   "  - sram.size: [16KiB, 384KiB]\n  - dram.read_latency: [100, 500]\n"
                   "plots: [{x: dram.bandwidth, y: latency_ms, series: sram.size}]\n");
    CHECK(count(three, "<path class=\"line\"") == 4);
    CHECK(count(three, "dram.bandwidth [B/cycle]") == 2);
    CHECK(count(three, "read_latency 100</text>") == 1);
}

TEST_CASE("Keys that are zipped are one axis, and one line") {
    const std::string plot = first_plot(
        "title: t\nnetwork: ds_cnn\naxes:\n"
        "  - zip: {accelerator.clock: [500MHz, 1GHz], dram.bandwidth: [7.5, 3.75]}\n"
        "plots: [{x: dram.bandwidth, y: latency_ms}]\n");
    CHECK(count(plot, "<path class=\"line\"") == 1);
}

TEST_CASE("A front of two measures is a line of its own where a plot shows both") {
    const std::string plot = first_plot(grid + "plots: [{x: latency_ms, y: sram_peak_bytes}]\n");
    CHECK(count(plot, ">Pareto front</text>") == 1);
    CHECK(count(plot, "<path class=\"line\"") == 2);  // in the plot and in its legend
}

TEST_CASE("Tables for programs have numbers, a unit in the column's name, and no empty columns") {
    const StudyResults results = run_study(Study::read_text(grid));
    const std::string csv = results.to_csv();
    const std::string head = csv.substr(0, csv.find('\n'));
    CHECK(head.starts_with(
        "item,role,dram.bandwidth_bytes_per_cycle,sram.size_bytes,status,latency_ms"));
    CHECK(csv.find("\n0,point,1,16384,measured,") != std::string::npos);
    CHECK(head.find(",mac_utilization_percent,") != std::string::npos);
    CHECK(csv.find("KiB") == std::string::npos);
    CHECK(csv.find(",,") == std::string::npos);
    CHECK(head.find("reason") == std::string::npos);
    const auto json = nlohmann::json::parse(results.to_json());
    CHECK(json.at("rows")[0].at("settings").at("sram.size") == 16384);
    CHECK(json.at("units").at("sram.size") == "bytes");
    CHECK(json.at("units").at("dram.bandwidth") == "B/cycle");
    CHECK(json.at("units").at("mac_utilization") == "%");
}

TEST_CASE("A table wider than a line goes on below, and loses nothing") {
    std::string study = "title: t\nnetwork: ds_cnn\naxes:\n  - dram.bandwidth: [1, 2]\nmeasures: [";
    std::vector<std::string> names;
    for (const StudyMeasure& measure : study_measures()) {
        if (measure.key.starts_with("energy")) continue;
        study += (names.empty() ? "" : ", ") + measure.key;
        names.push_back(measure.key);
    }
    const std::string text = run_study(Study::read_text(study + "]\n")).to_text();
    for (const std::string& name : names) CHECK(text.find(name) != std::string::npos);
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', begin)) {
        CHECK(end - begin <= 100);
        begin = end + 1;
    }
}

TEST_CASE("A page of a study sorts its tables and fetches nothing") {
    const std::string page = run_study(Study::read_text(grid)).to_html();
    CHECK(page.find("<table class=\"sortable\">") != std::string::npos);
    CHECK(page.find("data-value=\"16384\">16KiB</td>") != std::string::npos);
    for (const char* link : {"src=", "@import", "https:", "fetch("}) {
        CHECK(page.find(link) == std::string::npos);
    }
}
