// Whole networks, compiled here and executed, give the reference interpreter's bytes
// (tests/data/execute.txt, written by tests/data/generate.py), and the checker stays silent.
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/network.hpp>
#include <u65sim/zoo.hpp>

#include "support/environment.hpp"
#include "support/skip.hpp"

using namespace u65sim;

namespace {

/// "zoo/NAME" is built in code, "operators/NAME" stands beside the vectors, "models/NAME" is a
/// file; nothing when that is absent.
std::optional<Graph> network_named(const std::string& name) {
    const std::string stem = name.substr(name.find('/') + 1);
    if (name.starts_with("zoo/")) return zoo(stem);
    if (name.starts_with("operators/")) {
        return read_network(test::source_folder() / "tests/data" / (name + ".tflite"));
    }
    const auto file = test::models_folder() / (stem + ".tflite");
    if (!std::filesystem::exists(file)) {
        test::skip(name + " is not there");
        return std::nullopt;
    }
    return read_network(file);
}

std::vector<std::vector<std::uint8_t>> seeded_inputs(const Graph& graph, std::uint64_t state) {
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : graph.inputs) {
        const Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
        std::vector<std::uint8_t> bytes(
            static_cast<std::size_t>(element_count(tensor.shape) * element_bytes(tensor.type)));
        for (std::uint8_t& byte : bytes) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            byte = static_cast<std::uint8_t>(state >> 56);
        }
        inputs.push_back(std::move(bytes));
    }
    return inputs;
}

std::string hex(const std::vector<std::vector<std::uint8_t>>& outputs) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const auto& output : outputs) {
        for (const std::uint8_t byte : output) {
            text += digits[byte >> 4];
            text += digits[byte & 15];
        }
    }
    return text;
}

}  // namespace

TEST_CASE("compiled networks compute the reference's bytes") {
    std::ifstream vectors(test::source_folder() / "tests/data/execute.txt");
    REQUIRE(vectors);
    std::string name;
    std::uint64_t seed = 0;
    std::string wanted;
    std::string last;
    std::optional<Graph> graph;
    int lines = 0;
    while (vectors >> name >> seed >> wanted) {
        ++lines;
        if (name != last) graph = network_named(name);
        last = name;
        if (!graph) continue;
        for (const char* accelerator : {"u65-256", "u65-512", "u55-128"}) {
            // The large ones take a second each to compile and run: once is enough.
            const bool large =
                name.find("224") != std::string::npos || name.find("cifar100") != std::string::npos;
            if (large && (seed != 1 || std::string{accelerator} != "u65-256")) continue;
            const Target target = Target::preset(accelerator);
            const CompiledNetwork network = compile(*graph, target);
            const Execution result =
                execute(network, target, seeded_inputs(*graph, seed), {.check = true});
            INFO(name << " seed " << seed << " on " << accelerator);
            CHECK(hex(result.outputs) == wanted);
            CHECK(result.findings.empty());
            for (const Finding& finding : result.findings) UNSCOPED_INFO(finding.text);
        }
    }
    CHECK(lines > 10);
}

TEST_CASE("a foreign compiler's streams compute the reference's bytes") {
    struct Compiled {
        const char *file, *accelerator;
    };
    constexpr std::array compiled{Compiled{"kws_micronet_m_vela_H128.tflite", "u55-128"},
                                  Compiled{"kws_micronet_m_vela_H256.tflite", "u55-256"},
                                  Compiled{"kws_micronet_m_vela_Y256.tflite", "u65-256"}};
    for (const auto& [file, accelerator] : compiled) {
        if (!std::filesystem::exists(test::models_folder() / file)) {
            test::skip(std::string{file} + " is not there");
            continue;
        }
        const Target target = Target::preset(accelerator);
        const CompiledNetwork network =
            import_compiled(read_network(test::models_folder() / file), target);
        std::ifstream vectors(test::source_folder() / "tests/data/execute.txt");
        std::string name;
        std::uint64_t seed = 0;
        std::string wanted;
        int compared = 0;
        while (vectors >> name >> seed >> wanted) {
            if (name != "models/kws_micronet_m") continue;
            const Execution result =
                execute(network, target, seeded_inputs(network.graph, seed), {.check = true});
            CAPTURE(file, seed);
            CHECK(hex(result.outputs) == wanted);
            CHECK(result.findings.empty());
            ++compared;
        }
        CHECK(compared > 0);
    }
}
