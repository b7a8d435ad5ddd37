// Random blocks with branches, in stripes and as a whole: residuals, joins, skips that go out,
// pools beside convolutions.
#include <catch2/catch.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/simulate.hpp>

#include "unit/compile/own_size.hpp"

using namespace u65sim;

namespace {

class RandomBranches {
public:
    explicit RandomBranches(unsigned seed) : random_(seed), net_("branches") {}

    Graph graph() {
        const std::int32_t side = 4 * pick(12, 24);
        Value x = net_.conv2d(net_.input({1, side, side, 4}), 8 * pick(2, 4), Window::square(3));
        skips_.push_back(x);
        for (int blocks = pick(2, 4); blocks > 0; --blocks) {
            x = block(x);
            if (pick(0, 2) == 0) skips_.push_back(x);
        }
        // Small enough to leave no doubt which maps are large.
        net_.output(net_.max_pool(join_skip(x), Window::square(2, 2)));
        return net_.build();
    }

private:
    std::int32_t pick(std::int32_t from, std::int32_t to) {
        return std::uniform_int_distribution<std::int32_t>(from, to)(random_);
    }
    std::int32_t depth(Value x) const { return net_.shape(x)[3]; }
    Window window() { return Window::square(2 * pick(0, 2) + 1); }

    Value inner(Value x) {
        Value y = net_.conv2d(x, 16 * pick(1, 3), Window::square(1));
        if (pick(0, 1)) y = net_.depthwise_conv2d(y, window());
        return net_.conv2d(y, depth(x), window());
    }

    Value block(Value x) {
        switch (pick(0, 5)) {
            case 0:
                return net_.add(x, inner(x));
            case 1:
                return net_.concat({inner(x), net_.conv2d(x, 16, Window::square(1))}, 3);
            case 2:
                return net_.concat({x, net_.conv2d(x, 16, window())}, 3);
            case 3: {
                const Value a = net_.conv2d(x, depth(x), window());
                return net_.add(net_.max_pool(a, Window::square(3)),
                                net_.conv2d(x, depth(x), window()));
            }
            case 4:
                return net_.mul(x, net_.logistic(net_.conv2d(x, depth(x), Window::square(1))));
            default:
                return net_.conv2d(x, 8 * pick(1, 5), window());
        }
    }

    /// Something from far behind once more, where it is of the same extent.
    Value join_skip(Value x) {
        const Value skip =
            skips_[static_cast<std::size_t>(pick(0, static_cast<int>(skips_.size()) - 1))];
        return pick(0, 1) ? net_.concat({x, skip}, 3)
                          : net_.add(x, net_.conv2d(skip, depth(x), Window::square(1)));
    }

    std::mt19937 random_;
    GraphBuilder net_;
    std::vector<Value> skips_;
};

/// Operators in whose stripes a network runs.
std::set<std::string> cascaded(const CompiledNetwork& network) {
    std::set<std::string> names;
    for (const auto& segment : network.segments) {
        for (const auto& label : segment.labels) {
            if (label.name.find("/stripe") != std::string::npos) names.insert(label.op_name);
        }
    }
    return names;
}

std::optional<CompiledNetwork> compile_if_it_fits(const Graph& graph, const Target& target) {
    try {
        return compile(graph, target);
    } catch (const DoesNotFit&) {
        return std::nullopt;
    }
}

}  // namespace

TEST_CASE("random branches in stripes compute what they compute as a whole") {
    std::size_t runs = 0, operators = 0;
    for (unsigned seed = 0; seed < 40; ++seed) {
        const Graph graph = RandomBranches{seed}.graph();
        Target target = Target::preset(seed % 2 == 0 ? "u65-256" : "u55-128");
        Target wide = target;
        wide.sram.size = Bytes{4 << 20};
        const CompiledNetwork whole = test::compile_for_own_size(graph, wide);
        REQUIRE(cascaded(whole).empty());
        std::vector<std::uint8_t> input(
            static_cast<std::size_t>(element_count(graph.tensors[0].shape)));
        std::uint32_t state = seed;
        for (auto& byte : input) {
            state = state * 1664525 + 1013904223;
            byte = static_cast<std::uint8_t>(state >> 24);
        }
        const Execution wanted = execute(whole, wide, {input});
        for (const std::int64_t kib : {64, 96, 160}) {
            CAPTURE(seed, kib);
            target.sram.size = Bytes{kib * 1024};
            const auto tight = compile_if_it_fits(graph, target);
            if (!tight || cascaded(*tight).empty()) continue;
            ++runs;
            operators += cascaded(*tight).size();
            const Execution got = execute(*tight, target, {input}, {.check = true});
            CHECK(got.outputs == wanted.outputs);
            for (const auto& finding : got.findings) FAIL_CHECK(finding.text);
        }
    }
    CHECK(runs > 40);
    CHECK(operators > 4 * runs);
}
