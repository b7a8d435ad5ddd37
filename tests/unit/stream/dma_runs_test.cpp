#include <catch2/catch.hpp>

#include "stream/operation.hpp"

using namespace u65sim::stream;

TEST_CASE("A DMA's runs follow its stride mode, whatever the unused sizes hold") {
    DmaOp op;
    op.length = 10;
    op.size0 = 3;
    op.size1 = 5;
    CHECK(op.runs() == 1);
    CHECK(op.total_bytes() == 10);
    op.stride_mode = 1;
    CHECK(op.inner_runs() == 3);
    CHECK(op.outer_runs() == 1);
    CHECK(op.total_bytes() == 30);
    op.stride_mode = 2;
    CHECK(op.outer_runs() == 5);
    CHECK(op.runs() == 15);
    CHECK(op.total_bytes() == 150);
}

TEST_CASE("Two kernels share a SHRAM layout unless a buffer of one stands elsewhere") {
    KernelOp one;
    one.ib_end = 8;
    one.ab_start = 16;
    CHECK(one.shares_shram_layout(one));
    const auto differs = [&](auto change) {
        KernelOp other = one;
        change(other);
        return !one.shares_shram_layout(other) && !other.shares_shram_layout(one);
    };
    CHECK(differs([](KernelOp& k) { k.ib_end = 9; }));
    CHECK(differs([](KernelOp& k) { k.ab_start = 12; }));
    CHECK(differs([](KernelOp& k) { k.ifm2_ib_start = 4; }));
    CHECK(differs([](KernelOp& k) { k.acc_format = AccFormat::int40; }));
    CHECK(differs([](KernelOp& k) { k.kind = KernelKind::elementwise; }));
    CHECK_FALSE(differs([](KernelOp& k) { k.kind = KernelKind::pool; }));
}
