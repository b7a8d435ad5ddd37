// Replay takes a segment's time from one with equal digests: what digests leave out must not count.
#include "machine/direct/command_digest.hpp"

#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"
#include "unit/timing/kernel_changes.hpp"

using namespace timing_test;

namespace {

machine::CommandDigest digest(const Action& action, const Target& where) {
    return machine::digests_of(commands({action}), where).at(0);
}

bool is_used(const KernelOp& op, const Change& change) {
    const auto is_of = [&](const char* part) { return change.member.rfind(part, 0) == 0; };
    if (is_of("ifm2.")) return op.is_binary() && !op.broadcast.scalar;
    if (is_of("weights") || is_of("scales")) return op.has_weights();
    return true;
}

}  // namespace

TEST_CASE("every member that counts for a kernel or its neighbours is in the digest, each alone") {
    Target where = target();
    where.accelerator.cores = 2;
    for (const KernelOp& op : {addition(), convolution(3, 1)}) {
        const machine::CommandDigest before = digest(op, where);
        CHECK(digest(op, where) == before);
        for (const Change& change : kernel_changes()) {
            INFO(change.member);
            KernelOp changed = op;
            change.apply(changed);
            const bool counts = is_used(op, change) && change.means != Means::nothing;
            CHECK((digest(changed, where) != before) == counts);
        }
    }
}

TEST_CASE("regions count by their port") {
    Target where = target();
    KernelOp op = convolution(3, 1);
    op.ifm.region = 0;
    const machine::CommandDigest in_constants = digest(op, where);
    op.ifm.region = 1;  // the other region of the off-chip memory
    CHECK(digest(op, where) == in_constants);
    where.memory_mode = MemoryMode::shared_sram;  // now the arena is on the chip
    const machine::CommandDigest in_arena = digest(op, where);
    op.ifm.region = 0;
    CHECK(digest(op, where) != in_arena);
}

TEST_CASE("every member of a transfer counts, but for what its skips step over") {
    const DmaOp plain = [] {
        DmaOp op = to_sram(4000);
        op.stride_mode = 2;
        op.size0 = 3;
        op.size1 = 2;
        op.skip0 = 8000;
        op.skip1 = 64000;
        return op;
    }();
    const machine::CommandDigest before = digest(plain, target());
    const std::vector<void (*)(DmaOp&)> counting{
        [](DmaOp& op) { op.source.region = 2; },
        [](DmaOp& op) { op.source.address += 16; },
        [](DmaOp& op) { op.source.internal = true; },
        [](DmaOp& op) { op.destination.region = 0; },
        [](DmaOp& op) { op.destination.address += 16; },
        [](DmaOp& op) { op.destination.internal = true; },
        [](DmaOp& op) { op.source.packed = true; },
        [](DmaOp& op) { op.destination.packed = true; },
        [](DmaOp& op) { op.length += 16; },
        [](DmaOp& op) { op.stride_mode = 1; },
        [](DmaOp& op) { ++op.size0; },
        [](DmaOp& op) { ++op.size1; },
    };
    for (std::size_t i = 0; i < counting.size(); ++i) {
        INFO("change " << i);
        DmaOp op = plain;
        counting[i](op);
        CHECK(digest(op, target()) != before);
    }
    for (std::int64_t DmaOp::*skip : {&DmaOp::skip0, &DmaOp::skip1}) {
        DmaOp op = plain;
        op.*skip += 16;
        CHECK(digest(op, target()) == before);
        const auto cycles = [](const DmaOp& transfer) {
            return run(commands({transfer, stream::DmaWait{0}, stream::Stop{}}), target()).total;
        };
        CHECK(cycles(op) == cycles(plain));
    }
}

TEST_CASE("waits count by what may stay outstanding, and commands by their words") {
    const Target where = target();
    CHECK(digest(stream::KernelWait{0}, where) != digest(stream::KernelWait{1}, where));
    CHECK(digest(stream::DmaWait{0}, where) != digest(stream::DmaWait{1}, where));
    CHECK(digest(stream::KernelWait{1}, where) != digest(stream::DmaWait{1}, where));
    std::vector<Command> longer = commands({stream::Stop{}});
    ++longer[0].words;
    CHECK(machine::digests_of(longer, where).at(0) != digest(stream::Stop{}, where));
}

TEST_CASE("members said not to count leave a machine's time as it is") {
    KernelOp wide = convolution(3, 2);
    wide.kernel.part_kernel_first = true;
    KernelOp depthwise = convolution(3, 1);
    depthwise.kind = stream::KernelKind::depthwise;
    KernelOp pool = convolution(2, 1);
    pool.kind = stream::KernelKind::pool;
    pool.pool_mode = stream::PoolMode::average;
    KernelOp scalar = addition();
    scalar.broadcast.scalar = true;
    const auto cycles = [](const KernelOp& op) {
        return run(commands({convolution(1, 0), op, convolution(1, 3), stream::Stop{}}), target())
            .total;
    };
    for (const KernelOp& op : {addition(), wide, depthwise, pool, scalar}) {
        const Cycles before = cycles(op);
        for (const Change& change : kernel_changes()) {
            if (change.means != Means::nothing && is_used(op, change)) continue;
            INFO(change.member);
            KernelOp changed = op;
            change.apply(changed);
            CHECK(cycles(changed) == before);
        }
    }
}
