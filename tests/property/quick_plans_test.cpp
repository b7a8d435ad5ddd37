// The streams that effort quick has in mind: copies go, wait and stay away as in the compiler's.
#include <catch2/catch.hpp>

#include <cstdint>

#include <u65sim/compile.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "compile/quick/answer.hpp"

using namespace u65sim;

namespace {

/// Cycles of the closed form, without correction, over those of a simulation.
double ratio(const Graph& graph, const char* preset) {
    const Target target = Target::preset(preset);
    const CompileCache cache;
    compiler::CacheCounters counters;
    const auto quick = compiler::quick::answer(graph, target, {}, cache, counters);
    Oracle exact{target};
    return static_cast<double>(quick.cycles.count()) /
           static_cast<double>(exact.estimate(graph).total.cycles.count());
}

/// One step of a gated recurrent unit: small kernels, weights read once, two tables.
Graph recurrent(std::int32_t units) {
    GraphBuilder net{"recurrent", {{.modelled = true}}};
    const Value x = net.input({1, 56});
    const Value state = net.input({1, units}, "state");
    const auto gate = [&](Value a, Value b) {
        return net.add(net.fully_connected(a, units), net.fully_connected(b, units));
    };
    const Value update = net.logistic(gate(x, state));
    const Value reset = net.logistic(gate(x, state));
    const Value fresh = net.tanh(gate(x, net.mul(reset, state)));
    net.output(net.add(net.mul(update, state), net.mul(fresh, update)));
    return net.build();
}

/// Branches of windows that differ, joined, over a map that does not fit in 384 KiB.
Graph branched() {
    GraphBuilder net{"branched", {{.modelled = true}}};
    Value x = net.conv2d(net.input({1, 192, 192, 3}), 16, Window::square(3, 2));
    const Value a = net.conv2d(x, 40, Window::square(1));
    const Value b = net.conv2d(x, 24, Window::square(3));
    x = net.conv2d(net.concat({a, b}, 3), 24, Window::square(1));
    net.output(net.depthwise_conv2d(x, Window::square(3, 2)));
    return net.build();
}

/// A block with a way around it.
Graph residual() {
    GraphBuilder net{"residual", {{.modelled = true}}};
    const Value x = net.conv2d(net.input({1, 192, 192, 3}), 32, Window::square(3, 2));
    const Value y = net.conv2d(net.conv2d(x, 64, Window::square(1)), 32, Window::square(3));
    net.output(net.max_pool(net.add(x, y), Window::square(2, 2)));
    return net.build();
}

}  // namespace

TEST_CASE("Commands come as they are written, and wait for copies that asked before them alone") {
    for (const std::int32_t units : {32, 56, 72}) {
        INFO(units);
        CHECK(ratio(recurrent(units), "u65-256") == Approx(1).epsilon(0.04));
    }
    for (const std::int32_t units : {16, 24, 32}) {
        INFO(units);
        CHECK(ratio(recurrent(units), "u65-512") == Approx(1).epsilon(0.07));
    }
}

TEST_CASE("Copies go when they cost least, as in the compiler's streams") {
    CHECK(ratio(zoo("ds_cnn", {.modelled = true}), "u55-128") == Approx(1).epsilon(0.015));
}

TEST_CASE("Slices take what their own kernels take") {
    // As shares of their operations they would be 0.6 % faster, all together.
    CHECK(ratio(zoo("resnet50_cifar100", {.modelled = true}), "u65-512") ==
          Approx(1).epsilon(0.006));
}

TEST_CASE("Cascades leave room to weights where that is faster") {
    CHECK(ratio(zoo("mobilenet_v2_224", {.modelled = true}), "u65-256") == Approx(1).epsilon(0.02));
    CHECK(ratio(zoo("mobilenet_v2_224", {.modelled = true}), "u65-512") == Approx(1).epsilon(0.02));
}

TEST_CASE("Rows go over branches") {
    for (const char* target : {"u65-256", "u65-512"}) {
        INFO(target);
        CHECK(ratio(branched(), target) == Approx(1).epsilon(0.05));
        CHECK(ratio(residual(), target) == Approx(1).epsilon(0.05));
    }
    Target small = Target::preset("u55-128");
    small.sram.size = Bytes{256 << 10};
    OracleOptions quick;
    quick.effort = Effort::quick;
    CHECK_NOTHROW(Oracle(small, quick).estimate(branched()));
}
