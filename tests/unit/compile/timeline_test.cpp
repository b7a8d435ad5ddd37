// Kernels and copies that share the off-chip memory, as the compiler predicts them.
#include <catch2/catch.hpp>

#include <array>
#include <utility>

#include "compile/build_kernel.hpp"
#include "compile/constants.hpp"
#include "compile/emit/timeline.hpp"
#include "compile/plan/tuning.hpp"
#include "networks.hpp"

using namespace u65sim;
using namespace u65sim::compiler;
using Begin = Timeline::Begin;

namespace {

constexpr int fast_region = 2;

/// A kernel that keeps the off-chip port busy for a part of its time.
timing::KernelTimes kernel(std::int64_t total, std::int64_t off_chip) {
    timing::KernelTimes times;
    times.total = Cycles{total};
    times.port_cycles[1] = Cycles{off_chip};
    return times;
}

struct Predicted {
    Predicted() = default;
    explicit Predicted(Target other) : target(std::move(other)) {}

    Target target = test::target();
    Architecture arch = architecture(target.accelerator);
    timing::KernelEstimator estimator{target};
    Timeline line{estimator, arch};
    stream::DmaOp copy = memory_copy({region_constants}, {fast_region}, 60000);
    timing::KernelEstimator::CopyTimes alone = estimator.dma(copy);
};

}  // namespace

TEST_CASE("a copy takes from a kernel what this reads off-chip meanwhile") {
    for (const std::int64_t share : {0, 1, 2}) {
        Predicted p;
        p.line.kernel(kernel(200000, share * 100000), false);
        p.line.copy(p.copy);
        CHECK(p.line.end() == 200000 + share * p.alone.busy.count() / 2);
    }
}

TEST_CASE("a copy beside a kernel that keeps the port busy takes half of its time longer") {
    Predicted p;
    p.line.copy(p.copy);
    p.line.kernel(kernel(200000, 200000), false);
    p.line.dma_wait(0);
    p.line.kernel_wait(0);
    CHECK(p.line.end() == 200000 + p.alone.busy.count());
    Predicted longer;
    longer.line.copy(longer.copy);
    longer.line.kernel(kernel(2000, 2000), false);
    // Over before the copy is: what is left of this goes on alone.
    CHECK(longer.line.end() == longer.alone.alone().count() + 2000);
}

TEST_CASE("a copy is held back from kernels that it takes from, as long as it is not late") {
    Predicted p;
    const std::int64_t busy = p.alone.busy.count();
    const timing::KernelTimes reading = kernel(4 * busy, 4 * busy);
    const timing::KernelTimes computing = kernel(4 * busy, 0);
    p.line.kernel(reading, false);
    CHECK(p.line.best_begin(p.copy, std::array{computing}) == Begin::later);
    CHECK(p.line.best_begin(p.copy, std::array{reading, computing}) == Begin::later);
    CHECK(p.line.best_begin(p.copy, std::array{reading}) == Begin::at_once);
    CHECK(p.line.best_begin(p.copy, {}) == Begin::at_once);
    // Too short a kernel: what reads the copy would wait for nearly all of it.
    CHECK(p.line.best_begin(p.copy, std::array{kernel(busy / 64, 0)}) == Begin::at_once);
    p.line.kernel(computing, false);
    CHECK(p.line.best_begin(p.copy, std::array{computing}) == Begin::with_last);
    p.line.kernel_wait(1);
    CHECK(p.line.best_begin(p.copy, std::array{computing}) == Begin::at_once);
}

TEST_CASE("no copy holds up the parser behind a kernel that ends before the next one's commands") {
    Target target = test::target();
    target.off_chip.read_latency = Cycles{960};
    target.timing.command_window = Bytes{96};
    for (const std::int64_t last : {200, 200000}) {
        Predicted p{target};
        REQUIRE(p.estimator.command_fetch(tuning::kernel_words) > Cycles{200});
        const stream::DmaOp table = memory_copy({region_constants}, {fast_region}, 256);
        p.line.kernel(kernel(200000, 200000), false);
        p.line.kernel(kernel(last, 0), false);
        const Begin best = p.line.best_begin(table, std::array{kernel(200000, 200000)});
        CHECK(best == (last == 200 ? Begin::at_once : Begin::with_last));
    }
}

TEST_CASE("blocks of one operation's slices overlap in the prediction") {
    Predicted p;
    timing::KernelTimes slice = kernel(10000, 0);
    slice.fill = Cycles{700};
    p.line.kernel(slice, false);
    p.line.kernel(slice, true);
    CHECK(p.line.end() == 19300);
}

TEST_CASE("what ends of neighbours hide counts at the end alone") {
    Predicted p;
    p.line.kernel(kernel(10000, 0), false);
    p.line.kernel(kernel(10000, 0), false, 400);
    CHECK(p.line.end() == 19600);
}

TEST_CASE("a table is held back from a kernel that reads all of the time") {
    Predicted p;
    const stream::DmaOp table = memory_copy({region_constants}, {fast_region}, 256);
    p.line.kernel(kernel(20000, 20000), false);
    CHECK(p.line.best_begin(table, std::array{kernel(20000, 0)}) == Begin::later);
    Predicted idle;
    idle.line.kernel(kernel(20000, 5000), false);
    CHECK(idle.line.best_begin(table, std::array{kernel(20000, 0)}) == Begin::at_once);
}

TEST_CASE("with one copy outstanding at a time it waits for the kernel issued last to begin") {
    Predicted p{test::target(Product::u55, 128)};
    REQUIRE(p.arch.max_outstanding_dmas == 1);
    p.line.kernel(kernel(200000, 0), false);
    p.line.kernel(kernel(100, 0), false);
    p.line.copy(p.copy);
    CHECK(p.line.end() == 200000 + p.alone.alone().count());
}

TEST_CASE("a kernel takes no less time than its commands need to arrive") {
    Target target = test::target();
    target.off_chip.read_latency = Cycles{960};
    target.timing.command_window = Bytes{96};
    Predicted p{target};
    REQUIRE(p.estimator.command_fetch(24) == Cycles{960});
    const std::int64_t fetch = p.estimator.command_fetch(tuning::kernel_words).count();
    for (int i = 0; i < 5; ++i) p.line.kernel(kernel(10, 0), false);
    CHECK(p.line.end() == 5 * fetch + 10);
}
