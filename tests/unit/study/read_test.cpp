#include <catch2/catch.hpp>
#include <string>

#include <u65sim/error.hpp>
#include <u65sim/study.hpp>

#include "study/plan.hpp"

using namespace u65sim;

namespace {

const std::string head = "title: t\nnetwork: zoo:ds_cnn\n";

Study read(const std::string& rest) { return Study::read_text(head + rest, "s.yaml"); }

/// The message of the error that reading ends with.
std::string complaint(const std::string& text) {
    try {
        Study::read_text(text, "s.yaml");
    } catch (const InvalidConfig& error) {
        return error.what();
    }
    return "no error";
}

std::string value(const Study& study, std::size_t item, const std::string& key) {
    std::string found = "none";
    for (const auto& [name, text] : study.settings(item)) {
        if (name == key) found = text;
    }
    return found;
}

}  // namespace

TEST_CASE("A study without axes is one point") {
    const Study study = read("");
    CHECK(study.title() == "t");
    CHECK(study.items() == 1);
    CHECK(value(study, 0, "network") == "zoo:ds_cnn");
}

TEST_CASE("Axes make a grid, the last one fastest") {
    const Study study = read(
        "axes:\n"
        "  - sram.size: [128KiB, 1MiB]\n"
        "  - dram.bandwidth: {from: 1, to: 2, step: 0.5}\n");
    REQUIRE(study.items() == 6);
    CHECK(value(study, 0, "sram.size") == "128KiB");
    CHECK(value(study, 0, "dram.bandwidth") == "1");
    CHECK(value(study, 1, "dram.bandwidth") == "1.5");
    CHECK(value(study, 2, "dram.bandwidth") == "2");
    CHECK(value(study, 3, "sram.size") == "1MiB");
}

TEST_CASE("Lists of networks and targets are the outer axes") {
    const Study study = Study::read_text(
        "title: t\nnetwork: [zoo:ds_cnn, zoo:resnet8]\ntarget: [u55-128, u65-256, u65-512]\n");
    REQUIRE(study.items() == 6);
    CHECK(value(study, 2, "network") == "zoo:ds_cnn");
    CHECK(value(study, 2, "target") == "u65-512");
    CHECK(value(study, 3, "network") == "zoo:resnet8");
}

TEST_CASE("A range may multiply, and keeps its unit") {
    const Study study = read("axes:\n  - sram.size: {from: 64KiB, to: 1000KiB, factor: 2}\n");
    REQUIRE(study.items() == 4);
    CHECK(value(study, 3, "sram.size") == "512KiB");
}

TEST_CASE("zip goes through its lists side by side, list through whole points") {
    const Study zipped =
        read("axes:\n  - zip:\n      sram.size: [128KiB, 256KiB]\n      dram.bandwidth: [1, 2]\n");
    REQUIRE(zipped.items() == 2);
    CHECK(value(zipped, 1, "sram.size") == "256KiB");
    CHECK(value(zipped, 1, "dram.bandwidth") == "2");
    const Study listed = read(
        "axes:\n  - list:\n      - {sram.size: 128KiB}\n      - {dram.bandwidth: 2}\n      - {}\n");
    REQUIRE(listed.items() == 3);
    CHECK(value(listed, 1, "sram.size") == "none");
    CHECK(value(listed, 1, "dram.bandwidth") == "2");
}

TEST_CASE("Random axes are the same for the same seed") {
    const auto text = [](int seed) {
        return "axes:\n  - random:\n      seed: " + std::to_string(seed) +
               "\n      count: 20\n      draw:\n        network.width: {from: 0.5, to: 1}\n"
               "        sram.size: [128KiB, 256KiB]\n"
               "        dram.read_latency: {from: 10, to: 1000, scale: log}\n";
    };
    const Study study = read(text(1));
    REQUIRE(study.items() == 20);
    bool differs = false;
    for (std::size_t item = 0; item < 20; ++item) {
        const double width = std::stod(value(study, item, "network.width"));
        CHECK(width >= 0.5);
        CHECK(width <= 1.0);
        const std::string latency = value(study, item, "dram.read_latency");
        CHECK(latency.find('.') == std::string::npos);
        CHECK(study.settings(item) == read(text(1)).settings(item));
        differs |= study.settings(item) != read(text(2)).settings(item);
    }
    CHECK(differs);
    CHECK(study.hash() == read(text(1)).hash());
    CHECK(study.hash() != read(text(2)).hash());
}

TEST_CASE("A sample is spread evenly over the items") {
    const Study study = read("axes:\n  - dram.bandwidth: {from: 1, to: 9, step: 1}\n");
    const Study few = study.sample(3);
    REQUIRE(few.items() == 3);
    CHECK(value(few, 0, "dram.bandwidth") == "1");
    CHECK(value(few, 1, "dram.bandwidth") == "5");
    CHECK(value(few, 2, "dram.bandwidth") == "9");
    CHECK(study.sample(100).items() == 9);
    CHECK_THROWS_AS(study.sample(0), InvalidConfig);
}

