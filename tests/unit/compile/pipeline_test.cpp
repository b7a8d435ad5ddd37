#include <algorithm>
#include <cstdint>
#include <variant>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>

#include "check_compiled.hpp"
#include "networks.hpp"

using namespace u65sim;

namespace {

void require_sound(const CompiledNetwork& network) {
    for (const auto& problem : check_compiled(network)) FAIL_CHECK(problem);
}

std::int64_t spilled_bytes(const CompiledNetwork& network) {
    std::int64_t sum = 0;
    for (const auto& spill : network.spills) sum += spill.size.count();
    return sum;
}

}  // namespace

TEST_CASE("streams are sound on every accelerator") {
    const Graph graph = test::bottlenecks(32, 16);
    for (const auto& target : test::all_targets()) {
        INFO(accelerator_name(target.accelerator));
        const CompiledNetwork network = compile(graph, target);
        require_sound(network);
        CHECK(network.cpu_operators.empty());
        CHECK(network.segments.size() == 1);
        CHECK(network.spills.empty());
        CHECK(network.bindings.size() == 2);
    }
}

TEST_CASE("the same network compiles to the same bytes") {
    const Graph graph = test::bottlenecks(24, 16);
    CHECK(compile(graph, test::target()) == compile(graph, test::target()));
}

TEST_CASE("GIVEN a layer beyond the SRAM, WHEN compiled, THEN its map spills with a reason") {
    const Graph graph = test::bottlenecks(160, 16);
    const CompiledNetwork network = compile(graph, test::target());
    require_sound(network);
    REQUIRE_FALSE(network.spills.empty());
    for (const auto& spill : network.spills) {
        CHECK_FALSE(spill.reason.empty());
        CHECK_FALSE(spill.producer.empty());
    }
    Target large = test::target();
    large.sram.size = Bytes{2 * 1024 * 1024};
    const CompiledNetwork roomy = compile(graph, large);
    require_sound(roomy);
    CHECK(spilled_bytes(roomy) <= spilled_bytes(network));
}

TEST_CASE("weights are copied before the kernel ahead of theirs starts") {
    const CompiledNetwork network = compile(test::bottlenecks(32, 16), test::target());
    // Copies whose next kernel belongs to another operator: that kernel hides them.
    int ahead = 0;
    const auto& labels = network.segments[0].labels;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i].op_type != "DMA") continue;
        std::size_t next = i;
        while (labels.at(next).op_type == "DMA") ++next;
        if (labels[next].op_name != labels[i].op_name) ++ahead;
    }
    CHECK(ahead >= 2);
}

TEST_CASE("an operator the NPU lacks splits the network and says why") {
    test::Builder b;
    const TensorId x = b.conv(b.input({1, 8, 8, 4}), 8, 3);
    const TensorId y = b.map({1, 8, 8, 8});
    b.op(OpType::custom, {x}, y);
    b.graph.operators.back().custom_code = "mine";
    const CompiledNetwork network = compile(b.finish(b.conv(y, 8, 1)), test::target());
    require_sound(network);
    CHECK(network.segments.size() == 2);
    REQUIRE(network.cpu_operators.size() == 1);
    CHECK(network.cpu_operators[0].type == "mine");
    CHECK_FALSE(network.cpu_operators[0].reason.empty());
    CHECK(network.steps.size() == 3);
    CHECK(network.bindings.size() == 4);
}

TEST_CASE("what exceeds the memories is refused with both sizes") {
    Target target = test::target();
    target.off_chip.size = Bytes{50'000};
    CHECK_THROWS_WITH(compile(test::bottlenecks(64, 32), target),
                      Catch::Contains("the limit is 50000 B") && Catch::Contains("model") &&
                          Catch::Contains("activations"));
    Target small = test::target(Product::u55, 128);
    small.sram.size = Bytes{10'000};
    CHECK_THROWS_AS(compile(test::bottlenecks(64, 32), small), DoesNotFit);
}

TEST_CASE("maps between CPU operators count in a shared SRAM") {
    test::Builder b;
    const TensorId x = b.input({1, 64, 64, 16});
    const TensorId y = b.map({1, 64, 64, 16});
    b.op(OpType::custom, {x}, y);
    b.graph.operators.back().custom_code = "mine";
    const Graph graph = b.finish(y);
    Target target = test::target(Product::u55, 128);
    target.sram.size = Bytes{2 * 64 * 64 * 16};
    CHECK_NOTHROW(compile(graph, target));
    target.sram.size = Bytes{2 * 64 * 64 * 16 - 16};
    CHECK_THROWS_AS(compile(graph, target), DoesNotFit);
}

TEST_CASE("the pipeline stops and prints where it is asked to") {
    const Graph graph = test::bottlenecks(16, 16);
    for (const auto& pass : pass_names()) {
        CompileOptions options;
        options.dump_after = pass;
        INFO(pass);
        CHECK_FALSE(compile(graph, test::target(), options).pass_dump.empty());
    }
    CompileOptions options;
    options.dump_after = "optimise_everything";
    CHECK_THROWS_WITH(compile(graph, test::target(), options), Catch::Contains("check_support"));
}

TEST_CASE("a concatenation of convolutions needs no copies") {
    test::Builder b;
    const TensorId x = b.input({1, 8, 8, 16});
    const TensorId a = b.conv(x, 16, 3);
    const TensorId c = b.conv(x, 32, 1);
    const TensorId joined = b.map({1, 8, 8, 48});
    AxisAttributes axis;
    axis.axis = 3;
    b.op(OpType::concatenation, {a, c}, joined, axis);
    const CompiledNetwork network = compile(b.finish(b.conv(joined, 16, 1)), test::target());
    require_sound(network);
    int kernels = 0;
    for (const auto& label : network.segments[0].labels) kernels += label.op_type != "DMA";
    CHECK(kernels == 3);
}

TEST_CASE("GIVEN a curve behind a reshape, THEN it is the kernel's table if no extent changes") {
    const auto kernels = [](const Shape& shape) {
        GraphBuilder net("dense");
        const Value x = net.fully_connected(net.input({1, 24}), 24);
        net.output(net.logistic(net.reshape(x, shape)));
        const CompiledNetwork network = compile(net.build(), test::target());
        require_sound(network);
        const auto& stream = network.segments[0].stream;
        const auto commands = stream::decode(stream.words, network.target.accelerator);
        return std::count_if(commands.begin(), commands.end(), [](const auto& command) {
            return std::holds_alternative<stream::KernelOp>(command.action);
        });
    };
    CHECK(kernels({1, 1, 24}) == 1);
    CHECK(kernels({1, 4, 6}) == 2);
}
