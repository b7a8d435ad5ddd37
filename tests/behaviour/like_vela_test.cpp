// What a plan like Vela's does otherwise; that it computes the same is optional_steps_test's.
#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <u65sim/command_stream.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/simulate.hpp>

#include "stream/operation.hpp"
#include "unit/compile/check_compiled.hpp"
#include "unit/compile/pass_dump.hpp"

using namespace u65sim;
using test::as_vela;

namespace {

/// Kernels of the network's first segment, in order.
std::vector<stream::KernelOp> kernels(const Graph& graph, const CompileOptions& options) {
    const CompiledNetwork network = compile(graph, Target::preset("u65-256"), options);
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    std::vector<stream::KernelOp> found;
    for (const auto& command :
         stream::decode(network.segments[0].stream.words, network.target.accelerator)) {
        if (const auto* kernel = std::get_if<stream::KernelOp>(&command.action)) {
            found.push_back(*kernel);
        }
    }
    return found;
}

/// Plans like Vela's give the bytes that ours gives.
void check_same_outputs(const Graph& graph, const Target& target = Target::preset("u65-256")) {
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : graph.inputs) {
        const auto& shape = graph.tensors[static_cast<std::size_t>(id)].shape;
        std::size_t bytes = 1;
        for (const auto extent : shape) bytes *= static_cast<std::size_t>(extent);
        auto& input = inputs.emplace_back(bytes);
        for (std::size_t i = 0; i < bytes; ++i) input[i] = static_cast<std::uint8_t>(i * i / 7 + i);
    }
    ExecuteOptions checked;
    checked.check = true;
    const auto outputs = execute(compile(graph, target), target, inputs, checked).outputs;
    for (const VelaVersion version : {VelaVersion::v5_0, VelaVersion::v5_2}) {
        CAPTURE(to_string(version));
        const CompiledNetwork like = compile(graph, target, as_vela(version));
        const Execution execution = execute(like, target, inputs, checked);
        CHECK(execution.findings.empty());
        CHECK(execution.outputs == outputs);
    }
}

std::size_t count(const std::vector<stream::KernelOp>& all, stream::KernelKind kind) {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& k) { return k.kind == kind; }));
}

}  // namespace

TEST_CASE("A plan like Vela 5.0's copies weights, but none of a fully connected layer") {
    GraphBuilder net("chain");
    Value x = net.input({1, 16, 16, 32});
    for (int i = 0; i < 4; ++i) x = net.conv2d(x, 128, Window::square(3));
    x = net.fully_connected(net.max_pool(x, Window::square(16, 16)), 64);
    net.output(x);
    const Graph graph = net.build();
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target, as_vela(VelaVersion::v5_0));
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    int copied = 0;
    for (const auto& place : network.placements) {
        if (place.kind != Placement::Kind::weight_buffer) continue;
        ++copied;
        CHECK(place.name.find("fully_connected") == std::string::npos);
    }
    CHECK(copied > 4);
    CHECK(network.segments[0].stream != compile(graph, target).segments[0].stream);
}

TEST_CASE(
    "GIVEN a concatenation, THEN Vela 5.0 copies each operand, 5.2 those with other readers") {
    const auto joined = [](bool shared) {
        GraphBuilder net("joined");
        const Value image = net.input({1, 8, 8, 16});
        const Value left = net.conv2d(image, 16, Window::square(1));
        const Value right = net.conv2d(image, 32, Window::square(1));
        net.output(net.conv2d(net.concat({left, right}, 3), 16, Window::square(1)));
        if (shared) net.output(net.conv2d(left, 8, Window::square(1)));
        return net.build();
    };
    for (const bool shared : {false, true}) {
        CAPTURE(shared);
        const Graph graph = joined(shared);
        const auto copies = [&](const CompileOptions& options) {
            return count(kernels(graph, options), stream::KernelKind::pool);
        };
        CHECK(copies({}) == 0);
        CHECK(copies(as_vela(VelaVersion::v5_0)) == 2);
        CHECK(copies(as_vela()) == (shared ? 1 : 0));
        check_same_outputs(graph);
    }
}

