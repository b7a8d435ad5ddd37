// Fronts and searches that effort quick takes part in find what simulating everything finds.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/study.hpp>

#include "study/evaluate.hpp"
#include "study/front.hpp"
#include "study/plan.hpp"
#include "support/temporary_folder.hpp"

using namespace u65sim;

namespace {

namespace fs = std::filesystem;
using study::Corner;

/// Networks that take 0.05 to 0.9 ms.
const std::string space =
    "title: t\nnetwork: zoo:mobilenet_v1_025_96\nset: {weights.modelled: true}\naxes:\n"
    "  - network.width: [0.5, 0.75, 1, 1.5, 2]\n  - network.resolution: [48, 64, 96]\n"
    "  - network.block: [depthwise, fused]\npareto: [latency_ms, {macs: largest}]\n";
const std::string front_only = space + "simulate: front\n";

std::map<std::string, std::string> contents(const fs::path& folder) {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator{folder}) {
        std::ifstream in{entry.path(), std::ios::binary};
        all[entry.path().filename().string()] = {std::istreambuf_iterator<char>{in}, {}};
    }
    return all;
}

/// Settings and figures of the front, whatever else was simulated.
std::vector<std::pair<std::size_t, std::vector<std::optional<double>>>> front_rows(
    const StudyResults& results) {
    std::vector<std::pair<std::size_t, std::vector<std::optional<double>>>> rows;
    const std::vector<bool> front = results.pareto_front();
    for (std::size_t at = 0; at < front.size(); ++at) {
        if (front[at]) rows.emplace_back(results.rows[at].item, results.rows[at].measures);
    }
    return rows;
}

/// Over 1 .. `count`.
study::Search search_up_to(double limit, std::size_t count, const std::string& comparison) {
    study::Search search;
    search.key = "network.width";
    search.largest = comparison != ">=";
    for (std::size_t value = 1; value <= count; ++value) {
        search.values.push_back(std::to_string(value));
    }
    search.conditions.push_back({0, comparison, limit, "as asked"});
    return search;
}

StudyRow row_of(const std::string& value, double figure) {
    StudyRow row;
    row.settings = {{"network.width", value}};
    row.measures = {figure};
    return row;
}

/// What of a row a search's answer is.
std::string answer_of(const std::vector<StudyRow>& rows) {
    const StudyRow& row = rows.back();
    return row.reason + (row.measures.empty() ? "" : std::to_string(*row.measures[0]));
}

}  // namespace

TEST_CASE("A corner is on the front when no other beats it") {
    std::mt19937 random{5};
    for (int round = 0; round < 200; ++round) {
        const std::size_t objectives = 2 + random() % 2;
        std::vector<Corner> corners(1 + random() % 40, Corner(objectives));
        for (Corner& corner : corners) {
            for (double& value : corner) value = static_cast<double>(random() % 7);
        }
        std::vector<bool> expected;
        for (const Corner& each : corners) {
            expected.push_back(
                std::none_of(corners.begin(), corners.end(),
                             [&](const Corner& other) { return study::beats(other, each); }));
        }
        CHECK(study::front_of(corners) == expected);
    }
}

TEST_CASE("A front is known when every point was simulated or is beaten at its best") {
    const Study study = Study::read_text(front_only);
    const Study::Plan& plan = study.plan();
    const std::size_t first = plan.pareto[0].measure;
    const std::size_t second = plan.pareto[1].measure;
    std::mt19937 random{6};
    const auto any = [&](int limit) {
        return static_cast<double>(random() % static_cast<unsigned>(limit));
    };
    for (int round = 0; round < 100; ++round) {
        std::vector<StudyRow> truth(2 + random() % 60);
        study::FrontSearch search{plan};
        std::set<std::size_t> simulated;
        for (std::size_t item = 0; item < truth.size(); ++item) {
            StudyRow& row = truth[item];
            row.item = item;
            row.measures.resize(study_measures().size());
            row.bounds.resize(row.measures.size());
            row.measures[first] = any(50);
            row.measures[second] = any(50);
            StudyRow estimated = row;
            estimated.status = StudyRow::Status::estimated;
            estimated.bounds[first] =
                StudyBounds{*row.measures[first] - any(8), *row.measures[first] + any(8)};
            if (random() % 10 != 0)
                estimated.bounds[second] =
                    StudyBounds{*row.measures[second], *row.measures[second]};
            if (random() % 20 == 0) row.status = StudyRow::Status::does_not_fit;
            const bool is_measured = random() % 10 == 0;
            search.add(is_measured ? row : estimated);
            if (is_measured) simulated.insert(item);
        }
        for (auto layer = search.layer(); !layer.empty(); layer = search.layer()) {
            std::vector<const StudyRow*> rows;
            for (const std::size_t item : layer) {
                CHECK(simulated.insert(item).second);
                rows.push_back(&truth[item]);
            }
            search.close(rows);
        }
        StudyResults all{study, truth};
        const std::vector<bool> front = all.pareto_front();
        for (std::size_t item = 0; item < truth.size(); ++item) {
            CAPTURE(round, item);
            if (front[item]) CHECK(simulated.contains(item));
        }
    }
}

