#include <catch2/catch.hpp>

#include "compile/emit/block_dependency.hpp"
#include "compile/emit/hazards.hpp"
#include "networks.hpp"

using namespace u65sim;
using namespace u65sim::compiler;

namespace {

Accesses copy(std::uint64_t from, std::uint64_t to, std::uint64_t size) {
    return {{{0, from, from + size}}, {{2, to, to + size}}};
}
Accesses kernel(std::uint64_t weights, std::uint64_t size) {
    return {{{2, weights, weights + size}}, {{1, 0, 64}}};
}

stream::KernelOp pointwise(std::uint64_t ifm, std::uint64_t ofm, int rows) {
    stream::KernelOp op;
    op.kind = stream::KernelKind::conv;
    const auto map = [&](std::uint64_t base) {
        stream::FeatureMap m;
        m.region = 2;
        m.base[0] = base;
        m.height = m.height0 = m.height1 = rows;
        m.width = m.width0 = 16;
        m.depth = 16;
        m.stride_x = 16;
        m.stride_y = 256;
        m.stride_c = 1;
        return m;
    };
    op.ifm = map(ifm);
    op.ofm = map(ofm);
    op.block = {4, 16, 16};
    return op;
}

}  // namespace

TEST_CASE("a kernel waits for the copy of its weights and lets newer copies run") {
    const Architecture arch = architecture(test::target().accelerator);
    HazardTracker tracker(arch);
    CHECK_FALSE(tracker.dma(copy(0, 0, 100)));
    CHECK_FALSE(tracker.dma(copy(100, 128, 100)));
    CHECK(tracker.kernel(kernel(0, 100)) == 1);
    CHECK(tracker.kernel(kernel(128, 100)) == 0);
    CHECK_FALSE(tracker.kernel(kernel(128, 100)));
}

TEST_CASE("a copy waits for the kernel that still reads its target") {
    const Architecture arch = architecture(test::target().accelerator);
    HazardTracker tracker(arch);
    tracker.kernel(kernel(0, 100));
    tracker.kernel(kernel(512, 100));
    CHECK(tracker.wait_for_kernels(copy(0, 0, 100)) == 1);
    CHECK(tracker.dma(copy(0, 0, 100)) == 1);
    CHECK_FALSE(tracker.dma(copy(0, 0, 100)));
}

TEST_CASE("a table waits for the kernels that read what it overwrites, and for no others") {
    const Architecture arch = architecture(test::target().accelerator);
    const auto table = [&](std::uint64_t slot) {
        const std::uint64_t to = static_cast<std::uint64_t>(arch.lut_address()) + slot * 256;
        return Accesses{{{0, 0, 256}}, {{MemoryRange::shram, to, to + 256}}};
    };
    stream::KernelOp op = pointwise(0, 65536, 32);
    op.activation.function = 16 + 3;
    CHECK(table(3).conflicts(accesses_of(op, arch)));
    CHECK_FALSE(table(2).conflicts(accesses_of(op, arch)));
    CHECK_FALSE(table(4).conflicts(accesses_of(op, arch)));
    // Tables of words and of 16 bits take more than one place.
    stream::KernelOp words = op;
    words.ofm.type = stream::DataType::s32;
    CHECK(table(4).conflicts(accesses_of(words, arch)));
    stream::KernelOp wide = op;
    wide.activation.clip_range = 5;
    CHECK(table(4).conflicts(accesses_of(wide, arch)));
    // Where no banks are kept for tables, a kernel without one computes in theirs.
    op.activation.function = 0;
    CHECK_FALSE(table(3).conflicts(accesses_of(op, arch)));
    const Architecture small = architecture(test::target(Product::u55, 64).accelerator);
    const auto at = static_cast<std::uint64_t>(small.lut_address());
    const Accesses there{{{0, 0, 256}}, {{MemoryRange::shram, at, at + 256}}};
    CHECK(there.conflicts(accesses_of(op, small)));
}

TEST_CASE("block dependency follows how far the kernels overlap") {
    const Architecture arch = architecture(test::target().accelerator);
    const auto a = pointwise(0, 65536, 32);
    CHECK(block_dependency(nullptr, a, arch, 3) == 0);
    CHECK(block_dependency(&a, pointwise(0, 131072, 32), arch, 3) == 3);
    // Reads what A wrote, row by row: the first job needs A's first block only.
    CHECK(block_dependency(&a, pointwise(65536, 131072, 32), arch, 3) == 3);
    // With a single block A must be finished.
    const auto small = pointwise(0, 65536, 4);
    CHECK(block_dependency(&small, pointwise(65536, 131072, 4), arch, 3) == 0);
    // Two blocks: the last may be unfinished when the first job starts, not when the second does.
    const auto two = pointwise(0, 65536, 8);
    CHECK(block_dependency(&two, pointwise(65536, 131072, 8), arch, 3) == 1);
    CHECK(block_dependency(&a, pointwise(0, 131072, 32), arch, 2) == 2);
}

TEST_CASE("where channels are separate a block waits for its own channels alone") {
    const Architecture arch = architecture(test::target().accelerator);
    // Four blocks of a map of 64 channels, the first of which has the first 16.
    const auto deep = [](std::uint64_t ifm, std::uint64_t ofm, stream::KernelKind kind) {
        stream::KernelOp op = pointwise(ifm, ofm, 4);
        op.kind = kind;
        for (stream::FeatureMap* map : {&op.ifm, &op.ofm}) {
            map->depth = 64;
            map->stride_x = 64;
            map->stride_y = 1024;
        }
        return op;
    };
    const auto before = deep(0, 65536, stream::KernelKind::conv);
    CHECK(block_dependency(&before, deep(65536, 131072, stream::KernelKind::depthwise), arch, 3) ==
          3);
    auto pool = deep(65536, 131072, stream::KernelKind::pool);
    CHECK(block_dependency(&before, pool, arch, 3) == 3);
    // Sums over channels need all of them, as convolutions do.
    pool.pool_mode = stream::PoolMode::reduce_sum;
    CHECK(block_dependency(&before, pool, arch, 3) == 0);
    // A convolution's second job takes channels of the third and fourth block.
    CHECK(block_dependency(&before, deep(65536, 131072, stream::KernelKind::conv), arch, 3) == 1);
}
