#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "compile/lower/rearrange.hpp"

using namespace u65sim;
using namespace u65sim::compiler;

namespace {

Tensor constant(const std::vector<std::int32_t>& values) {
    std::vector<std::uint8_t> bytes;
    for (const std::int32_t value : values) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> shift));
        }
    }
    Tensor tensor;
    tensor.type = ElementType::int32;
    tensor.shape = {static_cast<std::int32_t>(values.size())};
    tensor.data = ConstantData{std::move(bytes)};
    return tensor;
}

/// An operator on a map, with constant operands.
struct Case {
    Graph graph;
    Case(OpType type, const Shape& in, const Shape& out,
         const std::vector<std::vector<std::int32_t>>& operands,
         const Attributes& attributes = {}) {
        graph.tensors.resize(2);
        graph.tensors[0].shape = in;
        graph.tensors[1].shape = out;
        Operator op;
        op.type = type;
        op.inputs = {0};
        op.outputs = {1};
        op.attributes = attributes;
        for (const auto& values : operands) {
            op.inputs.push_back(static_cast<TensorId>(graph.tensors.size()));
            graph.tensors.push_back(constant(values));
        }
        graph.operators.push_back(std::move(op));
    }
    [[nodiscard]] auto pieces() const { return rearranged_pieces(graph, graph.operators[0]); }
};

/// The input's element behind every element of the output; -1 where none was copied.
std::vector<int> sources(const Case& each) {
    const auto pieces = each.pieces();
    REQUIRE(pieces);
    const Extent in = extent_of(each.graph.tensors[0].shape);
    const Extent out = extent_of(each.graph.tensors[1].shape);
    std::vector<int> result(static_cast<std::size_t>(out.elements()), -1);
    for (const Piece& p : *pieces) {
        for (int y = 0; y < p.extent.h; ++y) {
            for (int x = 0; x < p.extent.w; ++x) {
                for (int c = 0; c < p.extent.c; ++c) {
                    const int from =
                        ((p.from.y + y * p.from_step_y) * in.w + p.from.x + x * p.from_step_x) *
                            in.c +
                        p.from.c + c;
                    const int to =
                        ((p.to.y + y * p.to_step_y) * out.w + p.to.x + x * p.to_step_x) * out.c +
                        p.to.c + c;
                    REQUIRE(from < in.elements());
                    REQUIRE(result.at(static_cast<std::size_t>(to)) == -1);
                    result[static_cast<std::size_t>(to)] = from;
                }
            }
        }
    }
    return result;
}

}  // namespace

TEST_CASE("Every order of three axes is one or two swaps") {
    const Shape shape{2, 3, 5};
    std::vector<std::int64_t> order{0, 1, 2};
    do {
        const auto steps = transpose_steps(shape, order);
        REQUIRE(steps);
        CHECK(steps->size() <= 2);
        std::vector<int> values(30);
        std::iota(values.begin(), values.end(), 0);
        for (const AxisSwap& swap : *steps) {
            REQUIRE(swap.outer * swap.inner * swap.rest == 30);
            std::vector<int> next;
            for (int b = 0; b < swap.inner; ++b) {
                for (int a = 0; a < swap.outer; ++a) {
                    for (int c = 0; c < swap.rest; ++c) {
                        next.push_back(
                            values[static_cast<std::size_t>((a * swap.inner + b) * swap.rest + c)]);
                    }
                }
            }
            values = next;
        }
        std::vector<int> wanted;
        const int strides[] = {15, 5, 1};
        const auto extent = [&](int i) { return shape[static_cast<std::size_t>(order[i])]; };
        for (int i = 0; i < extent(0); ++i) {
            for (int j = 0; j < extent(1); ++j) {
                for (int k = 0; k < extent(2); ++k) {
                    wanted.push_back(i * strides[order[0]] + j * strides[order[1]] +
                                     k * strides[order[2]]);
                }
            }
        }
        CHECK(values == wanted);
    } while (std::next_permutation(order.begin(), order.end()));
    CHECK_FALSE(transpose_steps({2, 3, 4, 5}, {3, 1, 0, 2}));
    CHECK(transpose_steps({1, 3, 4, 5}, {3, 1, 0, 2}));
    CHECK_FALSE(transpose_steps({300, 300, 5}, {0, 2, 1}));
}

