// FULLY_CONNECTED rounds its scaled sums once, exact halves away from zero.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>

#include "arith/rescale.hpp"

using namespace u65sim;

namespace {

Tensor tensor(std::string name, Shape shape, ElementType type, std::vector<float> scales,
              std::int64_t zero_point) {
    Tensor result;
    result.name = std::move(name);
    result.shape = std::move(shape);
    result.type = type;
    result.quantization.zero_points.assign(scales.size(), zero_point);
    result.quantization.scales = std::move(scales);
    return result;
}

/// Every row of the input times weights of 1, each unit with its own weight scale; the output's
/// scale is 1.
Graph layer(ElementType type, std::int64_t zero_point, const std::vector<float>& ratios,
            std::int32_t rows) {
    const auto units = static_cast<std::int32_t>(ratios.size());
    Graph graph;
    graph.name = "ties";
    graph.tensors = {tensor("in", {rows, 1}, type, {1.0F}, zero_point),
                     tensor("weights", {units, 1}, ElementType::int8, ratios, 0),
                     tensor("out", {rows, units}, type, {1.0F}, zero_point)};
    graph.tensors[1].data = ConstantData(std::vector<std::uint8_t>(ratios.size(), 1));
    Operator op;
    op.name = "fc";
    op.type = OpType::fully_connected;
    op.inputs = {0, 1};
    op.outputs = {2};
    op.attributes = FullyConnectedAttributes{};
    graph.operators = {op};
    graph.inputs = {0};
    graph.outputs = {2};
    return graph;
}

std::int64_t rounded(double value) {
    const double whole = std::floor(std::fabs(value) + 0.5);
    return static_cast<std::int64_t>(value < 0 ? -whole : whole);
}

/// All values of one byte through units of these factors.
void check_bytes(ElementType type, std::int64_t zero_point, const std::vector<float>& ratios) {
    const bool is_signed = type == ElementType::int8;
    const int low = is_signed ? -128 : 0;
    const Graph graph = layer(type, zero_point, ratios, 256);
    std::vector<std::uint8_t> input(256);
    for (int i = 0; i < 256; ++i)
        input[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i + low);
    for (const char* name : {"u65-256", "u55-128"}) {
        const Target target = Target::preset(name);
        const CompiledNetwork network = compile(graph, target);
        CHECK(network.cpu_operators.empty());
        const Execution execution = execute(network, target, {input}, {.check = true});
        CHECK(execution.findings.empty());
        std::vector<std::uint8_t> wanted;
        for (int i = 0; i < 256; ++i) {
            for (const float ratio : ratios) {
                const std::int64_t value =
                    rounded(static_cast<double>(i + low - zero_point) * double{ratio});
                wanted.push_back(static_cast<std::uint8_t>(
                    std::clamp<std::int64_t>(value + zero_point, low, low + 255)));
            }
        }
        CHECK(execution.outputs.at(0) == wanted);
    }
}

}  // namespace

TEST_CASE("halves of fully connected sums go away from zero when factors are powers of two") {
    check_bytes(ElementType::int8, 0, {0.25F});
    check_bytes(ElementType::int8, -128, {0.5F});
    check_bytes(ElementType::int8, 127, {0.5F, 0.125F, 1.0F, 2.0F});
}

TEST_CASE("halves of fully connected sums go away from zero when factors are other exact ratios") {
    check_bytes(ElementType::int8, 0, {0.75F});
    check_bytes(ElementType::int8, 5, {0.75F, 0.5F, 0.1F, 1.5F, 0.375F});
    check_bytes(ElementType::uint8, 128, {0.625F});
    check_bytes(ElementType::int8, 127, {0.3F, 0.25F});
}

TEST_CASE("halves of 16-bit fully connected sums go away from zero") {
    const Graph graph = layer(ElementType::int16, 0, {0.5F, 0.75F}, 64);
    std::vector<std::uint8_t> input, wanted;
    const auto put = [](std::vector<std::uint8_t>& to, std::int64_t value) {
        to.push_back(static_cast<std::uint8_t>(value));
        to.push_back(static_cast<std::uint8_t>(value >> 8));
    };
    for (int i = 0; i < 64; ++i) {
        const int value = (i - 32) * 1021;
        put(input, value);
        for (const double ratio : {0.5, 0.75}) put(wanted, rounded(value * ratio));
    }
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    CHECK(network.cpu_operators.empty());
    CHECK(execute(network, target, {input}).outputs.at(0) == wanted);
}

TEST_CASE("only factors that are fractions of small numbers move up for halves") {
    const auto moved = [](double factor, std::int64_t largest) {
        const arith::Multiplier nearest = arith::quantise(factor);
        const arith::Multiplier m = arith::multiplier_for_halves(factor, largest);
        CHECK(m.shift == nearest.shift);
        const double exact = std::ldexp(factor, m.shift);
        if (m.multiplier > exact) CHECK(m.multiplier - exact <= 1.0);
        return m.multiplier > exact && m.multiplier >= nearest.multiplier;
    };
    CHECK(moved(0.25, 255));
    CHECK(moved(1.0 / 12, 255));
    CHECK(moved(509.0 / 1024, 255));
    CHECK(arith::multiplier_for_halves(511.0 / 1024, 255) == arith::quantise(511.0 / 1024));
    CHECK(moved(511.0 / 1024, 256));
    CHECK(arith::multiplier_for_halves(3.0, 255) == arith::quantise(3.0));
    CHECK(arith::multiplier_for_halves(1.0 / 3, 255) == arith::quantise(1.0 / 3));
    CHECK(arith::multiplier_for_halves(std::sqrt(0.1), 32768) == arith::quantise(std::sqrt(0.1)));
    CHECK(arith::multiplier_for_halves(0.0, 255) == arith::quantise(0.0));
}
