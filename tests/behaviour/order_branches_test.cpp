// Branches that change places so that their maps fit.
#include <catch2/catch.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// A map on which branches begin, each a wide layer and one that makes it narrow, and their
/// concatenation. By levels: all wide layers come first, as some exporters write them.
Graph branches(bool by_levels) {
    test::Builder b;
    const TensorId stem = b.conv(b.input({1, 32, 32, 4}), 8, 1);
    std::vector<TensorId> wide, narrow;
    for (int i = 0; i < 4; ++i) {
        wide.push_back(b.conv(stem, 64, 1));
        if (!by_levels) narrow.push_back(b.conv(wide.back(), 8, 3));
    }
    for (std::size_t i = 0; by_levels && i < wide.size(); ++i) {
        narrow.push_back(b.conv(wide[i], 8, 3));
    }
    const TensorId joined = b.map({1, 32, 32, 32});
    AxisAttributes axis;
    axis.axis = 3;
    b.op(OpType::concatenation, narrow, joined, axis);
    return b.finish(joined);
}

Target with_sram(std::int64_t kib) {
    Target target = Target::preset("u55-128");
    target.sram.size = Bytes{kib * 1024};
    return target;
}

CompiledNetwork without_order(const Graph& graph, const Target& target) {
    CompileOptions options;
    options.like_vela = true;
    return compile(graph, target, options);
}

}  // namespace

TEST_CASE("order_branches: branches that would all be live at once run one after the other") {
    const Target small = with_sram(160);  // four wide maps are 256 KiB
    CHECK_THROWS_AS(without_order(branches(true), small), DoesNotFit);
    const CompiledNetwork network = compile(branches(true), small);
    const Target large = with_sram(1024);
    std::vector<std::uint8_t> input(32 * 32 * 4);
    std::mt19937 random{1};
    for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
    const Execution done = execute(network, small, {input}, {.check = true});
    CHECK(done.outputs ==
          execute(compile(branches(true), large), large, {input}, {.check = true}).outputs);
}

TEST_CASE("order_branches: an order whose maps fit stays") {
    const auto order = [](const Graph& graph, const Target& target) {
        std::vector<std::string> names;  // with their numbers
        const std::string text = test::dump_after("lower", graph, target);
        for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
            names.push_back(text.substr(at, text.find(':', at) - at));
        }
        return names;
    };
    const Graph graph = branches(true);
    const auto large = order(graph, with_sram(1024)), small = order(graph, with_sram(160));
    CHECK(large != small);
    CHECK(large == order(graph, with_sram(2048)));
    const Graph in_place = branches(false);
    CHECK(order(in_place, with_sram(1024)) == order(in_place, with_sram(160)));
}