TEST_CASE("Boxes put every element where the operator wants it, once") {
    CHECK(sources({OpType::reverse_v2, {2, 3}, {2, 3}, {{1}}}) ==
          std::vector<int>{2, 1, 0, 5, 4, 3});
    CHECK(sources({OpType::tile, {1, 2}, {2, 4}, {{2, 2}}}) ==
          std::vector<int>{0, 1, 0, 1, 0, 1, 0, 1});
    CHECK(sources({OpType::mirror_pad, {3}, {6}, {{2, 1}}, MirrorPadAttributes{false}}) ==
          std::vector<int>{2, 1, 0, 1, 2, 1});
    CHECK(sources({OpType::mirror_pad, {3}, {6}, {{2, 1}}, MirrorPadAttributes{true}}) ==
          std::vector<int>{1, 0, 0, 1, 2, 2});
    CHECK(sources({OpType::strided_slice,
                   {1, 5, 2},
                   {1, 2, 2},
                   {{0, 1, 0}, {1, 5, 2}, {1, 3, 1}},
                   StridedSliceAttributes{}}) == std::vector<int>{2, 3, 8, 9});
    CHECK(sources({OpType::strided_slice, {5}, {3}, {{4}, {-6}, {-2}}, StridedSliceAttributes{}}) ==
          std::vector<int>{4, 2, 0});
    CHECK(sources({OpType::strided_slice,
                   {2, 2, 3},
                   {2, 2, 2},
                   {{0, 0}, {0, 3}, {1, 2}},
                   StridedSliceAttributes{.ellipsis_mask = 1}}) ==
          std::vector<int>{0, 2, 3, 5, 6, 8, 9, 11});
    const std::vector<int> deep{0, 1, 4, 5, 2, 3, 6, 7};
    CHECK(sources({OpType::space_to_depth, {1, 2, 4, 1}, {1, 1, 2, 4}, {}, BlockAttributes{2}}) ==
          deep);
    CHECK(sources({OpType::depth_to_space, {1, 1, 2, 4}, {1, 2, 4, 1}, {}, BlockAttributes{2}}) ==
          deep);
}

TEST_CASE("Rearrangements that take too many copies or mix batches stay on the CPU") {
    CHECK_FALSE(Case(OpType::reverse_v2, {300, 2}, {300, 2}, {{0}}).pieces());
    CHECK_FALSE(Case(OpType::reverse_v2, {2, 3, 4, 5}, {2, 3, 4, 5}, {{1}}).pieces());
    CHECK(Case(OpType::reverse_v2, {2, 3, 4, 5}, {2, 3, 4, 5}, {{2}}).pieces());
    CHECK_FALSE(Case(OpType::tile, {4, 4}, {80, 80}, {{20, 20}}).pieces());
    Case variable(OpType::tile, {4, 4}, {8, 4}, {{2, 1}});
    variable.graph.tensors[2].data = {};
    CHECK_FALSE(variable.pieces());
}

TEST_CASE("Axes in front of the last four stay as they are") {
    // Each of six rows twice: first as a batch of its own, then behind another axis.
    const std::vector<int> twice{0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5};
    CHECK(sources({OpType::tile, {3, 1, 1, 2}, {3, 2, 1, 2}, {{1, 2, 1, 1}}}) == twice);
    CHECK(sources({OpType::tile, {1, 3, 1, 1, 2}, {1, 3, 2, 1, 2}, {{1, 1, 2, 1, 1}}}) == twice);
    CHECK(sources({OpType::tile, {1, 1, 3, 1, 2}, {1, 1, 3, 2, 2}, {{1, 1, 1, 2, 1}}}) == twice);
    CHECK_FALSE(Case(OpType::tile, {2, 1, 1, 1, 2}, {4, 1, 1, 1, 2}, {{2, 1, 1, 1, 1}}).pieces());
    CHECK_FALSE(Case(OpType::tile, {2, 3, 1, 2}, {2, 6, 1, 2}, {{1, 2, 1, 1}}).pieces());
}
