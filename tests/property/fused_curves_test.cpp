// Random operators that follow one map element by element: as one look-up table they compute what
// they compute one by one.
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

constexpr int map_channels = 16;
const Shape map_shape{1, 8, 16, map_channels};

class RandomCurves {
public:
    explicit RandomCurves(unsigned seed) : random_(seed) {}

    /// A network of one output, behind a convolution or its input itself.
    Graph graph() {
        const bool is_unsigned = pick(4) == 0;
        const TensorId in = builder_.input(map_shape);
        TensorId from = in;
        if (pick(3) != 0) {
            from = builder_.conv(in, map_channels, 1);
            if (pick(2) == 0) clamp_last();
        }
        known_ = {from};
        const int count = 1 + pick(6);
        for (int i = 0; i < count; ++i) add_operator();
        // What nobody has read yet joins the result, mostly.
        TensorId result = known_.back();
        if (pick(3) != 0)
            result = pair(OpType::add, result,
                          known_[static_cast<std::size_t>(pick(static_cast<int>(known_.size())))]);
        if (pick(4) == 0) result = builder_.conv(result, map_channels, 1);
        Graph graph = builder_.finish(result);
        if (is_unsigned) make_unsigned(graph);
        return graph;
    }
    int pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

private:
    float drawn_scale() { return std::uniform_real_distribution<float>(0.004F, 0.09F)(random_); }
    TensorId map() { return builder_.map(map_shape, drawn_scale(), pick(200) - 100); }
    TensorId any() {
        return known_[static_cast<std::size_t>(pick(static_cast<int>(known_.size())))];
    }
    void clamp_last() {
        std::get<WindowAttributes>(builder_.graph.operators.back().attributes).activation =
            pick(2) == 0 ? Activation::relu : Activation::relu6;
    }
    TensorId pair(OpType type, TensorId a, TensorId b) {
        const TensorId out = map();
        ArithmeticAttributes attributes;
        if (pick(4) == 0) attributes.activation = Activation::relu;
        builder_.op(type, {a, b}, out, attributes);
        return out;
    }
    void add_operator() {
        constexpr OpType pairs[] = {OpType::add, OpType::sub, OpType::mul};
        if (pick(2) == 0) {
            const OpType type = pairs[pick(3)];
            const TensorId map = any();
            TensorId other = any();
            if (pick(2) == 0) {
                other = builder_.constant({1}, ElementType::int8,
                                          {static_cast<std::uint8_t>(pick(256))}, drawn_scale());
            }
            known_.push_back(pick(2) == 0 ? pair(type, map, other) : pair(type, other, map));
            return;
        }
        const TensorId from = any();
        constexpr OpType singles[] = {OpType::relu,     OpType::relu6,      OpType::hard_swish,
                                      OpType::quantize, OpType::leaky_relu, OpType::logistic};
        const OpType type = singles[pick(6)];
        const TensorId out =
            type == OpType::logistic ? builder_.map(map_shape, 1.0F / 256, -128) : map();
        builder_.op(
            type, {from}, out,
            type == OpType::leaky_relu ? Attributes{LeakyReluAttributes{0.1F}} : Attributes{});
        known_.push_back(out);
    }
    /// The same with all maps and constants of one element unsigned.
    static void make_unsigned(Graph& graph) {
        for (Tensor& tensor : graph.tensors) {
            const bool is_filter = tensor.data && element_count(tensor.shape) != 1;
            if (tensor.type != ElementType::int8 || is_filter) continue;
            tensor.type = ElementType::uint8;
            for (auto& zero : tensor.quantization.zero_points) zero += 128;
        }
    }

    std::mt19937 random_;
    test::Builder builder_;
    std::vector<TensorId> known_;
};

}  // namespace

TEST_CASE("random operators of one map compute the same as a table and one by one") {
    int fewer = 0;
    for (unsigned seed = 0; seed < 120; ++seed) {
        RandomCurves random{seed};
        const Graph graph = random.graph();
        std::vector<std::uint8_t> input(static_cast<std::size_t>(element_count(map_shape)));
        for (std::size_t i = 0; i < input.size(); ++i) {
            input[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
        }
        const Target target = Target::preset(seed % 2 == 0 ? "u65-256" : "u55-64");
        CAPTURE(seed);
        fewer += property::fuses_exactly(graph, target, input);
    }
    CHECK(fewer > 60);
}
