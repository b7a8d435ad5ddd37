// Every layer of a YAML graph at every rank: a network that compiles, or an error with its place.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

using namespace u65sim;

namespace {

/// Layers and their keys; R stands for a list of as many numbers as the input has axes.
const std::vector<std::pair<const char*, const char*>> layers{
    {"conv2d", "filters: 4, kernel: 3"},
    {"depthwise_conv2d", "kernel: 3"},
    {"transpose_conv", "filters: 4, kernel: 2, stride: 2"},
    {"fully_connected", "units: 5"},
    {"average_pool", "kernel: 2"},
    {"max_pool", "kernel: 2"},
    {"global_average_pool", ""},
    {"mean", "axes: [0]"},
    {"add", "from: [x, x]"},
    {"sub", "from: [x, x]"},
    {"mul", "from: [x, x]"},
    {"minimum", "from: [x, x]"},
    {"maximum", "from: [x, x]"},
    {"leaky_relu", "alpha: 0.1"},
    {"prelu", ""},
    {"softmax", ""},
    {"concat", "from: [x, x]"},
    {"split", "name: s, parts: 2"},
    {"slice", "begin: R0, size: R1"},
    {"reshape", "shape: [-1]"},
    {"flatten", ""},
    {"transpose", "order: RN"},
    {"pad", "before: R0, after: R1"},
    {"resize_bilinear", "size: 8"},
    {"resize_nearest", "size: 8"},
    {"relu", ""},
    {"relu6", ""},
    {"logistic", ""},
    {"tanh", ""},
    {"abs", ""},
    {"hard_swish", ""},
    {"exp", ""},
    {"gelu", ""},
};

std::string list(std::size_t rank, int value, int step) {
    std::string text;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        text += fmt::format("{}{}", axis == 0 ? "" : ", ", value + step * static_cast<int>(axis));
    }
    return "[" + text + "]";
}

std::string with_lists(std::string keys, std::size_t rank) {
    const auto put = [&](const char* mark, const std::string& numbers) {
        const std::size_t at = keys.find(mark);
        if (at != std::string::npos) keys.replace(at, 2, numbers);
    };
    put("R0", list(rank, 0, 0));
    put("R1", list(rank, 1, 0));
    put("RN", list(rank, static_cast<int>(rank) - 1, -1));
    return keys;
}

}  // namespace

TEST_CASE("Every layer at every rank compiles or is refused with its place") {
    std::size_t compiled = 0;
    for (const char* const type : {"int8", "uint8", "int16"}) {
        for (const auto& [name, keys] : layers) {
            for (std::size_t rank = 0; rank <= 7; ++rank) {
                const std::string filled = with_lists(keys, rank);
                const std::string text = fmt::format(
                    "type: {}\ninputs: [{{name: x, shape: {}}}]\nlayers:\n  - {{op: {}{}{}}}\n",
                    type, list(rank, 4, 0), name, filled.empty() ? "" : ", ", filled);
                CAPTURE(text);
                try {
                    const Graph graph = read_yaml_graph(text, "net.yaml");
                    static_cast<void>(compile(graph, Target::preset("u65-256")));
                    ++compiled;
                } catch (const InvalidModel& error) {
                    CHECK(std::string{error.what()}.starts_with("net.yaml:"));
                }
            }
        }
    }
    CHECK(compiled > 3 * layers.size() * 4);
}
