// What a bound counts, on networks whose figures can be worked out by hand.
#include <utility>

#include <catch2/catch.hpp>

#include <u65sim/bound.hpp>
#include <u65sim/graph_builder.hpp>

#include "bound/compulsory_work.hpp"

using namespace u65sim;
using bound::CompulsoryWork;

namespace {

Accelerator u65() { return {}; }

const bound::OperatorWork& work_of(const CompulsoryWork& work, const Graph& graph, OpType type) {
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
        if (graph.operators[i].type == type) return work.operators()[i];
    }
    FAIL("no such operator");
    return work.operators().front();
}

}  // namespace

TEST_CASE("A convolution takes its products at 256 a cycle, without those with padding") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 8, 8, 32});
    net.output(net.conv2d(x, 64, Window::square(3)));
    const Graph graph = std::move(net).build();
    const CompulsoryWork work{graph, {false}, u65()};
    const auto& conv = work_of(work, graph, OpType::conv_2d);
    CHECK(conv.mac == 22 * 22 * 32 * 64 / 256);
    CHECK(conv.output == 8 * 8 * 64 * 2 / 8);
    CHECK(conv.reads == 8 * 8 * 32);
    CHECK(conv.writes == 8 * 8 * 64);
}

TEST_CASE("Weights of a fully connected layer are decoded at 8 a cycle") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 512});
    net.output(net.fully_connected(x, 256));
    const Graph graph = std::move(net).build();
    const CompulsoryWork work{graph, {false}, u65()};
    CHECK(work_of(work, graph, OpType::fully_connected).mac == 512 * 256 / 8);
}

TEST_CASE("A product of maps that come from one map counts nothing, of two maps it does") {
    for (const bool one : {false, true}) {
        GraphBuilder net{"net"};
        const Value x = net.conv2d(net.input({1, 8, 8, 16}), 16, Window::square(3));
        const Value y = one ? x : net.conv2d(x, 16, Window::square(3));
        net.output(net.mul(net.relu6(x), net.logistic(y)));
        const Graph graph = std::move(net).build();
        const CompulsoryWork work{graph, std::vector<bool>(graph.operators.size()), u65()};
        CHECK(work_of(work, graph, OpType::mul).is_kernel() == !one);
    }
}

TEST_CASE("What is cut out counts nothing unless the cuts take all") {
    for (const bool all : {false, true}) {
        GraphBuilder net{"net"};
        const Value x = net.input({1, 8, 8, 16});
        const Value conv = net.conv2d(x, 16, {});
        net.output(net.slice(conv, {0, 0, 0, 0}, {1, 8, 8, 8}));
        if (all) net.output(net.slice(conv, {0, 0, 0, 8}, {1, 8, 8, 8}));
        const Graph graph = std::move(net).build();
        const CompulsoryWork work{graph, std::vector<bool>(graph.operators.size()), u65()};
        CHECK(work_of(work, graph, OpType::conv_2d).is_kernel() == all);
    }
}

TEST_CASE("In front of a window of one pixel and stride 2 a quarter of a map counts") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 16, 16, 32});
    const Value conv = net.conv2d(x, 32, Window::square(3));
    net.output(net.conv2d(conv, 64, Window::square(1, 2)));
    const Graph graph = std::move(net).build();
    const CompulsoryWork work{graph, {false, false}, u65()};
    const auto& first = work.operators().front();
    CHECK(first.writes == 8 * 8 * 32);
    // Eight rows and columns: the first one of each misses a kernel element.
    CHECK(first.mac == 23 * 23 * 32 * 32 / 256);
}

TEST_CASE("A repeated map costs the bytes it is made of") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 8, 8, 16});
    const Value large = net.resize_nearest(x, 16, 16);
    net.output(net.conv2d(large, 16, {}));
    const Graph graph = std::move(net).build();
    const CompulsoryWork work{graph, {false, false}, u65()};
    CHECK(work_of(work, graph, OpType::conv_2d).reads == 8 * 8 * 16);
}

TEST_CASE("Of a sum with a padded map only what is beside the padding counts") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 8, 8, 16});
    const Value wide = net.conv2d(x, 32, {});
    net.output(net.add(net.pad(x, {0, 0, 0, 0}, {0, 0, 0, 16}), wide));
    const Graph graph = std::move(net).build();
    const CompulsoryWork work{graph, std::vector<bool>(graph.operators.size()), u65()};
    const auto& sum = work_of(work, graph, OpType::add);
    CHECK(sum.output == 8 * 8 * 16 * 6 / 8);
    CHECK(sum.reads == 2 * 8 * 8 * 16);
    CHECK(sum.writes == 8 * 8 * 16);
}
