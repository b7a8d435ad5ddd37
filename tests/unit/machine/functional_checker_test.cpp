// A small program that is correct, and faults seeded into it one by one.
#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

#include "unit/machine/functional_program.hpp"

using namespace functional_test;
namespace {

constexpr int copy_weights = 0;
constexpr int convolve = 2;
constexpr int pool = 3;

bool has(const std::vector<Finding>& findings, FindingKind kind, std::uint32_t command) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
        return finding.kind == kind && finding.command_index == command &&
               finding.word_index == 10 * command;
    });
}

}  // namespace

TEST_CASE("a correct program has no findings") { CHECK(Program{}.check().empty()); }

TEST_CASE("a dropped DMA_WAIT is found at the kernel that needed it") {
    Program program;
    program.actions[1] = Irq{};
    const auto findings = program.check();
    REQUIRE(has(findings, FindingKind::missing_dma_wait, convolve));
    CHECK_THAT(findings.front().text,
               Catch::Contains("command 2 (word 20): CONV conv1 reads region 2") &&
                   Catch::Contains("command 0 (word 0): DMA"));
}

TEST_CASE("a dropped KERNEL_WAIT is found at the copy that needed it") {
    Program program;
    program.actions[4] = Irq{};
    CHECK(has(program.check(), FindingKind::missing_kernel_wait, 5));
    program.actions[4] = KernelWait{1};  // the pool may still be the one
    CHECK(has(program.check(), FindingKind::missing_kernel_wait, 5));
}

TEST_CASE("BLOCKDEP above what the blocks allow is found") {
    Program program;
    for (const int blockdep : {0, 1, 2, 3}) {
        program.get<KernelOp>(pool).blockdep = blockdep;
        CAPTURE(blockdep);
        CHECK(has(program.check(), FindingKind::block_dependency, pool) == (blockdep > 1));
    }
    program.get<KernelOp>(pool).blockdep = 1;
    auto& kernel = program.get<KernelOp>(pool);
    kernel.kernel.height = 3;  // now the first block needs the third row
    kernel.pad.top = kernel.pad.bottom = 1;
    CHECK(has(program.check(), FindingKind::block_dependency, pool));
}

TEST_CASE("a shifted address reads what nobody wrote") {
    Program program;
    program.get<KernelOp>(pool).ifm.base[0] += 16;
    CHECK(has(program.check(), FindingKind::unwritten_read, pool));
    Program outside;
    outside.get<KernelOp>(pool).ofm.base[0] = 1000;
    CHECK_THROWS_AS(outside.check(), InvalidStream);
}

TEST_CASE("a swapped region reads what nobody wrote, or writes constants") {
    Program program;
    program.get<KernelOp>(pool).ifm.region = 2;
    CHECK(has(program.check(), FindingKind::unwritten_read, pool));
    Program writes;
    writes.actions.resize(1);
    std::swap(writes.get<DmaOp>(copy_weights).source, writes.get<DmaOp>(copy_weights).destination);
    CHECK(has(writes.check(), FindingKind::constant_write, copy_weights));
}

TEST_CASE("a truncated weight stream is an error with the command's place") {
    Program program;
    auto& kernel = program.get<KernelOp>(convolve);
    kernel.weights[0].length = 16;
    CHECK_THROWS_WITH(program.check(), Catch::Contains("command 2 (word 20): CONV"));
    Program records;
    records.get<KernelOp>(convolve).scales[0].length = 64;
    CHECK_THROWS_WITH(records.check(), Catch::Contains("64 bytes of scale records"));
}

TEST_CASE("a buffer laid over a live one is found where the mixture is read") {
    Program program;
    KernelOp intruder = program.get<KernelOp>(pool);
    intruder.ifm = make_map(1, 0, 2, 2, 8, DataType::s8, Layout::nhwc);
    intruder.ofm = make_map(1, 300, 2, 2, 8, DataType::s8, Layout::nhwc);
    intruder.blockdep = 0;
    program.actions.insert(program.actions.begin() + pool, intruder);
    program.get<KernelOp>(pool + 1).blockdep = 0;
    CHECK(has(program.check(), FindingKind::overlapping_buffers, pool + 1));
}

TEST_CASE("placements that share bytes while both live are found") {
    using machine::functional::overlapping_placements;
    Placement a;
    a.name = "a";
    a.size = Bytes{100};
    a.last_use = 3;
    Placement b = a;
    b.name = "b";
    b.offset = Bytes{96};
    b.first_use = 3;
    b.last_use = 5;
    CHECK(overlapping_placements({a, b}).size() == 1);
    b.first_use = 4;
    CHECK(overlapping_placements({a, b}).empty());
    b.first_use = 3;
    b.region = region_fast;
    CHECK(overlapping_placements({a, b}).empty());
}
