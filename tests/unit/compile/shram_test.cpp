#include <catch2/catch.hpp>

#include "compile/plan/block_search.hpp"
#include "compile/program.hpp"
#include "networks.hpp"

using namespace u65sim;
using namespace u65sim::compiler;
using stream::KernelKind;

namespace {

struct Row {
    const char* name;
    KernelKind kind;
    Extent ifm, ofm;
    int kernel_h, kernel_w, stride_y, stride_x;
    BlockShape block;
    bool part_kernel, fully_connected;
};

ShramUser user_of(const Row& row) {
    ShramUser user;
    user.kind = row.kind;
    user.reduces_depth = row.kind == KernelKind::conv;
    user.vector_product = row.fully_connected;
    user.part_kernel = row.part_kernel;
    user.two_maps = row.kind == KernelKind::elementwise;
    user.kernel_h = row.kernel_h;
    user.kernel_w = row.kernel_w;
    user.stride_y = row.stride_y;
    user.stride_x = row.stride_x;
    user.ofm_h = row.ofm.h;
    user.ofm_w = row.ofm.w;
    user.ofm_c = row.ofm.c;
    user.ifm_h = row.ifm.h;
    user.ifm_w = row.ifm.w;
    user.ifm_c = row.ifm.c;
    return user;
}

}  // namespace

TEST_CASE("the block search agrees with the published compiler's choices on U65-256") {
    constexpr auto conv = KernelKind::conv;
    constexpr auto pool = KernelKind::pool;
    constexpr auto depthwise = KernelKind::depthwise;
    constexpr auto add = KernelKind::elementwise;
    const Row rows[] = {
        {"first", conv, {32, 32, 3}, {32, 32, 16}, 3, 3, 1, 1, {16, 16, 16}, true, false},
        {"3x3", conv, {32, 32, 16}, {32, 32, 16}, 3, 3, 1, 1, {12, 16, 16}, true, false},
        {"add", add, {32, 32, 16}, {32, 32, 16}, 1, 1, 1, 1, {16, 32, 16}, false, false},
        {"strided", conv, {32, 32, 16}, {16, 16, 32}, 3, 3, 2, 2, {8, 16, 16}, true, false},
        {"deep", conv, {16, 16, 32}, {16, 16, 32}, 3, 3, 1, 1, {8, 16, 16}, false, false},
        {"shortcut", conv, {32, 32, 16}, {16, 16, 32}, 1, 1, 2, 2, {4, 16, 32}, false, false},
        {"64", conv, {16, 16, 32}, {8, 8, 64}, 3, 3, 2, 2, {8, 8, 32}, false, false},
        {"64b", conv, {8, 8, 64}, {8, 8, 64}, 3, 3, 1, 1, {8, 8, 64}, false, false},
        {"shortcut2", conv, {16, 16, 32}, {8, 8, 64}, 1, 1, 2, 2, {8, 8, 32}, false, false},
        {"pool", pool, {8, 8, 64}, {1, 1, 64}, 8, 8, 1, 1, {2, 2, 64}, false, false},
        {"fc", conv, {1, 1, 64}, {1, 1, 10}, 1, 1, 1, 1, {2, 2, 16}, false, true},
        {"folded", conv, {49, 5, 2}, {25, 5, 64}, 10, 3, 2, 1, {26, 6, 16}, true, false},
        {"dw", depthwise, {25, 5, 64}, {25, 5, 64}, 3, 3, 1, 1, {14, 6, 32}, false, false},
        {"pw", conv, {25, 5, 64}, {25, 5, 64}, 1, 1, 1, 1, {10, 6, 64}, false, false},
        {"pool25", pool, {25, 5, 64}, {1, 1, 64}, 25, 5, 1, 1, {2, 2, 64}, false, false},
        {"fc640", conv, {1, 1, 640}, {1, 1, 128}, 1, 1, 1, 1, {2, 2, 128}, false, true},
        {"fc128", conv, {1, 1, 128}, {1, 1, 640}, 1, 1, 1, 1, {2, 2, 128}, false, true},
        {"dw1d", depthwise, {28, 1, 128}, {24, 1, 128}, 5, 1, 1, 1, {24, 2, 48}, false, false},
    };
    const Target target = test::target();
    const Architecture arch = architecture(target.accelerator);
    for (const auto& row : rows) {
        INFO(row.name);
        compiler::BlockCache none{0};
        const auto block = find_block(user_of(row), target.accelerator, arch, none);
        REQUIRE(block);
        CHECK(block->height == row.block.height);
        CHECK(block->width == row.block.width);
        CHECK(block->depth == row.block.depth);
    }
}

TEST_CASE("a 16-bit convolution's banks are those of the published stream") {
    const Row row{"", KernelKind::conv, {2, 80, 16}, {2, 80, 8}, 1, 1, 1,
                  1,  {2, 42, 8},       false,       false};
    ShramUser user = user_of(row);
    user.ifm_bits = 16;
    user.acc_bits = 40;
    const auto layout = lay_out(user, row.block, architecture(test::target().accelerator));
    REQUIRE(layout);
    CHECK(layout->ib_end == 10);
    CHECK(layout->ab_start == 26);
}

TEST_CASE("a block beyond the shared buffer is refused") {
    const Row row{"", KernelKind::conv, {64, 64, 32}, {64, 64, 128}, 3, 3, 1, 1, {}, false, false};
    const Architecture arch = architecture(test::target().accelerator);
    CHECK_FALSE(lay_out(user_of(row), {32, 64, 128}, arch));
    CHECK(is_valid_block(user_of(row), {8, 8, 32}, arch));
    CHECK_FALSE(is_valid_block(user_of(row), {8, 8, 24}, arch));  // not whole, not a step of 16
    CHECK_FALSE(is_valid_block(user_of(row), {3, 8, 32}, arch));
}
