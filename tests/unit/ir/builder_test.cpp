#include <algorithm>
#include <cmath>
#include <set>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>

#include "ir/drawn_weights.hpp"
#include "ir/random.hpp"

using namespace u65sim;

TEST_CASE("drawn numbers follow the normal distribution") {
    ir::Random random{7};
    constexpr int count = 400'000;
    double sum = 0.0;
    double squares = 0.0;
    int beyond_two = 0;
    int beyond_three = 0;
    for (int index = 0; index < count; ++index) {
        const double value = random.gaussian() / 65536.0;
        sum += value;
        squares += value * value;
        beyond_two += std::abs(value) > 2.0 ? 1 : 0;
        beyond_three += std::abs(value) > 3.0 ? 1 : 0;
    }
    CHECK(sum / count == Approx(0.0).margin(0.01));
    CHECK(squares / count == Approx(1.0).margin(0.01));
    CHECK(beyond_two == Approx(0.0455 * count).epsilon(0.03));
    CHECK(beyond_three == Approx(0.0027 * count).epsilon(0.1));
}

TEST_CASE("the generator's first numbers never change") {
    // Files made with a seed must be the same everywhere and always.
    ir::Random first{1};
    ir::Random second{1};
    CHECK(first.next() == second.next());
    ir::Random weights{1, "conv"};
    CHECK(weights.next() != first.next());
}

TEST_CASE("every channel uses the whole range") {
    ir::Random random{3};
    const auto weights = ir::draw_weights({}, random, 16, 288, true);
    for (std::size_t channel = 0; channel < 16; ++channel) {
        const auto begin = weights.values.begin() + static_cast<std::ptrdiff_t>(channel * 288);
        const auto top = std::max_element(begin, begin + 288,
                                          [](int a, int b) { return std::abs(a) < std::abs(b); });
        CHECK(std::abs(static_cast<int>(*top)) == 127);
    }
}

TEST_CASE("sparsity zeroes exactly the smallest magnitudes") {
    ir::Random random{3};
    ir::DrawSettings settings;
    settings.sparsity = 0.8;
    const auto weights = ir::draw_weights(settings, random, 10, 1000, true);
    CHECK(std::count(weights.values.begin(), weights.values.end(), 0) == 8000);
}

TEST_CASE("clusters leave as many distinct values") {
    for (const std::int32_t clusters : {2, 15, 16, 32}) {
        ir::Random random{3};
        ir::DrawSettings settings;
        settings.clusters = clusters;
        const auto weights = ir::draw_weights(settings, random, 64, 4096, false);
        const std::set<std::int8_t> distinct(weights.values.begin(), weights.values.end());
        INFO("clusters " << clusters);
        CHECK(distinct.size() <= static_cast<std::size_t>(clusters));
        CHECK(distinct.size() + 2 >= static_cast<std::size_t>(clusters));
        CHECK(distinct.contains(0));
    }
}

TEST_CASE("settings out of range are refused") {
    GraphBuilder net{"bad", {{.seed = 1, .sparsity = 1.5, .clusters = 0}}};
    const Value x = net.input({1, 4, 4, 4});
    CHECK_THROWS_AS(net.conv2d(x, 4, Window::square(1)), InvalidModel);
    CHECK_THROWS_AS((GraphBuilder{"float", {{}, ElementType::float32}}), InvalidModel);
}

TEST_CASE("activation types bring their weights and biases") {
    const auto build = [](ElementType type) {
        GraphBuilder net{"typed", {{}, type}};
        net.output(net.conv2d(net.input({1, 4, 4, 4}), 8, Window::square(3), {.name = "conv"}));
        return net.build();
    };
    const auto operand = [](const Graph& graph, std::size_t position) {
        return graph.tensors[static_cast<std::size_t>(graph.operators[0].inputs[position])];
    };
    const Graph small = build(ElementType::int8);
    CHECK(operand(small, 1).type == ElementType::int8);
    CHECK(operand(small, 1).quantization.scales.size() == 8);
    CHECK(operand(small, 2).type == ElementType::int32);
    const Graph wide = build(ElementType::int16);
    CHECK(operand(wide, 0).quantization.zero_points[0] == 0);
    CHECK(operand(wide, 2).type == ElementType::int64);
    const Graph old = build(ElementType::uint8);
    CHECK(operand(old, 1).type == ElementType::uint8);
    CHECK(operand(old, 1).quantization.scales.size() == 1);
    CHECK(operand(old, 1).quantization.zero_points[0] == 128);
    CHECK(small == build(ElementType::int8));
}

TEST_CASE("given weights are kept as they are") {
    GraphBuilder net{"given"};
    GivenWeights given;
    given.values = {1, 2, 255, 4};
    given.quantization = {{0.5F}, {0}, 0};
    given.bias = std::vector<double>{1.0, -1.0};
    net.output(net.fully_connected(net.input({1, 2}), 2, {.name = "fc", .weights = given}));
    const Graph graph = net.build();
    const auto& op = graph.operators[0];
    CHECK(graph.tensors[static_cast<std::size_t>(op.inputs[1])].data.bytes() == given.values);
    // Bias scale is input scale (1/128) times weight scale (1/2).
    const auto& bias = graph.tensors[static_cast<std::size_t>(op.inputs[2])].data.bytes();
    CHECK(bias == std::vector<std::uint8_t>{0, 1, 0, 0, 0, 255, 255, 255});
}
