#include <map>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/simulate.hpp>

#include "unit/compile/check_compiled.hpp"
#include "unit/compile/networks.hpp"
#include "unit/compile/own_size.hpp"

using namespace u65sim;

namespace {

constexpr std::int64_t roomy = 4 * 1024 * 1024;

Target with_sram(std::int64_t bytes) {
    Target target = test::target();
    target.sram.size = Bytes{bytes};
    return target;
}

/// Names of kernels that are stripes, and how often each operator's weights are copied.
struct Streams {
    std::size_t stripes = 0;
    std::set<std::string> cascaded;
    std::map<std::string, int> copies;
};
Streams streams_of(const CompiledNetwork& network) {
    Streams result;
    for (const auto& segment : network.segments) {
        for (const auto& label : segment.labels) {
            if (label.op_type == "DMA") {
                if (label.name.ends_with("/weights")) ++result.copies[label.op_name];
            } else if (label.name.find("/stripe") != std::string::npos) {
                ++result.stripes;
                result.cascaded.insert(label.op_name);
            }
        }
    }
    return result;
}

std::vector<std::uint8_t> some_bytes(std::int64_t count) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
    std::uint32_t state = 99;
    for (auto& b : bytes) {
        state = state * 1664525 + 1013904223;
        b = static_cast<std::uint8_t>(state >> 24);
    }
    return bytes;
}

/// Runs a network in stripes and as a whole on the same data.
void require_same_result(const Graph& graph, const Target& tight) {
    Target wide = tight;
    wide.sram.size = Bytes{roomy};
    const CompiledNetwork striped = compile(graph, tight);
    const CompiledNetwork plain = test::compile_for_own_size(graph, wide);
    for (const auto& problem : check_compiled(striped)) FAIL_CHECK(problem);
    REQUIRE(streams_of(striped).stripes > 0);
    REQUIRE(streams_of(plain).stripes == 0);
    const Tensor& input = graph.tensors[static_cast<std::size_t>(graph.inputs[0])];
    const std::vector<std::vector<std::uint8_t>> data{some_bytes(element_count(input.shape))};
    ExecuteOptions options;
    options.check = true;
    const Execution a = execute(striped, tight, data, options);
    for (const auto& finding : a.findings) FAIL_CHECK(finding.text);
    CHECK(a.outputs == execute(plain, wide, data).outputs);
}

/// A large map whose reader has more weights than 128 KiB hold, and computes long enough to hide
/// their way from DRAM.
Graph large_weights() {
    GraphBuilder net{"large_weights", {{.seed = 3, .sparsity = 0.6}}};
    Value x = net.conv2d(net.input({1, 32, 32, 64}), 768, Window::square(1));
    x = net.conv2d(net.depthwise_conv2d(x, Window::square(3)), 512, Window::square(1));
    net.output(x);
    return net.build();
}

/// A wide middle between two narrow ends, with what the parameters say in it.
Graph wide_middle(std::int32_t side, std::int32_t kernel, std::int32_t stride, bool residual) {
    test::Builder b;
    const TensorId x = b.conv(b.input({1, side, side, 8}), 16, 3, 2);
    const TensorId wide = b.conv(x, 64, 1);
    const TensorId deep = b.conv(wide, 64, kernel, stride, true);
    const TensorId narrow = b.conv(deep, 16, 1);
    if (!residual) return b.finish(narrow);
    return b.finish(b.conv(b.binary(OpType::add, x, narrow), 16, 3));
}

/// A PRELU between convolutions, with slopes on both sides of one: four kernels that read the same
/// map or each other's results.
Graph forked(std::int32_t side) {
    test::Builder b;
    const TensorId x = b.conv(b.input({1, side, side, 8}), 32, 3, 2);
    std::vector<std::uint8_t> slopes;
    for (int c = 0; c < 32; ++c) slopes.push_back(static_cast<std::uint8_t>(30 + 4 * c));
    const TensorId slope = b.constant({1, 1, 32}, ElementType::int8, slopes, 0.01F);
    const Shape shape = b.graph.tensors[static_cast<std::size_t>(x)].shape;
    const TensorId y = b.map(shape, 0.04F);
    b.op(OpType::prelu, {x, slope}, y);
    return b.finish(b.conv(y, 16, 3));
}

