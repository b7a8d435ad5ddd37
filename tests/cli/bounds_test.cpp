// What small files may ask for: no more memory and time than their answer is worth.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>

#include "cli/program.hpp"

using namespace u65sim;
using namespace u65sim::cli_test;

namespace {

constexpr int mebibytes = 512, seconds = 10;

}  // namespace

TEST_CASE("Sixteen thousand maps alive at once take memory in proportion") {
    constexpr int count = 16'000;
    GraphBuilder net{"many"};
    std::vector<Value> parts;
    for (int i = 0; i < count; ++i) {
        parts.push_back(net.input({1, 4, 4, 1}, "x" + std::to_string(i)));
    }
    net.output(net.concat(parts, 3));
    const Folder folder;
    const std::string file = folder.file("many.tflite");
    save_tflite(net.build(), file);
    for (const char* const size : {"dram.size=1GiB", "sram.size=64KiB"}) {
        const Outcome outcome = run_bounded(mebibytes, seconds, {"run", file, "--set", size});
        CAPTURE(size, outcome.err);
        CHECK(outcome.exit_code == 0);
    }
}

TEST_CASE("A short text that describes gigabytes is refused, or answered without holding them") {
    const Folder folder;
    const std::string file = folder.file("large.yaml");
    const std::vector<std::pair<const char*, const char*>> networks{
        {"[1, 1, 1, 1000]", "conv2d, filters: 100000, kernel: 100"},
        {"[1, 1, 1, 60000]", "fully_connected, units: 60000"},
        {"[1, 20000, 20000, 64]", "relu"},
        {"[1, 65536, 65536, 1]", "softmax"},
        {"[1, 4, 4, 4]", "pad, before: [0, 30000, 30000, 0], after: [0, 1, 1, 0]"},
        {"[1, 4, 4, 4]", "resize_bilinear, size: 32000"},
        {"[2000000000, 1, 1, 1]", "relu"},
    };
    for (const auto& [shape, layer] : networks) {
        write(file, std::string{"name: large\ninputs: [{name: x, shape: "} + shape +
                        "}]\nlayers:\n  - {op: " + layer + "}\n");
        for (const std::vector<std::string>& more :
             std::vector<std::vector<std::string>>{{}, {"--check"}, {"--set", "dram.size=64GiB"}}) {
            std::vector<std::string> words{"run", file};
            words.insert(words.end(), more.begin(), more.end());
            const Outcome outcome = run_bounded(mebibytes, seconds, words);
            CAPTURE(shape, layer, more.empty() ? "" : more.front(), outcome.err);
            CHECK((outcome.exit_code == 0 || outcome.exit_code == 2 || outcome.exit_code == 3));
        }
    }
}
