// Peak rates that the published estimator model states, kind by kind.
#include <catch2/catch.hpp>

#include "timing/mac_array.hpp"
#include "timing/output_unit.hpp"

using namespace u65sim;
using namespace u65sim::timing;
using stream::DataType;
using stream::ElementwiseMode;
using stream::KernelKind;
using stream::KernelOp;

namespace {

/// An operation of one block, 16 x 16 x 16 from `inputs` channels.
KernelOp operation(KernelKind kind, int inputs, int kernel_height, int kernel_width,
                   DataType type) {
    KernelOp op;
    op.kind = kind;
    op.ifm.height = op.ifm.width = op.ofm.height = op.ofm.width = 16;
    op.ifm.depth = inputs;
    op.ofm.depth = 16;
    op.ifm.type = op.ofm.type = type;
    op.kernel.height = kernel_height;
    op.kernel.width = kernel_width;
    op.block = {16, 16, 16};
    op.weights[0] = {0, 16};
    return op;
}

/// Multiplications of `op` a cycle of its MAC time.
double macs_per_cycle(const KernelOp& op, const Accelerator& accelerator = {}) {
    const Architecture arch = architecture(accelerator);
    const Traversal traversal{op, arch};
    std::int64_t cycles = 0;
    for (std::int64_t b = 0; b < traversal.blocks(); ++b) {
        for (int d = 0; d < traversal.depth_blocks(); ++d) {
            for (int s = 0; s < traversal.sub_kernels(); ++s) {
                cycles += mac_cycles(traversal, traversal.block(b), d, traversal.sub_kernel(s),
                                     arch, accelerator)
                              .count();
            }
        }
    }
    return static_cast<double>(op.macs()) / static_cast<double>(cycles);
}

KernelOp elementwise(ElementwiseMode mode, DataType input, DataType output) {
    KernelOp op = operation(KernelKind::elementwise, 16, 1, 1, input);
    op.elementwise_mode = mode;
    op.ifm2 = op.ifm;
    op.ofm.type = output;
    return op;
}

double cycles_per_element(const KernelOp& op, const Accelerator& accelerator = {}) {
    const Box block{0, 0, 0, 16, 16, 16};
    const Cycles cycles = output_cycles(op, block, architecture(accelerator), accelerator);
    return static_cast<double>(cycles.count()) / static_cast<double>(block.elements());
}

}  // namespace

TEST_CASE("peak multiplications a cycle of the U65-256 by kind of operation") {
    using Kind = KernelKind;
    constexpr DataType i8 = DataType::s8;
    constexpr DataType i16 = DataType::s16;
    CHECK(macs_per_cycle(operation(Kind::conv, 64, 3, 3, i8)) == Approx(256));
    CHECK(macs_per_cycle(operation(Kind::conv, 64, 3, 3, i16)) == Approx(128));
    KernelOp part_kernel = operation(Kind::conv, 8, 2, 2, i8);
    part_kernel.kernel.part_kernel_first = true;
    CHECK(macs_per_cycle(part_kernel) == Approx(256));
    // Three of four colours' places in a group of eight stay empty, nine of twelve elements count.
    part_kernel = operation(Kind::conv, 3, 3, 3, i8);
    part_kernel.kernel.part_kernel_first = true;
    CHECK(macs_per_cycle(part_kernel) == Approx(256.0 * 3 / 8 * 9 / 12));
    CHECK(macs_per_cycle(operation(Kind::conv, 48, 1, 1, i8)) == Approx(256.0 * 48 / 64));
    CHECK(macs_per_cycle(operation(Kind::depthwise, 16, 2, 2, i8)) == Approx(32));
    CHECK(macs_per_cycle(operation(Kind::depthwise, 16, 3, 3, i8)) == Approx(24));
    CHECK(macs_per_cycle(operation(Kind::depthwise, 16, 2, 2, i16)) == Approx(16));
    KernelOp pool = operation(Kind::pool, 16, 2, 2, i8);
    pool.pool_mode = stream::PoolMode::average;
    CHECK(macs_per_cycle(pool) == Approx(32));
    pool.ifm.type = i16;
    CHECK(macs_per_cycle(pool) == Approx(16));
}