/// Networks whose maps of 64 x 64 meet again after they have parted.
Value parted(GraphBuilder& net) {
    return net.conv2d(net.input({1, 128, 128, 4}), 32, Window::square(3, 2), {.name = "stem"});
}
Graph residual_block() {
    GraphBuilder net{"residual"};
    const Value x = parted(net);
    Value y = net.conv2d(x, 48, Window::square(1), {.name = "wide"});
    y = net.depthwise_conv2d(y, Window::square(5), {.name = "deep"});
    y = net.conv2d(y, 32, Window::square(1), {.name = "narrow"});
    net.output(net.conv2d(net.add(x, y, {.name = "sum"}), 8, Window::square(3, 2)));
    return net.build();
}
Graph joined_branches() {
    GraphBuilder net{"joined"};
    const Value x = parted(net);
    const Value a = net.conv2d(x, 16, Window::square(5), {.name = "a"});
    const Value b = net.max_pool(x, Window::square(3), {.name = "b"});
    net.output(net.conv2d(net.concat({a, b}, 3), 8, Window::square(3, 2)));
    return net.build();
}
Graph skip_that_goes_out() {
    GraphBuilder net{"skip"};
    const Value x = net.conv2d(parted(net), 8, Window::square(1), {.name = "skip"});
    const Value deep = net.conv2d(x, 64, Window::square(3), {.name = "wide"});
    Value y = net.conv2d(deep, 16, Window::square(3, 2), {.name = "narrow"});
    y = net.conv2d(net.conv2d(y, 16, Window::square(3)), 16, Window::square(3));
    net.output(net.add(y, net.conv2d(x, 16, Window::square(1, 2))));
    return net.build();
}
Graph neck() {
    GraphBuilder net{"neck"};
    const Value low = parted(net);
    const Value top = net.conv2d(low, 16, Window::square(3, 2), {.name = "top"});
    const Value up = net.resize_nearest(top, 64, 64, {}, {.name = "up"});
    net.output(net.conv2d(net.concat({up, low}, 3), 8, Window::square(3, 2)));
    return net.build();
}
/// A map that is joined to another one much later, which needs all of its rows.
Graph u_net() {
    GraphBuilder net{"u_net"};
    const Value skip = net.conv2d(net.input({1, 64, 64, 4}), 16, Window::square(3));
    Value x = net.max_pool(skip, Window::square(8, 8));
    x = net.conv2d(x, 16, Window::square(7));
    for (const std::int32_t side : {16, 32, 64}) x = net.resize_nearest(x, side, side);
    net.output(net.conv2d(net.concat({skip, x}, 3), 2, Window::square(3, 2)));
    return net.build();
}

Target shared_sram(std::int64_t kib) {
    Target target = test::target(Product::u55, 128);
    target.sram.size = Bytes{kib * 1024};
    return target;
}

}  // namespace

TEST_CASE("GIVEN maps that part and meet, WHEN they do not fit whole, THEN they roll together") {
    const auto require_fit = [](const Graph& graph, std::int64_t kib,
                                const std::set<std::string>& members) {
        const Target target = shared_sram(kib);
        CompileOptions whole;
        whole.without = {"form_cascades"};
        CHECK_THROWS_AS(compile(graph, shared_sram(2 * kib), whole), DoesNotFit);
        const std::set<std::string> cascaded = streams_of(compile(graph, target)).cascaded;
        for (const auto& member : members) {
            INFO(member);
            CHECK(cascaded.contains(member));
        }
        require_same_result(graph, target);
    };
    SECTION("a residual block") {
        require_fit(residual_block(), 128, {"stem", "wide", "deep", "narrow", "sum"});
    }
    SECTION("a convolution beside a pool, joined") {
        require_fit(joined_branches(), 112, {"stem", "a", "b"});
    }
    SECTION("a map that is read behind the cascade, too") {
        require_fit(skip_that_goes_out(), 144, {"stem", "skip", "wide", "narrow"});
    }
    SECTION("a neck that goes up again") { require_fit(neck(), 112, {"stem", "top", "up"}); }
}

