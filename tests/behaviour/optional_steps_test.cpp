#include <algorithm>

#include <catch2/catch.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/simulate.hpp>

#include "unit/compile/check_compiled.hpp"

using namespace u65sim;

namespace {

/// Something for every step: few channels at first, a table and a clamp to fuse, a concatenation, a
/// residual to write in place, maps larger than half the SRAM, weights to copy.
Graph varied() {
    GraphBuilder net("varied");
    const Value image = net.input({1, 128, 128, 3});
    Value x = net.conv2d(image, 16, Window::square(3, 2));
    x = net.conv2d(x, 64, Window::square(1), {.activation = Activation::relu6});
    x = net.depthwise_conv2d(x, Window::square(3), {.activation = Activation::relu6});
    x = net.conv2d(x, 32, Window::square(1));
    x = net.leaky_relu(x, 0.1F);
    Value y = net.conv2d(x, 32, Window::square(1));
    y = net.relu6(y);
    x = net.add(x, y);
    const Value left = net.conv2d(x, 16, Window::square(3, 2));
    const Value right = net.depthwise_conv2d(x, Window::square(3, 2));
    x = net.conv2d(net.concat({left, right}, 3), 64, Window::square(3, 2));
    x = net.add(x, net.conv2d(x, 64, Window::square(3)));
    for (int i = 0; i < 3; ++i) x = net.conv2d(x, 128, Window::square(3, 2));
    net.output(x);
    return net.build();
}

Target tight() {
    Target target = Target::preset("u65-256");
    target.sram.size = Bytes{128 * 1024};
    return target;
}

CompileOptions without(std::vector<std::string> steps) {
    CompileOptions options;
    options.without = std::move(steps);
    return options;
}

}  // namespace

TEST_CASE(
    "GIVEN an optional step left out, or a plan like Vela's, THEN the network computes the same") {
    const Graph graph = varied();
    const Target target = tight();
    std::vector<std::uint8_t> image(128 * 128 * 3);
    for (std::size_t i = 0; i < image.size(); ++i) {
        image[i] = static_cast<std::uint8_t>(i * i / 97 + i);
    }
    ExecuteOptions checked;
    checked.check = true;
    const CompiledNetwork whole = compile(graph, target);
    const Execution expected = execute(whole, target, {image}, checked);
    REQUIRE(expected.findings.empty());
    std::vector<CompileOptions> cases;
    for (const auto& step : optional_steps()) cases.push_back(without({step}));
    cases.push_back(without(optional_steps()));
    cases.emplace_back().like_vela = true;
    for (const auto& options : cases) {
        CAPTURE(options.without, options.like_vela);
        const CompiledNetwork less = compile(graph, target, options);
        for (const auto& problem : check_compiled(less)) FAIL_CHECK(problem);
        // This network has no operators of constants: nothing to fold. Its input is read once.
        const bool nothing_to_do = options.without == std::vector<std::string>{"fold_constants"} ||
                                   options.without == std::vector<std::string>{"copy_maps"};
        CHECK((less.segments[0].stream == whole.segments[0].stream) == nothing_to_do);
        const Execution got = execute(less, target, {image}, checked);
        CHECK(got.findings.empty());
        CHECK(got.outputs == expected.outputs);
    }
}

TEST_CASE(
    "GIVEN maps that are copied to SRAM, or take turns there, THEN the network computes the same") {
    // The second network's input and first result have no room beside each other.
    for (const std::int32_t channels : {128, 576}) {
        GraphBuilder net("wide");
        Value x = net.input({1, 14, 14, channels});
        for (int i = 0; i < 2; ++i) x = net.conv2d(x, channels, Window::square(1));
        net.output(x);
        const Graph graph = net.build();
        Target target = tight();
        target.sram.size = Bytes{192 * 1024};
        std::vector<std::uint8_t> image(static_cast<std::size_t>(14 * 14 * channels));
        for (std::size_t i = 0; i < image.size(); ++i) {
            image[i] = static_cast<std::uint8_t>(i * i / 89 + i);
        }
        CAPTURE(channels);
        ExecuteOptions checked;
        checked.check = true;
        const CompiledNetwork whole = compile(graph, target);
        const CompiledNetwork less = compile(graph, target, without({"copy_maps"}));
        for (const auto& problem : check_compiled(whole)) FAIL_CHECK(problem);
        CHECK(whole.segments[0].stream != less.segments[0].stream);
        CHECK(simulate(whole, target).total < simulate(less, target).total);
        const Execution got = execute(whole, target, {image}, checked);
        const Execution expected = execute(less, target, {image}, checked);
        CHECK(got.findings.empty());
        CHECK(got.outputs == expected.outputs);
    }
}

TEST_CASE("A step that cannot be left out is an error that names those which can") {
    CHECK_THROWS_WITH(compile(varied(), tight(), without({"lower"})),
                      Catch::Contains("'lower'") && Catch::Contains("form_cascades"));
}

TEST_CASE("GIVEN an SRAM that must hold all maps and is too small, THEN cascades make them fit") {
    GraphBuilder net("wide");
    const Value image = net.input({1, 64, 64, 8});
    Value x = net.conv2d(image, 64, Window::square(1));
    x = net.depthwise_conv2d(x, Window::square(3));
    x = net.conv2d(x, 64, Window::square(3));
    x = net.conv2d(x, 16, Window::square(3, 2));
    net.output(x);
    const Graph graph = net.build();
    std::vector<std::uint8_t> bytes(64 * 64 * 8);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(i * i / 89 + i);
    }
    const Target roomy = Target::preset("u55-128");
    Target tight = roomy;
    tight.sram.size = Bytes{256 * 1024};
    CHECK_THROWS_AS(compile(graph, tight, without({"form_cascades"})), DoesNotFit);
    const CompiledNetwork network = compile(graph, tight);
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
    CHECK(network.spills.empty());
    ExecuteOptions checked;
    checked.check = true;
    const Execution got = execute(network, tight, {bytes}, checked);
    CHECK(got.findings.empty());
    CHECK(got.outputs == execute(compile(graph, roomy), roomy, {bytes}, checked).outputs);
    tight.sram.size = Bytes{16 * 1024};
    CHECK_THROWS_AS(compile(graph, tight), DoesNotFit);
}
