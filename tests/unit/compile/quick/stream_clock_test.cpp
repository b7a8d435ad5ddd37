// The clock of effort quick: what a kernel and the copies beside it take from each other.
#include <catch2/catch.hpp>

#include <cstdint>

#include <u65sim/compile_cache.hpp>
#include <u65sim/target.hpp>

#include "compile/cache_counters.hpp"
#include "compile/program.hpp"
#include "compile/quick/crowded_port.hpp"
#include "compile/quick/stream_clock.hpp"
#include "unit/compile/networks.hpp"

using namespace u65sim;
using compiler::quick::KernelSpan;
using compiler::quick::StreamClock;

namespace {

constexpr double work = 100000;

/// With latencies and slots as those of high-end memories.
Target memories(Product product = Product::u65, int macs = 256, int cores = 1) {
    Target target = test::target(product, macs, cores);
    target.off_chip.read_latency = Cycles{500};
    target.off_chip.write_latency = Cycles{250};
    target.off_chip.max_outstanding_reads = 24;
    target.sram.read_latency = target.sram.write_latency = Cycles{32};
    return target;
}

class Clocks {
public:
    explicit Clocks(const Target& target) : target_(target) {
        static_cast<compiler::CompileContext&>(program_) =
            compiler::make_context(target_, {}, cache_, counters_);
    }
    [[nodiscard]] const Target& target() const { return target_; }

    /// Cycles of a kernel's run, with a copy of so many cycles issued before.
    [[nodiscard]] double cycles(const KernelSpan& span, double copied) const {
        StreamClock clock(program_);
        if (copied > 0) clock.copy(copied, 10, 0);
        clock.kernel(span, 0);
        clock.finish();
        return clock.times(0).end - clock.times(0).start;
    }
    [[nodiscard]] const compiler::Program& program() const { return program_; }

private:
    const Target target_;
    const CompileCache cache_;
    compiler::CacheCounters counters_;
    compiler::Program program_;
};

/// A kernel of the MAC array alone.
KernelSpan computing() {
    KernelSpan span;
    span.total = span.crowded = work;
    span.words = 10;
    return span;
}

}  // namespace

TEST_CASE("A copy passes beside a kernel that wants neither port") {
    const Clocks clocks(memories());
    CHECK(clocks.cycles(computing(), 50000) == Approx(clocks.cycles(computing(), 0)));
}

TEST_CASE("A kernel whose maps are off-chip shares the port with a copy in turn") {
    const Clocks clocks(memories());
    KernelSpan span = computing();
    span.off_chip = work;
    const double alone = clocks.cycles(span, 0);
    // Half of what is copied beside it comes before its own.
    CHECK(clocks.cycles(span, 20000) - alone == Approx(20000).margin(500));
    span.off_chip = work / 4;
    CHECK(clocks.cycles(span, 20000) == Approx(clocks.cycles(span, 0)));
    // Weights are asked for in short requests, and get less.
    span.reads_weights = true;
    span.off_chip = work / 2;
    CHECK(clocks.cycles(span, 20000) > clocks.cycles(span, 0) + 10000);
}

TEST_CASE("Two cores ask for twice as many weights beside a copy as one") {
    const auto while_copied = [](int cores) {
        const Clocks clocks(memories(Product::u65, 256, cores));
        KernelSpan span = computing();
        span.off_chip = work;
        span.reads_weights = true;
        // It lasts longer than the kernel.
        return clocks.cycles(span, 50 * work) / work;
    };
    CHECK(while_copied(1) == Approx(5).epsilon(0.02));
    CHECK(while_copied(2) == Approx(3).epsilon(0.02));
}

TEST_CASE("Commands do not wait for a copy that is issued behind their request") {
    const Clocks clocks(memories());
    const auto start = [&](double copied) {
        StreamClock clock(clocks.program());
        if (copied > 0) clock.copy(copied, 10, 0);
        KernelSpan span = computing();
        span.words = copied > 0 ? 25 : 35;  // up to the second window
        clock.kernel(span, 0);
        clock.finish();
        return clock.times(0).start;
    };
    CHECK(start(2000) == start(0));
}

TEST_CASE("A copy takes of the SRAM's time what a kernel may want") {
    const Clocks clocks(memories());
    KernelSpan span = computing();
    span.sram = work;
    const double more = clocks.cycles(span, 50000) - clocks.cycles(span, 0);
    CHECK(more > 1000);
    CHECK(more < 50000);
    span.sram = work / 10;
    CHECK(clocks.cycles(span, 50000) == Approx(clocks.cycles(span, 0)));
}

TEST_CASE("A kernel whose reads come one by one waits for a copy's each time") {
    const Clocks clocks(memories());
    KernelSpan span = computing();
    span.crowded = 1.5 * work;
    // As long as the copy runs, two thirds of the work is done.
    CHECK(clocks.cycles(span, 60000) - clocks.cycles(span, 0) == Approx(20000).margin(500));
    span.crowded = work;
    span.trips = 2;
    CHECK(
        clocks.cycles(span, 60000) - clocks.cycles(span, 0) ==
        Approx(2.0 * static_cast<double>(compiler::quick::wait_for_port(clocks.target()).count())));
}

TEST_CASE("A copy meets kernels that were issued before and behind it") {
    const Clocks clocks(memories());
    KernelSpan span = computing();
    span.off_chip = work;
    const auto end = [&](double copied) {
        StreamClock clock(clocks.program());
        clock.kernel(span, 0);
        if (copied > 0) clock.copy(copied, 10, 0);
        clock.kernel(span, 0);
        clock.finish();
        return clock.times(1).end;
    };
    // The first kernel gives it half of the port, and so does the second.
    CHECK(end(1.5 * work) - end(0) == Approx(1.5 * work).epsilon(0.02));
}

TEST_CASE("A kernel waits for the copies that it needs") {
    const Clocks clocks(memories());
    StreamClock clock(clocks.program());
    clock.copy(50000, 10, 0);
    clock.copy(30000, 10, 0);
    clock.kernel(computing(), 1);
    clock.kernel(computing(), 2);
    clock.finish();
    CHECK(clock.times(0).start > 50000);
    CHECK(clock.times(0).start < 52000);
    // The second copy has come meanwhile.
    CHECK(clock.times(1).end - clock.times(0).end < 1.01 * work);
}

TEST_CASE("A read waits for half of what a copy asks for at a time") {
    // 64 beats, at 15 bytes in 4 cycles; but where all slots wait for a latency, what they hold.
    Target near = memories();
    near.off_chip.read_latency = Cycles{50};
    CHECK(compiler::quick::wait_for_port(near).count() == Approx(64 * 16 * 4 / 15 / 2).margin(2));
    CHECK(compiler::quick::wait_for_port(memories()) > Cycles{500 / 2});
}