TEST_CASE("GIVEN rows of which the last axes are swapped, THEN Vela swaps each by itself") {
    GraphBuilder net("shuffled");
    const Value x = net.conv2d(net.input({1, 4, 6, 16}), 16, Window::square(1));
    const Value groups = net.reshape(x, {24, 2, 8});
    const Value mixed = net.reshape(net.transpose(groups, {0, 2, 1}), {1, 4, 6, 16});
    net.output(net.conv2d(mixed, 8, Window::square(1)));
    const Graph graph = net.build();
    CHECK(count(kernels(graph, {}), stream::KernelKind::pool) < 24);
    CHECK(count(kernels(graph, as_vela()), stream::KernelKind::pool) == 24);
    check_same_outputs(graph);
}

TEST_CASE(
    "GIVEN a map that a reshape and another operator read, THEN a plan like Vela's copies it") {
    const auto reshaped = [](bool shared) {
        GraphBuilder net("reshaped");
        const Value x = net.conv2d(net.input({1, 8, 8, 16}), 16, Window::square(1));
        net.output(net.conv2d(net.reshape(x, {1, 4, 16, 16}), 16, Window::square(1)));
        if (shared) net.output(net.conv2d(x, 16, Window::square(1)));
        return net.build();
    };
    CHECK(count(kernels(reshaped(true), as_vela()), stream::KernelKind::pool) == 1);
    CHECK(count(kernels(reshaped(true), {}), stream::KernelKind::pool) == 0);
    CHECK(count(kernels(reshaped(false), as_vela()), stream::KernelKind::pool) == 0);
    check_same_outputs(reshaped(true));
}

TEST_CASE("GIVEN a sum of maps of few channels, THEN a plan like Vela's views them as deeper") {
    struct Row {
        std::int32_t h, w, c, depth;
    };
    for (const Row row : {Row{24, 24, 4, 16}, Row{12, 12, 3, 16}, Row{7, 7, 4, 28},
                          Row{24, 24, 8, 8}, Row{11, 1, 1, 1}}) {
        CAPTURE(row.h, row.w, row.c);
        GraphBuilder net("sum");
        const Value image = net.input({1, row.h, row.w, 8});
        const Value a = net.conv2d(image, row.c, Window::square(1));
        const Value b = net.conv2d(image, row.c, Window::square(3));
        net.output(net.conv2d(net.add(a, b), 16, Window::square(1)));
        const Graph graph = net.build();
        for (const auto& kernel : kernels(graph, as_vela())) {
            if (kernel.kind != stream::KernelKind::elementwise) continue;
            CHECK(kernel.ofm.depth == row.depth);
            CHECK(kernel.ofm.height * kernel.ofm.width * kernel.ofm.depth == row.h * row.w * row.c);
        }
        check_same_outputs(graph);
    }
}

TEST_CASE("GIVEN maps of eight channels, THEN a plan like Vela's keeps them in bricks, ours not") {
    GraphBuilder net("shallow");
    Value x = net.conv2d(net.input({1, 16, 16, 16}), 8, Window::square(1));
    net.output(net.conv2d(x, 16, Window::square(3)));
    const Graph graph = net.build();
    CHECK(kernels(graph, as_vela()).front().ofm.layout == stream::Layout::nhcwb16);
    CHECK(kernels(graph, {}).front().ofm.layout == stream::Layout::nhwc);
    check_same_outputs(graph);
}

TEST_CASE("GIVEN inputs of odd depth, THEN weights like Vela's take more bytes than ours") {
    const auto encoded = [](std::int32_t depth, const CompileOptions& options) {
        GraphBuilder net("odd");
        net.output(net.conv2d(net.input({1, 8, 8, depth}), 128, Window::square(1)));
        const CompiledNetwork network = compile(net.build(), Target::preset("u65-256"), options);
        return network.encoded_weight_bytes.count();
    };
    // 114 channels of 128: each weight that is none of the padding's zeros costs a bit more.
    const CompileOptions version = as_vela(VelaVersion::v5_0);
    CHECK(encoded(114, version) > encoded(114, {}) + 114 * 128 / 16);
    CHECK(encoded(128, version) < encoded(128, {}) + 128);
}