TEST_CASE("A study that simulates its front alone finds the front of all points") {
    const StudyResults all = run_study(Study::read_text(space));
    CHECK_FALSE(all.effort());
    const StudyResults some = run_study(Study::read_text(front_only));
    REQUIRE(all.rows.size() == 30);
    REQUIRE(some.rows.size() == 30);
    CHECK(front_rows(some) == front_rows(all));
    REQUIRE(some.effort());
    CHECK(some.effort()->misses == 0);
    CHECK(some.effort()->simulated >= front_rows(all).size());
    CHECK(some.effort()->simulated < 25);
    CHECK(some.effort()->simulated + some.effort()->estimated == 30);
    for (std::size_t at = 0; at < some.rows.size(); ++at) {
        CAPTURE(at);
        CHECK(some.rows[at].settings == all.rows[at].settings);
        CHECK_FALSE(some.rows[at].bounds.empty());
        const bool is_estimated = some.rows[at].status == StudyRow::Status::estimated;
        if (!is_estimated) CHECK(some.rows[at].measures == all.rows[at].measures);
        CHECK((is_estimated || some.rows[at].status == StudyRow::Status::measured));
    }
    CHECK(some.to_text().find("of 30 points were simulated, 0 of them outside") !=
          std::string::npos);
}

TEST_CASE("A front's run cut off at any byte goes on to the same bytes, as do its shards") {
    const Study study = Study::read_text(front_only);
    const test::TemporaryFolder folder;
    run_study(study, folder.path() / "whole");
    const auto whole = contents(folder.path() / "whole");
    const std::string journal = whole.at("points.jsonl");
    CHECK(std::count(journal.begin(), journal.end(), '\n') > 31);
    StudyOptions options;
    options.resume = true;
    options.jobs = 2;
    for (std::size_t cut = 0; cut <= journal.size(); cut += journal.size() / 7) {
        CAPTURE(cut);
        fs::remove_all(folder.path() / "cut");
        fs::create_directory(folder.path() / "cut");
        std::ofstream{folder.path() / "cut" / "points.jsonl", std::ios::binary}
            << journal.substr(0, cut);
        run_study(study, folder.path() / "cut", options);
        CHECK(contents(folder.path() / "cut") == whole);
    }
    options.shards = 3;
    for (options.shard = 0; options.shard < 3; ++options.shard) {
        run_study(study, folder.path() / "parts", options);
    }
    merge_study(study, {folder.path() / "parts"}, folder.path() / "joined", options);
    CHECK(contents(folder.path() / "joined") == whole);
    // A line too many, and lines in another order.
    const std::size_t last = journal.rfind('\n', journal.size() - 2) + 1;
    for (const std::string& wrong :
         {journal + journal.substr(last),
          journal.substr(0, last) + journal.substr(last) + journal.substr(last)}) {
        std::ofstream{folder.path() / "cut" / "points.jsonl", std::ios::binary} << wrong;
        options = {};
        options.resume = true;
        CHECK_THROWS_AS(run_study(study, folder.path() / "cut", options), InvalidConfig);
    }
}

TEST_CASE("A search that effort quick leads has the answer of one that simulates each probe") {
    std::mt19937 random{11};
    std::size_t simulated = 0;
    std::size_t plain = 0;
    std::size_t led_simulated = 0;
    for (int round = 0; round < 500; ++round) {
        const std::size_t count = 1 + random() % 60;
        std::vector<double> figures;  // rising, with steps back that are no single border
        for (std::size_t at = 0; at < count; ++at) {
            figures.push_back(static_cast<double>(at) + static_cast<double>(random() % 4));
        }
        const char* const comparison = std::vector{"<=", "<", ">=", "=="}[random() % 4];
        const auto search =
            search_up_to(static_cast<double>(random() % (count + 6)), count, comparison);
        const auto figure_of = [&](const std::string& value) {
            return figures[std::stoul(value) - 1];
        };
        const auto simulate = [&](const std::string& value) {
            ++simulated;
            return row_of(value, figure_of(value));
        };
        const auto never = [](const std::string&) { return std::optional<StudyRow>{}; };
        const auto estimate = [&](const std::string& value) -> std::optional<StudyRow> {
            if (random() % 8 == 0) return std::nullopt;
            const double figure = figure_of(value);
            StudyRow row = row_of(value, figure + 0.5);
            row.status = StudyRow::Status::estimated;
            const auto error = [&] { return static_cast<double>(random() % 4); };
            row.bounds = {StudyBounds{figure - error(), figure + error()}};
            return row;
        };
        simulated = 0;
        const auto expected = study::bisect(search, {simulate, never});
        plain += simulated;
        simulated = 0;
        const auto led = study::bisect(search, {simulate, estimate});
        led_simulated += simulated;
        CHECK(answer_of(led) == answer_of(expected));
        CHECK(led.back().status == expected.back().status);
    }
    CHECK(led_simulated < plain * 9 / 10);
}