TEST_CASE(
    "a fully connected layer gets eight multiplications a cycle: its weights are decoded so fast") {
    KernelOp op = operation(KernelKind::conv, 256, 1, 1, DataType::s8);
    op.ifm.height = op.ifm.width = op.ofm.height = op.ofm.width = 1;
    op.block = {2, 2, 16};
    CHECK(macs_per_cycle(op) == Approx(8));
}

TEST_CASE("a map one row high is covered by ublocks of 4 x 1, unless its width is odd") {
    KernelOp op = operation(KernelKind::conv, 32, 1, 8, DataType::s8);
    op.ofm.height = op.ifm.height = 1;
    op.ofm.width = 64;
    op.block = {1, 64, 16};
    CHECK(macs_per_cycle(op) == Approx(256));
    op.ofm.width = 63;
    CHECK(macs_per_cycle(op) == Approx(128.0 * 63 / 64));
}

TEST_CASE("bubbles of a single ublock on the U55-32 with 40-bit accumulators") {
    Accelerator u55_32;
    u55_32.product = Product::u55;
    u55_32.macs_per_cycle = 32;
    const Architecture arch = architecture(u55_32);
    KernelOp op = operation(KernelKind::conv, 16, 1, 1, DataType::s16);
    op.acc_format = stream::AccFormat::int40;
    const auto cycles = [&](int height, int width) {
        op.ofm.height = op.ifm.height = height;
        op.ofm.width = op.ifm.width = width;
        op.block = {height, width, 16};
        const Traversal traversal{op, arch};
        return mac_cycles(traversal, traversal.block(0), 0, traversal.sub_kernel(0), arch, u55_32)
            .count();
    };
    // 16 channels are four groups of four. A step takes 16 cycles at least, 4 for each ublock.
    CHECK(cycles(2, 2) == 4 * 16);
    CHECK(cycles(2, 1) == 4 * 16 + 4 * 7);
    CHECK(cycles(1, 1) == 4 * 16 + 4 * 7);
    op.acc_format = stream::AccFormat::int32;
    CHECK(cycles(2, 1) == 4 * 16);
}

TEST_CASE("cycles an output element of the U65-256") {
    constexpr DataType i8 = DataType::s8;
    constexpr DataType i16 = DataType::s16;
    constexpr DataType i32 = DataType::s32;
    using Mode = ElementwiseMode;
    KernelOp max_pool = operation(KernelKind::pool, 16, 2, 2, i8);
    max_pool.pool_mode = stream::PoolMode::max;
    CHECK(cycles_per_element(max_pool) == 0.125);
    CHECK(cycles_per_element(operation(KernelKind::conv, 16, 1, 1, i8)) == 0.25);
    CHECK(cycles_per_element(operation(KernelKind::conv, 16, 1, 1, i16)) == 0.375);
    CHECK(cycles_per_element(elementwise(Mode::min, i8, i8)) == 0.25);
    CHECK(cycles_per_element(elementwise(Mode::mul, i8, i8)) == 0.375);
    CHECK(cycles_per_element(elementwise(Mode::add, i8, i8)) == 0.75);
    CHECK(cycles_per_element(elementwise(Mode::mul, i16, i32)) == 1);
    CHECK(cycles_per_element(elementwise(Mode::add, i32, i32)) == 1.5);
    CHECK(cycles_per_element(elementwise(Mode::clz, i32, i32)) == 1);
    CHECK(cycles_per_element(elementwise(Mode::lrelu, i16, i16)) == 0.5);
    KernelOp table = operation(KernelKind::conv, 16, 1, 1, i8);
    table.activation.function = 16;
    CHECK(cycles_per_element(table) == 1);
}
