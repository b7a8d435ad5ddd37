// SPACE_TO_DEPTH and DEPTH_TO_SPACE keep every element, whether copies or weights put them into
// their places.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "unit/compile/networks.hpp"
#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

struct Case {
    std::int32_t height, width, depth, block;  ///< of the map of many positions
};
constexpr Case cases[] = {{8, 12, 1, 2},   {12, 12, 3, 3}, {24, 40, 4, 2}, {16, 16, 1, 4},
                          {10, 10, 64, 2}, {2, 26, 2, 2},  {9, 9, 5, 3},   {16, 48, 2, 8},
                          {64, 64, 16, 2}, {4, 60, 20, 4}};

Graph network(const Case& c, ElementType type, bool back) {
    test::Builder b;
    const Shape wide{1, c.height, c.width, c.depth};
    const Shape deep{1, c.height / c.block, c.width / c.block, c.depth * c.block * c.block};
    const TensorId in = b.input(back ? deep : wide);
    const TensorId out = b.map(back ? wide : deep);
    for (const TensorId id : {in, out}) {
        b.graph.tensors[static_cast<std::size_t>(id)].type = type;
        b.graph.tensors[static_cast<std::size_t>(id)].quantization.zero_points = {
            type == ElementType::int16 ? 0 : 7};
    }
    b.op(back ? OpType::depth_to_space : OpType::space_to_depth, {in}, out,
         BlockAttributes{c.block});
    return b.finish(out);
}

/// The input's bytes where the operator puts them.
std::vector<std::uint8_t> wanted(const Case& c, std::size_t bytes, bool back,
                                 const std::vector<std::uint8_t>& input) {
    std::vector<std::uint8_t> result(input.size());
    std::size_t wide = 0;
    for (std::int32_t y = 0; y < c.height; ++y) {
        for (std::int32_t x = 0; x < c.width; ++x) {
            const std::int32_t pixel = y / c.block * (c.width / c.block) + x / c.block;
            const std::int32_t place = y % c.block * c.block + x % c.block;
            const auto deep =
                static_cast<std::size_t>((pixel * c.block * c.block + place) * c.depth);
            const std::size_t run = static_cast<std::size_t>(c.depth) * bytes;
            const std::size_t from = back ? deep * bytes : wide, to = back ? wide : deep * bytes;
            std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(from), run,
                        result.begin() + static_cast<std::ptrdiff_t>(to));
            wide += run;
        }
    }
    return result;
}

}  // namespace

TEST_CASE("Blocks of pixels become depth and depth blocks, element by element") {
    std::minstd_rand random;  // NOLINT(cert-msc*): the same bytes always
    bool by_copies = false, by_weights = false;
    for (const Case& c : cases) {
        CAPTURE(c.height, c.width, c.depth, c.block);
        for (const ElementType type : {ElementType::int8, ElementType::uint8, ElementType::int16}) {
            const std::size_t bytes = type == ElementType::int16 ? 2 : 1;
            std::vector<std::uint8_t> input(static_cast<std::size_t>(c.height * c.width * c.depth) *
                                            bytes);
            for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
            for (const bool back : {false, true}) {
                for (const char* name : {"u65-256", "u65-512", "u55-64"}) {
                    const Target target = Target::preset(name);
                    const CompiledNetwork compiled = compile(network(c, type, back), target);
                    CHECK(compiled.cpu_operators.empty());
                    const Execution done = execute(compiled, target, {input}, {.check = true});
                    CHECK(done.findings.empty());
                    CHECK(done.outputs.at(0) == wanted(c, bytes, back, input));
                    const auto kernels = test::kernels_of(compiled);
                    const bool weights = kernels.front().kind == stream::KernelKind::conv;
                    (weights ? by_weights : by_copies) = true;
                }
            }
        }
    }
    CHECK(by_copies);
    CHECK(by_weights);
}