TEST_CASE("A search simulates both sides of its border, however wrong estimates are") {
    std::mt19937 random{12};
    for (int round = 0; round < 300; ++round) {
        const std::size_t count = 2 + random() % 40;
        const auto limit = static_cast<double>(random() % (count + 2));
        const auto search = search_up_to(limit, count, "<=");
        const auto simulate = [](const std::string& value) {
            return row_of(value, std::stod(value));
        };
        const auto estimate = [&](const std::string& value) -> std::optional<StudyRow> {
            const double wrong = std::stod(value) * static_cast<double>(random() % 3);
            StudyRow row = row_of(value, wrong);
            row.status = StudyRow::Status::estimated;
            row.bounds = {StudyBounds{wrong, wrong + 1}};
            return row;
        };
        const auto rows = study::bisect(search, {simulate, estimate});
        const StudyRow& answer = rows.back();
        if (answer.status == StudyRow::Status::unanswered) {
            CHECK(rows.front().status == StudyRow::Status::measured);
            CHECK(limit < 1);
            continue;
        }
        REQUIRE(answer.status == StudyRow::Status::measured);
        CHECK(*answer.measures[0] <= limit);
        if (*answer.measures[0] == static_cast<double>(count)) continue;
        const std::string next = std::to_string(std::stoul(answer.settings[0].second) + 1);
        const auto beyond = std::find_if(rows.begin(), rows.end(), [&](const StudyRow& row) {
            return row.settings[0].second == next;
        });
        REQUIRE(beyond != rows.end());
        CHECK(beyond->status == StudyRow::Status::measured);
        CHECK(*beyond->measures[0] > limit);
    }
}

TEST_CASE("A search's answer over networks is that of enumerating them") {
    const std::string head =
        "title: t\nnetwork: zoo:mobilenet_v1_025_96\nset: {weights.modelled: true}\n";
    const StudyResults all = run_study(
        Study::read_text(head + "axes:\n  - network.width: {from: 0.25, to: 4, step: 0.25}\n"));
    for (const double limit : {0.1, 0.25, 0.5}) {
        CAPTURE(limit);
        std::optional<std::string> widest;
        for (const StudyRow& row : all.rows) {
            if (*row.measures[0] <= limit) widest = row.settings.back().second;
        }
        const StudyResults found = run_study(Study::read_text(
            head + "find:\n  largest: network.width\n  values: {from: 0.25, to: 4, step: 0.25}\n" +
            "  where: [latency_ms <= " + std::to_string(limit) + "]\n"));
        REQUIRE(widest);
        CHECK(found.rows.back().settings.back().second == *widest);
        REQUIRE(found.effort());
        CHECK(found.effort()->estimated > 0);
        CHECK(found.effort()->misses == 0);
    }
}

TEST_CASE("Bounds hold on memories that no preset has") {
    const std::string text =
        "title: t\nnetwork: [zoo:ds_cnn, zoo:resnet8, zoo:mobilenet_v1_025_96]\n"
        "target: [u65-256, u65-512, u55-128]\nset: {weights.modelled: true}\naxes:\n  - random:\n"
        "      seed: 3\n      count: 8\n      draw:\n"
        "        network.width: {from: 0.5, to: 2}\n"
        "        dram.bandwidth: {from: 0.5, to: 16, scale: log}\n"
        "        dram.read_latency: {from: 50, to: 1000, scale: log}\n"
        "        sram.size: [128KiB, 256KiB, 1MiB]\n";
    const Study study = Study::read_text(text);
    const StudyResults simulated = run_study(study);
    study::Networks networks{8};
    std::size_t held = 0;
    for (const StudyRow& row : simulated.rows) {
        if (row.status != StudyRow::Status::measured) continue;
        const auto estimated = study::estimate_point(study.plan(), row.settings, networks);
        REQUIRE(estimated);
        for (std::size_t at = 0; at < row.measures.size(); ++at) {
            CAPTURE(row.item, study_measures()[at].key);
            const auto& bounds = estimated->bounds[at];
            if (!bounds) continue;
            CHECK(bounds->least <= *row.measures[at]);
            CHECK(*row.measures[at] <= bounds->most);
            ++held;
        }
    }
    CHECK(held > 300);
}

TEST_CASE("Effort quick takes no part where its bounds are not known to hold") {
    for (const char* set : {"compile.effort: quick", "compile.max_blockdep: 0",
                            "compile.like_vela: true", "hypothetical.winograd: f2x2"}) {
        CAPTURE(set);
        std::string text = front_only;
        text.replace(text.find("weights.modelled"), 0, std::string{set} + ", ");
        const StudyResults results = run_study(Study::read_text(text).sample(4));
        CHECK_FALSE(results.effort());
        for (const StudyRow& row : results.rows) CHECK(row.status == StudyRow::Status::measured);
    }
}