TEST_CASE("Mistakes are answered with file, line, column, and what would be right") {
    struct Mistake {
        std::string text, message;
    };
    const std::vector<Mistake> mistakes{
        {"titel: t\n", "s.yaml:1:1: unknown key titel; the nearest known one is title"},
        {"title: t\n", "s.yaml:1:1: network: must be given"},
        {"title: t\nnetwork: zoo:mobilenet_v2\n",
         "s.yaml:2:10: network = zoo:mobilenet_v2: the nearest known one is zoo:mobilenet_v2_224"},
        {"title: t\nnetwork: none.tflite\n",
         "s.yaml:2:10: network = none.tflite: must be a name of the zoo"},
        {head + "target: u65-255\n", "s.yaml:3:9: "},
        {head + "axes:\n  - sram.sise: [1MiB]\n",
         "s.yaml:4:5: unknown key sram.sise; the nearest known one is sram.size"},
        {head + "axes:\n  - sram.size: [1MiB, 3 apples]\n",
         "s.yaml:4:23: sram.size = 3 apples: must"},
        {head + "axes:\n  - network.width: {from: 1, to: 20, step: 1}\n",
         "s.yaml:4:20: network.width = 17: must be a number from 0.01 to 16"},
        {head + "axes:\n  - network.width: {from: 1, to: 2}\n",
         "s.yaml:4:20: a range: must give either step or factor"},
        {head + "axes:\n  - network.block: [depthwise, fusd]\n",
         "s.yaml:4:32: network.block = fusd: must be one of depthwise, fused"},
        {head + "axes:\n  - zip: {sram.size: [1MiB], dram.bandwidth: [1, 2]}\n",
         "s.yaml:4:46: dram.bandwidth: holds 2 values: must hold 1"},
        {head + "axes:\n  - sram.size: [1MiB]\n  - sram.size: [2MiB]\n",
         "sram.size: must be on one axis only"},
        {head + "axes:\n  - sram.size: []\n", "s.yaml:4:16: sram.size: must hold at least one"},
        {head + "find: {largest: network.width, values: [1, 2], where: [latency <= 2]}\n",
         "unknown measure latency; the nearest known one is latency_ms"},
        {head + "find: {largest: network.width, values: [2, 1]}\n", "must be numbers in ascending"},
        {head + "find: {largest: network.width, values: [1, 2], where: [latency_ms]}\n",
         "where = latency_ms: must be fits, or a measure"},
        {head + "measures: [latency]\n", "s.yaml:3:12: unknown measure latency"},
        {head + "measures: [energy_mj]\n", "energy_mj: must have a table of costs"},
        {head + "pareto: [latency_ms]\n", "s.yaml:3:9: pareto: must name two or three"},
        {head + "plots: [{x: sram.size, z: latency_ms}]\n",
         "unknown key z; the nearest known one is x"},
        {head + "sensitivities: {fields: [dram.bandwith]}\n",
         "unknown key dram.bandwith; the nearest known one is dram.bandwidth"},
        {head + "uncertainty: {samples: 10, of: {dram.bandwidth: 10}}\n",
         "dram.bandwidth = 10: must be a percentage"},
        {head + "energy: {source: me, pj_per_mac: -1}\n", "s.yaml:3:34: pj_per_mac = -1"},
        {head + "set: {dram.bandwidth: fast}\n", "s.yaml:3:23: dram.bandwidth = fast: must be"},
        {head + "axes: {sram.size: [1MiB]}\n", "s.yaml:3:7: axes: must be a list"},
        {"title: [", "s.yaml:1:"},
    };
    for (const Mistake& mistake : mistakes) {
        CAPTURE(mistake.text);
        const std::string said = complaint(mistake.text);
        CAPTURE(said);
        CHECK(said.find("s.yaml:") == 0);
        CHECK(said.find(mistake.message) != std::string::npos);
    }
}

TEST_CASE("Sensitivities leave out what a share cannot change") {
    const Study study = read("sensitivities: {fields: all, change: 10 %}\n");
    bool bandwidth = false;
    for (std::size_t item = 1; item < study.items(); ++item) {
        const auto& [key, change] = study.settings(item).back();
        CHECK(change == "x1.1");
        bandwidth |= key == "dram.bandwidth";
        CHECK(key != "host.driver_call_us");  // zero on this target
    }
    CHECK(bandwidth);
}

TEST_CASE("A front that alone is simulated must be asked for, and compares points") {
    const std::string front = head + "pareto: [latency_ms, {macs: largest}]\n";
    CHECK(Study::read_text(front + "simulate: front\n").plan().simulates_front);
    CHECK_FALSE(Study::read_text(front + "simulate: all\n").plan().simulates_front);
    CHECK(complaint(front + "simulate: some\n") ==
          "s.yaml:4:11: simulate = some: must be all or front");
    CHECK(complaint(head + "simulate: front\n") ==
          "s.yaml:3:11: simulate = front: must have a front, under pareto");
    CHECK(complaint(front + "simulate: front\nsensitivities: {change: 10 %}\n")
              .find("s.yaml:4:11: simulate = front: must be all with sensitivities") == 0);
}

TEST_CASE("Keys and measures are listed with what they take") {
    bool size = false;
    for (const StudyKey& key : study_keys()) {
        CHECK(!key.summary.empty());
        CHECK(!key.range.empty());
        size |= key.key == "sram.size";
    }
    CHECK(size);
    CHECK(study_measures().front().key == "latency_ms");
}
