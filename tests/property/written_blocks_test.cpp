// Random convolutions that write the blocks of a DEPTH_TO_SPACE: they compute what both compute
// one after the other.
#include <catch2/catch.hpp>

#include <cstdint>
#include <random>
#include <vector>

#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "property/fused_plans.hpp"
#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

class RandomBlocks {
public:
    explicit RandomBlocks(unsigned seed) : random_(seed) {}

    Graph graph() {
        const std::int32_t block = pick(2, 3), channels = pick(1, 8), stride = pick(1, 4);
        const TensorId in = builder_.input({1, pick(3, 16), pick(3, 24), pick(1, 24)});
        TensorId x = builder_.conv(in, block * block * channels, 2 * pick(0, 2) + 1, stride);
        if (pick(0, 2) == 0) {
            std::get<WindowAttributes>(builder_.graph.operators.back().attributes).activation =
                Activation::relu;
        }
        const Shape deep = builder_.graph.tensors[static_cast<std::size_t>(x)].shape;
        if (pick(0, 2) == 0) {
            const TensorId curved = builder_.map(deep);
            builder_.op(OpType::hard_swish, {x}, curved);
            x = curved;
        }
        const TensorId wide = builder_.map({1, deep[1] * block, deep[2] * block, channels});
        builder_.op(OpType::depth_to_space, {x}, wide, BlockAttributes{block});
        switch (pick(0, 3)) {
            case 0: {
                const TensorId both =
                    builder_.map({1, deep[1] * block, deep[2] * block, 2 * channels});
                builder_.op(OpType::concatenation, {wide, wide}, both, AxisAttributes{3});
                return builder_.finish(both);
            }
            case 1:
                return builder_.finish(builder_.conv(wide, 8, 3));
            default:
                return builder_.finish(wide);
        }
    }

private:
    std::int32_t pick(std::int32_t from, std::int32_t to) {
        return std::uniform_int_distribution<std::int32_t>(from, to)(random_);
    }

    std::mt19937 random_;
    test::Builder builder_;
};

}  // namespace

TEST_CASE("random convolutions write blocks as a DEPTH_TO_SPACE behind them would") {
    int fewer = 0;
    for (unsigned seed = 0; seed < 80; ++seed) {
        const Graph graph = RandomBlocks{seed}.graph();
        std::vector<std::uint8_t> input(
            static_cast<std::size_t>(element_count(graph.tensors[0].shape)));
        for (std::size_t i = 0; i < input.size(); ++i) {
            input[i] = static_cast<std::uint8_t>(i * 29 + i / 256);
        }
        const Target target = Target::preset(seed % 2 == 0 ? "u65-512" : "u55-128");
        CAPTURE(seed);
        fewer += property::fuses_exactly(graph, target, input);
    }
    CHECK(fewer > 30);
}
