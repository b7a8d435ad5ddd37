// Input enters the IFM buffer eight bytes of channels a cycle, however fast its port is.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

Target ideal(int cores) {
    Target where = target();
    where.ideal_memory = true;
    where.accelerator.cores = cores;
    return where;
}

/// A stride of two in both directions: a block of 8 x 8 reads 15 x 15 pixels of 16 channels, more
/// than the MAC array needs time for.
KernelOp strided(stream::KernelKind kind, int blocks, int cores) {
    KernelOp op = convolution(1, 0);
    op.kind = kind;
    op.kernel.stride_y = op.kernel.stride_x = 2;
    op.ifm = brick_map(16 * blocks, 16, 16, 0);
    op.ofm = brick_map(8 * blocks, 8, 16, 65536);
    op.block = {8, 8, 16};
    const auto share = static_cast<std::uint32_t>(256 / cores);
    for (std::size_t core = 0; core < static_cast<std::size_t>(cores); ++core) {
        op.weights[core] = {core * 1024, share};
        op.scales[core] = {4096 + core * 256, static_cast<std::uint32_t>(160 / cores)};
    }
    if (kind == stream::KernelKind::pool) {
        op.pool_mode = stream::PoolMode::max;
        op.weights = op.scales = {};
    }
    return op;
}

/// Cycles that one more block of `kind` takes, in the middle of many.
std::int64_t block_cycles(stream::KernelKind kind, int cores) {
    const auto cycles = [&](int blocks) {
        return run(commands({strided(kind, blocks, cores), stream::Stop{}}), ideal(cores))
            .total.count();
    };
    return cycles(12) - cycles(11);
}

}  // namespace

SCENARIO("a brick of 16 channels enters the buffer in two cycles") {
    GIVEN("blocks that read 225 bricks each through a port of 16 bytes a cycle") {
        WHEN("one core convolves") {
            THEN("a block takes 450 cycles, not the port's 225") {
                CHECK(block_cycles(stream::KernelKind::conv, 1) == 450);
            }
        }
        WHEN("two cores convolve, both of which need every channel") {
            THEN("they do not share the work") {
                CHECK(block_cycles(stream::KernelKind::conv, 2) == 450);
            }
        }
        WHEN("channels are separate, and two cores keep half of each brick") {
            THEN("a brick takes one cycle") {
                CHECK(block_cycles(stream::KernelKind::pool, 1) == 450);
                CHECK(block_cycles(stream::KernelKind::pool, 2) == 225);
            }
        }
    }
}

SCENARIO("a pixel of few channels takes a cycle of its own") {
    GIVEN("an image of three channels, five pixels of which are nearly one beat") {
        const auto cycles = [](int blocks) {
            KernelOp op = strided(stream::KernelKind::conv, blocks, 1);
            op.kernel.stride_y = op.kernel.stride_x = 3;
            op.ifm.layout = stream::Layout::nhwc;
            op.ifm.height = op.ifm.height0 = op.ifm.height1 = 24 * blocks;
            op.ifm.width = op.ifm.width0 = 24;
            op.ifm.depth = 3;
            op.ifm.stride_x = 3;
            op.ifm.stride_y = 72;
            return run(commands({op, stream::Stop{}}), ideal(1)).total.count();
        };
        THEN("a block of 22 x 22 pixels takes 484 cycles, not the 110 of its beats") {
            CHECK(cycles(12) - cycles(11) == 484);
        }
    }
}
