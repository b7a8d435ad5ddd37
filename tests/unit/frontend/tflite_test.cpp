#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>

#include <u65sim/text.hpp>

#include "support/environment.hpp"
#include "support/skip.hpp"
#include "support/temporary_folder.hpp"
#include "tflite_file.hpp"

using namespace u65sim;
namespace schema = u65sim::tflite_schema;

namespace {

// One of each layer the builder has.
Graph every_layer(ElementType type) {
    GraphBuilder net{"every", {{}, type}};
    const Value x = net.input({1, 8, 8, 4});
    Value y = net.conv2d(x, 8, Window::square(3, 1), {.activation = Activation::relu6});
    y = net.depthwise_conv2d(y, Window::square(3, 2), {.activation = Activation::relu});
    y = net.transpose_conv(y, 4, Window::square(2, 2));
    y = net.add(y, x);
    y = net.sub(y, x);
    y = net.mul(y, x);
    y = net.maximum(y, x);
    y = net.minimum(y, x);
    y = net.leaky_relu(y, 0.1F);
    y = net.prelu(y);
    for (const OpType kind :
         {OpType::relu, OpType::relu6, OpType::relu_n1_to_1, OpType::logistic, OpType::tanh,
          OpType::hard_swish, OpType::abs, OpType::exp, OpType::gelu}) {
        y = net.unary(kind, y);
    }
    y = net.average_pool(y, Window::square(2, 1));
    y = net.max_pool(y, Window::square(2, 2, Padding::valid));
    y = net.pad(y, {0, 1, 1, 0}, {0, 1, 1, 0});
    y = net.resize_bilinear(y, 12, 12, {.align_corners = false, .half_pixel_centers = true});
    y = net.resize_nearest(y, 24, 24);
    y = net.slice(y, {0, 0, 0, 0}, {1, 6, 6, 4});
    y = net.transpose(y, {0, 2, 1, 3});
    const auto parts = net.split(y, 2, 3);
    y = net.concat({parts[1], parts[0]}, 3);
    y = net.mean(y, {1, 2}, false);
    y = net.fully_connected(net.reshape(y, {1, 4}), 6, {.name = "fc"});
    net.output(net.softmax(y, 2.0F, {.name = "softmax"}));
    Graph graph = net.build();
    graph.description = "one of each";
    graph.metadata.push_back({"note", {1, 2, 3}});
    return graph;
}

std::uint64_t next(std::uint64_t& state) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    return state;
}

Graph tiny() {
    GraphBuilder net{"tiny"};
    Value x = net.conv2d(net.input({1, 4, 4, 2}), 4, Window::square(3), {.name = "conv"});
    x = net.reshape(x, {1, -1}, {.name = "flat"});
    x = net.fully_connected(x, 3, {.name = "fc"});
    net.output(net.softmax(x, 1.0F, {.name = "softmax"}));
    return net.build();
}

// A verified network or InvalidModel; everything else ends the test.
bool is_accepted(const std::vector<std::uint8_t>& bytes) {
    try {
        verify(read_tflite(bytes, "damaged"));
        return true;
    } catch (const InvalidModel& error) {
        if (std::string{error.what()}.rfind("damaged: ", 0) != 0) {
            FAIL("message without place: " << error.what());
        }
        return false;
    }
}

}  // namespace

TEST_CASE("read_tflite: a file's tables become exactly this network") {
    test::FileGraph file;
    file.tensors = {
        {.name = "in", .shape = {1, 2, 3, 1}, .scales = {0.5F}, .zero_points = {-3}},
        {.name = "to",
         .shape = {2},
         .kind = schema::ElementKind::int32,
         .data = {1, 0, 0, 0, 6, 0, 0, 0}},
        {.name = "flat", .shape = {1, 6}, .scales = {0.5F}, .zero_points = {-3}},
        {.name = "out", .shape = {1, 6}, .scales = {0.25F}, .zero_points = {7}},
    };
    constexpr std::int32_t reshape = 22, logistic = 14;
    file.operators = {{.builtin = reshape, .inputs = {0, 1}, .outputs = {2}},
                      {.builtin = logistic, .inputs = {2}, .outputs = {3}}};
    file.inputs = {0};
    file.outputs = {3};
    const Graph graph = read_tflite(test::tflite_file({file}), "file");
    CHECK(dump(graph) == R"(graph file: 2 operators, 4 tensors
input in 1x2x3x1 int8 q(0.5, -3)
0 RESHAPE 'flat': (in 1x2x3x1 int8 q(0.5, -3), to 2 int32 const) -> (flat 1x6 int8 q(0.5, -3))
1 LOGISTIC 'out': (flat 1x6 int8 q(0.5, -3)) -> (out 1x6 int8 q(0.25, 7))
output out 1x6 int8 q(0.25, 7)
)");
    CHECK(graph.tensors[1].data.bytes() == std::vector<std::uint8_t>{1, 0, 0, 0, 6, 0, 0, 0});
    CHECK(graph.notes.empty());
}