TEST_CASE("a map that is joined much later is copied there where else nothing fits") {
    const Graph graph = u_net();
    const auto copies = [&](std::int64_t kib) {
        const CompiledNetwork network = compile(graph, shared_sram(kib));
        std::size_t count = 0;
        for (const auto& label : network.segments.at(0).labels) {
            count += label.op_type == "CONCATENATION";
        }
        return count;
    };
    CHECK(copies(512) == 0);
    CHECK(copies(104) > 0);
    require_same_result(graph, shared_sram(104));
}

TEST_CASE("kernels that read the same rows run in one cascade") {
    const Graph graph = forked(128);
    require_same_result(graph, with_sram(98304));
    const CompiledNetwork network = compile(graph, with_sram(98304));
    CHECK(streams_of(network).cascaded.contains(graph.operators[1].name));
    // None of its maps is whole: each would be larger than the SRAM.
    for (const auto& spill : network.spills) {
        INFO(spill.tensor);
        CHECK_FALSE(spill.tensor.starts_with(graph.operators[1].name));
    }
    // In Vela's cascades a map has one reader.
    CompileOptions like_vela;
    like_vela.like_vela = true;
    const auto& first = graph.operators[0].name;
    CHECK(streams_of(network).cascaded.contains(first));
    CHECK_FALSE(streams_of(compile(graph, with_sram(98304), like_vela)).cascaded.contains(first));
}

TEST_CASE("GIVEN a map beyond the SRAM, WHEN cascaded, THEN the result stays bit-exact") {
    SECTION("3x3") { require_same_result(wide_middle(128, 3, 1, false), with_sram(131072)); }
    SECTION("5x5") { require_same_result(wide_middle(128, 5, 1, false), with_sram(131072)); }
    SECTION("stride 2") { require_same_result(wide_middle(128, 3, 2, false), with_sram(131072)); }
    SECTION("an odd height") {
        require_same_result(wide_middle(134, 3, 1, false), with_sram(131072));
    }
    SECTION("a residual across it") {
        require_same_result(wide_middle(128, 3, 1, true), with_sram(196608));
    }
}

TEST_CASE("a cascade keeps wide maps out of DRAM") {
    const CompiledNetwork network = compile(wide_middle(128, 3, 1, false), with_sram(131072));
    // Two maps of 64x64x64 lie in the middle; without stripes both would be larger than the SRAM.
    std::int64_t spilled = 0;
    for (const auto& spill : network.spills) spilled += spill.size.count();
    CHECK(spilled < 2 * 64 * 64 * 64);
}

TEST_CASE("a cascade copies each operator's weights once") {
    const Streams streams = streams_of(compile(wide_middle(128, 3, 1, false), with_sram(131072)));
    REQUIRE(streams.cascaded.size() >= 2);
    for (const auto& [name, count] : streams.copies) {
        INFO(name);
        if (streams.cascaded.contains(name)) CHECK(count == 1);
    }
}

TEST_CASE("weights beyond the SRAM are read anew by each stripe of a cascade") {
    const Graph graph = large_weights();
    Target target = Target::preset("u65-256");
    target.sram.size = Bytes{131072};
    const CompiledNetwork network = compile(graph, target);
    const Streams streams = streams_of(network);
    const std::string& last = graph.operators.back().name;
    CHECK(streams.cascaded.contains(last));
    CHECK_FALSE(streams.copies.contains(last));
    CompileOptions whole_maps;
    whole_maps.without = {"form_cascades"};
    CHECK(simulate(network, target).total <
          simulate(compile(graph, target, whole_maps), target).total);
    require_same_result(graph, target);
}

TEST_CASE("nothing is cut into stripes where all maps fit") {
    CHECK(streams_of(compile(wide_middle(64, 3, 1, true), with_sram(roomy))).stripes == 0);
}

TEST_CASE("cascades do not depend on the number of threads that search and try them") {
    const Graph graph = wide_middle(134, 3, 1, true);
    for (const std::int64_t sram : {65536, 98304, 131072, 196608}) {
        CompileOptions options;
        const CompiledNetwork alone = compile(graph, with_sram(sram), options);
        for (const unsigned threads : {2U, 4U}) {
            options.threads = threads;
            const bool same = compile(graph, with_sram(sram), options) == alone;
            CHECK(same);
        }
    }
}