TEST_CASE(
    "GIVEN a resize at half pixels, THEN Vela 5.2 copies the map with its edges twice first") {
    GraphBuilder net("enlarged");
    const Value x = net.conv2d(net.input({1, 6, 5, 16}), 16, Window::square(1));
    const Value large = net.resize_bilinear(x, 12, 10, {.half_pixel_centers = true});
    net.output(net.conv2d(large, 16, Window::square(1)));
    const Graph graph = net.build();
    // The map, a row above and one below, a column on each side.
    const auto copies = [&](const CompileOptions& options) {
        return count(kernels(graph, options), stream::KernelKind::pool);
    };
    CHECK(copies(as_vela()) == 5);
    CHECK(copies(as_vela(VelaVersion::v5_0)) == 0);
    CHECK(copies({}) == 0);
    check_same_outputs(graph);
}

TEST_CASE("GIVEN depthwise weights that nothing hides, THEN Vela 5.2 brings them in slices") {
    GraphBuilder net("depthwise");
    net.output(net.depthwise_conv2d(net.input({1, 12, 12, 512}), Window::square(3)));
    const Graph graph = net.build();
    const auto slices = [&](const CompileOptions& options) {
        return count(kernels(graph, options), stream::KernelKind::depthwise);
    };
    CHECK(slices(as_vela()) > 1);
    CHECK(slices(as_vela(VelaVersion::v5_0)) == 1);
    check_same_outputs(graph);
}

TEST_CASE("GIVEN weights that the operation before hides in part, THEN slices are Vela's") {
    GraphBuilder net("wide");
    const Value x = net.conv2d(net.input({1, 14, 14, 80}), 512, Window::square(1));
    const Value y = net.conv2d(x, 1488, Window::square(1));
    net.output(net.conv2d(y, 16, Window::square(1)));
    const CompiledNetwork network = compile(net.build(), Target::preset("u65-512"), as_vela());
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    std::vector<int> depths;
    const int block = 48;
    for (const auto& kernel : test::kernels_of(network)) {
        if (kernel.ifm.depth == 512) {
            CHECK(kernel.block.depth == block);
            depths.push_back(kernel.ofm.depth);
        }
    }
    // What comes while the operation before runs, in bricks; then blocks, as many as come while
    // the first slice is at work.
    REQUIRE(depths.size() > 2);
    CHECK(depths[0] % 16 == 0);
    CHECK(depths[0] % block != 0);
    for (std::size_t i = 1; i + 1 < depths.size(); ++i) CHECK(depths[i] % block == 0);
    // They take turns in two buffers.
    const auto buffers =
        std::count_if(network.placements.begin(), network.placements.end(), [](const auto& place) {
            return place.kind == Placement::Kind::weight_buffer &&
                   place.name.find("conv_2d_2") != std::string::npos;
        });
    CHECK(buffers == 2);
}

TEST_CASE("GIVEN an input that blocks read over and over off-chip, THEN Vela 5.2 copies it") {
    const auto copies = [](const Shape& shape, std::int32_t channels, const char* target) {
        GraphBuilder net("deep");
        const auto wide = net.conv2d(net.input(shape), channels, Window::square(1));
        net.output(net.conv2d(wide, 32, Window::square(1)));
        const CompiledNetwork network = compile(net.build(), Target::preset(target), as_vela());
        return std::count_if(
            network.placements.begin(), network.placements.end(),
            [](const auto& place) { return place.name.find("/copy") != std::string::npos; });
    };
    CHECK(copies({1, 14, 14, 320}, 1000, "u65-256") == 1);
    CHECK(copies({1, 14, 14, 320}, 1000, "u65-512") == 1);
    CHECK(copies({1, 14, 14, 320}, 32, "u65-512") == 0);
    SECTION("unless the layer computes longer than input and weights are read") {
        CHECK(copies({1, 1, 37, 512}, 512, "u65-512") == 1);
        CHECK(copies({1, 1, 37, 512}, 512, "u65-256") == 0);
    }
}

TEST_CASE("GIVEN a sum before maps that do not fit, THEN Vela 5.2 begins a cascade with it") {
    GraphBuilder net("residual");
    const Value in = net.conv2d(net.input({1, 48, 48, 16}), 24, Window::square(1));
    const Value sum = net.add(in, net.conv2d(in, 24, Window::square(3)));
    const Value deep = net.conv2d(sum, 144, Window::square(1));
    const Value less = net.depthwise_conv2d(deep, Window::square(3, 2));
    net.output(net.conv2d(net.conv2d(less, 32, Window::square(1)), 16, Window::square(1)));
    const Graph graph = net.build();
    const auto all = kernels(graph, as_vela());
    CHECK(count(all, stream::KernelKind::elementwise) > 1);
    CHECK(count(all, stream::KernelKind::depthwise) > 1);
    // The weights behind it come while it runs: the map is read once.
    CHECK(std::count_if(all.begin(), all.end(), [](const auto& kernel) {
              return kernel.kind == stream::KernelKind::conv && kernel.ifm.depth == 144;
          }) == 1);
    check_same_outputs(graph);
}