TEST_CASE("what is written reads back equal") {
    for (const ElementType type : {ElementType::int8, ElementType::uint8, ElementType::int16}) {
        const Graph graph = every_layer(type);
        INFO(to_string(type));
        const auto bytes = write_tflite(graph);
        CHECK(read_tflite(bytes, graph.name) == graph);
        CHECK(tflite_size(graph) == Bytes{static_cast<std::int64_t>(bytes.size())});
    }
}

TEST_CASE("custom operators and unknown builtins survive the file") {
    Graph graph = tiny();
    Operator custom;
    custom.type = OpType::custom;
    custom.custom_code = "ethos-u";
    custom.custom_options = {1, 4, 1};
    custom.name = "npu";
    Operator top;
    top.type = OpType::other;
    top.builtin_code = 109;
    top.name = "top";
    for (Operator* op : {&custom, &top}) {
        Tensor output;
        output.name = op->name;
        output.shape = {1, 3};
        op->inputs = graph.outputs;
        op->outputs = {static_cast<TensorId>(graph.tensors.size())};
        graph.tensors.push_back(output);
        graph.operators.push_back(*op);
    }
    CHECK(read_tflite(write_tflite(graph), graph.name) == graph);
    graph.operators.back().builtin_code = 80;  // FAKE_QUANT has options that a graph cannot hold
    CHECK_THROWS_WITH(write_tflite(graph), Catch::Contains("FAKE_QUANT"));
    CHECK_THROWS_WITH(tflite_size(graph), Catch::Contains("FAKE_QUANT"));
}

TEST_CASE("constants lie on 16-byte borders and the file names its format") {
    const Graph graph = tiny();
    const auto bytes = write_tflite(graph);
    CHECK(std::string(bytes.begin() + 4, bytes.begin() + 8) == "TFL3");
    for (const Tensor& tensor : graph.tensors) {
        if (!tensor.data || tensor.data.bytes().size() < 16) continue;
        const auto& data = tensor.data.bytes();
        const auto found = std::search(bytes.begin(), bytes.end(), data.begin(), data.end());
        REQUIRE(found != bytes.end());
        CHECK((found - bytes.begin()) % 16 == 0);
    }
}

TEST_CASE("every prefix of a file is refused with a message") {
    const auto bytes = write_tflite(tiny());
    int accepted = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        accepted +=
            is_accepted({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}) ? 1 : 0;
    }
    CHECK(accepted == 0);
}

TEST_CASE("ten thousand flipped bits give a verified network or InvalidModel") {
    const auto original = write_tflite(tiny());
    std::uint64_t state = 0x1234567;
    int accepted = 0;
    for (int round = 0; round < 10'000; ++round) {
        auto bytes = original;
        const std::size_t flips = 1 + next(state) % 3;
        for (std::size_t flip = 0; flip < flips; ++flip) {
            const std::uint64_t position = next(state) % (bytes.size() * 8);
            bytes[position / 8] ^= static_cast<std::uint8_t>(1U << (position % 8));
        }
        accepted += is_accepted(bytes) ? 1 : 0;
    }
    // Weights and scales may change without harm; structure may not.
    CHECK(accepted > 0);
    CHECK(accepted < 10'000);
}

TEST_CASE("tables that multiply a file are refused") {
    Graph graph = tiny();
    graph.description = std::string(1'000, 'x');
    const auto bytes = write_tflite(graph);
    CHECK_NOTHROW(read_tflite(bytes, "plain"));
    CHECK_THROWS_WITH(read_tflite({'n', 'o'}, "short"), Catch::Contains("2 bytes"));
    CHECK_THROWS_WITH(read_tflite(std::vector<std::uint8_t>(64, 'A'), "text"),
                      Catch::Contains("TFL3"));
}

TEST_CASE("public models read, verify and keep through the file") {
    const auto folder = test::models_folder();
    if (!std::filesystem::exists(folder)) {
        test::skip("no models in '" + folder.string() + "'");
        return;
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".tflite") continue;
        INFO(entry.path());
        const Graph graph = read_network(entry.path());
        CHECK_FALSE(graph.operators.empty());
        CHECK(read_tflite(write_tflite(graph), graph.name) == graph);
    }
}

TEST_CASE("files are replaced whole, and what cannot be opened is a FileError") {
    const test::TemporaryFolder temporary;
    const auto& folder = temporary.path();
    const auto file = folder / "tiny.tflite";
    save_tflite(tiny(), file);
    save_tflite(tiny(), file);
    CHECK(read_network(file) == tiny());
    CHECK(std::distance(std::filesystem::directory_iterator(folder),
                        std::filesystem::directory_iterator{}) == 1);
    CHECK_THROWS_AS(read_network(folder / "none.tflite"), FileError);
    CHECK_THROWS_AS(read_network(folder), FileError);
    CHECK_THROWS_AS(save_tflite(tiny(), folder / "none" / "tiny.tflite"), FileError);
}

TEST_CASE("names become printable text") {
    CHECK(printable("conv\n1") == "conv?1");
    CHECK(printable("größe") == "größe");
    CHECK(printable("\xC0\xAF\xED\xA0\x80") == "?????");
    CHECK(printable("\xE2\x82") == "??");
}
