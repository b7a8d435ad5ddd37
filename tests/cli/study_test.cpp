#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "cli/program.hpp"
#include "support/environment.hpp"

using namespace u65sim::cli_test;
using nlohmann::json;

namespace {

namespace fs = std::filesystem;

const std::string study_text =
    "title: Forty points\nnetwork: zoo:ds_cnn\naxes:\n"
    "  - dram.bandwidth: {from: 0.5, to: 4, step: 0.5}\n"
    "  - dram.read_latency: [100, 200, 300, 400, 500]\n";

const std::vector<std::string> result_files{"points.jsonl", "results.csv", "results.json",
                                            "study.html", "plot-1.svg"};

/// Starts a study, kills it the hard way after `delay`, and waits for its end.
void kill_study(const std::string& file, const std::string& into, std::chrono::milliseconds delay) {
    const std::string program = u65sim::test::program();
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        if (::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(126);
        ::execl(program.c_str(), program.c_str(), "study", file.c_str(), "-o", into.c_str(), "-j",
                "2", "--resume", nullptr);
        ::_exit(127);
    }
    std::this_thread::sleep_for(delay);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
}

}  // namespace

TEST_CASE("Every study of configs/studies runs as it stands") {
    const Folder folder;
    int studies = 0;
    for (const auto& entry :
         fs::directory_iterator{u65sim::test::source_folder() / "configs/studies"}) {
        if (entry.path().extension() != ".yaml") continue;
        const std::string name = entry.path().stem().string();
        CAPTURE(name);
        ++studies;
        const std::string into = folder.file(name);
        const bool is_long = name.find("224") != std::string::npos;
        const Outcome outcome =
            is_long ? run({"study", entry.path().string(), "--check"})
                    : run({"study", entry.path().string(), "--sample", "2", "-j", "2", "-o", into});
        CAPTURE(outcome.err);
        REQUIRE(outcome.exit_code == 0);
        CHECK(outcome.err.empty());
        if (is_long) continue;
        const json results = json::parse(read(into + "/results.json"));
        int measured = 0;
        for (const json& row : results.at("rows")) {
            CHECK(row.at("status") != "failed");
            if (row.at("status") == "measured") ++measured;
        }
        CHECK(measured >= 1);
        CHECK(outcome.out.find("study.html") != std::string::npos);
    }
    CHECK(studies >= 8);
}

TEST_CASE("A study killed ten times at random moments leaves the bytes of an unbroken run") {
    const Folder folder;
    const std::string file = folder.file("study.yaml");
    write(file, study_text);
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(run({"study", file, "-o", folder.file("whole"), "-j", "2"}).exit_code == 0);
    const std::chrono::duration<double, std::milli> whole =
        std::chrono::steady_clock::now() - start;
    std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same moments every time
    std::uniform_real_distribution<double> share{0.0, 0.4};
    for (int killed = 0; killed < 10; ++killed) {
        kill_study(file, folder.file("killed"),
                   std::chrono::milliseconds{static_cast<int>(share(random) * whole.count())});
    }
    REQUIRE(run({"study", file, "-o", folder.file("killed"), "--resume"}).exit_code == 0);
    for (const std::string& name : result_files) {
        CAPTURE(name);
        CHECK(read(folder.file("killed/" + name)) == read(folder.file("whole/" + name)));
    }
}

TEST_CASE("Shards of a study are joined by study-merge") {
    const Folder folder;
    const std::string file = folder.file("study.yaml");
    write(file, study_text);
    REQUIRE(run({"study", file, "-o", folder.file("whole")}).exit_code == 0);
    for (const std::string shard : {"1/2", "2/2"}) {
        const Outcome outcome = run({"study", file, "-o", folder.file("parts"), "--shard", shard});
        REQUIRE(outcome.exit_code == 0);
        CHECK(outcome.out.find("study-merge") != std::string::npos);
    }
    const Outcome merged =
        run({"study-merge", file, folder.file("parts"), "-o", folder.file("joined")});
    CAPTURE(merged.err);
    REQUIRE(merged.exit_code == 0);
    for (const std::string& name : result_files) {
        CAPTURE(name);
        CHECK(read(folder.file("joined/" + name)) == read(folder.file("whole/" + name)));
    }
    CHECK(run({"study", file, "--shard", "3/2", "-o", folder.file("none")}).exit_code == 2);
}

TEST_CASE("A study with a mistake runs nothing and writes nothing") {
    const Folder folder;
    const std::string file = folder.file("study.yaml");
    write(file, "title: t\nnetwork: zoo:ds_cnn\naxes:\n  - sram.sise: [1MiB]\n");
    const Outcome outcome = run({"study", file, "-o", folder.file("results")});
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.find("study.yaml:4:5: unknown key sram.sise; the nearest known one is "
                           "sram.size") != std::string::npos);
    CHECK(folder.files() == 1);
    CHECK(run({"study", folder.file("none.yaml")}).exit_code == 2);
    CHECK(run({"study"}).exit_code == 2);
    CHECK(folder.files() == 1);
}

TEST_CASE("study lists keys and measures") {
    CHECK(run({"study", "--keys"}).out.find("network.width") != std::string::npos);
    CHECK(run({"study", "--measures"}).out.find("latency_ms") != std::string::npos);
}
