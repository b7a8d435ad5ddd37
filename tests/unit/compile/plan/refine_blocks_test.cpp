// Blocks chosen once more by predicted time, when maps have their places.
#include <catch2/catch.hpp>

#include <stdexcept>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

std::vector<std::string> blocks_of(const Graph& graph, const std::vector<std::string>& without) {
    CompileOptions options;
    options.without = without;
    std::vector<std::string> blocks;
    for (const auto& kernel : test::kernels_of(compile(graph, test::target(), options))) {
        blocks.push_back(std::to_string(kernel.block.height) + "x" +
                         std::to_string(kernel.block.width) + "x" +
                         std::to_string(kernel.block.depth));
    }
    return blocks;
}

/// A chain of two whose first block fills the shared buffer.
Graph chain() {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 16, 16, 16}, "in"), 16, Window::square(1), {.name = "narrow"});
    net.output(net.max_pool(x, Window::square(2, 2), {.name = "pool"}));
    return net.build();
}

}  // namespace

TEST_CASE("refine_blocks: lower blocks where a kernel waits for its first input and last result") {
    CHECK(blocks_of(chain(), {"refine_blocks"}) == std::vector<std::string>{"16x16x16", "6x6x16"});
    CHECK(blocks_of(chain(), {}) == std::vector<std::string>{"4x16x16", "2x8x16"});
}

TEST_CASE("refine_blocks: a long row is folded where its weights would be read again and again") {
    // 1x148 positions, 2,000 channels in and 1,000 out: more weights than SRAM, which the map
    // fills.
    test::Builder b;
    TensorId x = b.conv(b.input({1, 1, 148, 64}), 2000, 1);
    x = b.conv(x, 1000, 1);
    const Graph graph = b.finish(b.conv(x, 32, 1));
    const auto reads = [](const stream::KernelOp& kernel) {
        return ((kernel.ofm.height + kernel.block.height - 1) / kernel.block.height) *
               ((kernel.ofm.width + kernel.block.width - 1) / kernel.block.width);
    };
    const auto wide = [&](const std::vector<std::string>& without) {
        for (const auto& kernel :
             test::kernels_of(compile(graph, test::target(), {.without = without}))) {
            if (kernel.ifm.depth == 2000) return kernel;
        }
        throw std::runtime_error("no kernel of 2,000 channels");
    };
    const stream::KernelOp as_it_is = wide({"refine_blocks"});
    const stream::KernelOp folded = wide({});
    CHECK(as_it_is.ofm.height == 1);
    CHECK(folded.ofm.height > 1);
    CHECK(folded.ofm.height * folded.ofm.width == 148);
    CHECK(folded.ifm.width == folded.ofm.width);
    CHECK(folded.ofm.stride_y == folded.ofm.stride_x * folded.ofm.width);
    CHECK(reads(folded) < reads(as_it_is));
}

TEST_CASE("refine_blocks: depths stay, for weights are stored in their order") {
    const Graph graph = test::bottlenecks(48, 24);
    const auto before =
        test::kernels_of(compile(graph, test::target(), {.without = {"refine_blocks"}}));
    const auto after = test::kernels_of(compile(graph, test::target()));
    REQUIRE(before.size() == after.size());
    int changed = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
        CHECK(before[i].block.depth == after[i].block.depth);
        changed += before[i].block != after[i].block;
    }
    CHECK(changed > 0);
}