TEST_CASE("GIVEN weights beside maps that fill the SRAM, THEN slices are Vela 5.2's") {
    GraphBuilder net("wide");
    const Value x = net.conv2d(net.input({1, 14, 14, 256}), 1280, Window::square(1));
    net.output(net.conv2d(x, 592, Window::square(1)));
    const CompiledNetwork network = compile(net.build(), Target::preset("u65-512"), as_vela());
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    std::vector<int> depths;
    for (const auto& kernel : test::kernels_of(network)) {
        if (kernel.ifm.depth == 1280) depths.push_back(kernel.ofm.depth);
    }
    // Those of the stream that Vela 5.2 makes of this network.
    std::vector<int> expected(13, 48);
    expected[0] = 16;
    CHECK(depths == expected);
}

TEST_CASE("GIVEN a residual sum, THEN in Vela 5.2's plans it overwrites what only it reads") {
    GraphBuilder net("residual");
    const Value x = net.conv2d(net.input({1, 8, 8, 16}), 16, Window::square(1), {.name = "x"});
    const Value y = net.conv2d(x, 16, Window::square(3), {.name = "branch"});
    net.output(net.conv2d(net.add(x, y), 16, Window::square(1)));
    const Graph graph = net.build();
    const auto offset_of_sum_is_branchs = [&](const CompileOptions& options) {
        for (const auto& kernel : kernels(graph, options)) {
            if (kernel.kind == stream::KernelKind::elementwise) {
                return kernel.ofm.base == kernel.ifm2.base;
            }
        }
        return false;
    };
    CHECK(offset_of_sum_is_branchs(as_vela()));
    CHECK_FALSE(offset_of_sum_is_branchs(as_vela(VelaVersion::v5_0)));
    check_same_outputs(graph);
}

TEST_CASE("GIVEN a pool of which blocks cost alike, THEN its block is Vela 5.2's") {
    GraphBuilder net("pooled");
    const Value x = net.conv2d(net.input({1, 48, 48, 8}), 48, Window::square(1));
    net.output(net.conv2d(net.max_pool(x, Window::square(2, 2)), 8, Window::square(1)));
    for (const auto& kernel : kernels(net.build(), as_vela())) {
        if (kernel.kind != stream::KernelKind::pool) continue;
        CHECK(kernel.block == BlockShape{4, 4, 48});
    }
}

TEST_CASE("GIVEN maps that must not spill, THEN rows that roll take no more than they must") {
    GraphBuilder net("high");
    Value x = net.conv2d(net.input({1, 80, 80, 16}), 96, Window::square(1));
    x = net.depthwise_conv2d(x, Window::square(5));
    const Value gate = net.conv2d(net.mean(x, {1, 2}, true), 96, Window::square(1));
    net.output(net.conv2d(net.mul(x, gate), 16, Window::square(1)));
    const Graph graph = net.build();
    Target target = Target::preset("u55-128");
    target.set("sram.size=780KiB");
    for (const VelaVersion version : {VelaVersion::v5_0, VelaVersion::v5_2}) {
        CAPTURE(to_string(version));
        // Throws where it does not fit.
        const CompiledNetwork network = compile(graph, target, as_vela(version));
        for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    }
}

TEST_CASE(
    "GIVEN sums with an input off-chip, THEN operands that leave the SRAM alone compute as ever") {
    for (const int terms : {1, 3}) {
        CAPTURE(terms);
        GraphBuilder net("sums");
        const Value in = net.input({1, 16, 16, 16});
        Value sum = net.conv2d(in, 16, Window::square(1));
        for (int i = 0; i < terms; ++i) sum = net.add(sum, in);
        net.output(net.conv2d(sum, 8, Window::square(1)));
        check_same_outputs(net.build());
    }
}
