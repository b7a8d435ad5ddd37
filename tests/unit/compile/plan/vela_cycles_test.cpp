// Cycles as Vela counts them, against those that Vela 5.2 prints (--verbose-schedule, u65-512 with
// a dedicated SRAM).
#include "compile/plan/vela_cycles.hpp"

#include <array>

#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "compile/plan/lifetimes.hpp"
#include "unit/compile/lowered.hpp"
#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

/// With Vela's Ethos_U65_High_End memory.
Target two_cores() {
    Target target = test::target(Product::u65, 256, 2);
    target.sram.read_latency = target.sram.write_latency = Cycles{32};
    target.off_chip.read_latency = Cycles{500};
    target.off_chip.write_latency = Cycles{250};
    return target;
}

/// A program of which the layouts are known, as they are when Vela counts.
class Planned {
public:
    /// Both must outlive this.
    Planned(const Graph& graph, const Target& target)
        : lowered_(graph, target), program_(lowered_.program()) {
        choose_layouts(program_);
    }
    [[nodiscard]] const compiler::Program& program() const { return program_; }

private:
    const test::Lowered lowered_;
    compiler::Program program_;
};

/// A convolution between two others, so that its maps lie in bricks.
Graph pointwise(std::int32_t size, std::int32_t from, std::int32_t to) {
    GraphBuilder net{"net"};
    const LayerOptions options{.activation = Activation::relu6};
    const Value x = net.conv2d(net.input({1, size, size, 16}), from, Window::square(1), options);
    const Value y = net.conv2d(x, to, Window::square(1), options);
    net.output(net.conv2d(y, 8, Window::square(1)));
    return net.build();
}

}  // namespace

TEST_CASE("vela_cycles: convolutions take what Vela prints, within 1 %") {
    struct Row {
        std::int32_t size, from, to;
        std::int64_t cycles;
    };
    const Target target = two_cores();
    // The array at work, and twice the scales' ten bytes a channel.
    for (const Row row :
         {Row{14, 512, 512, 103799}, Row{8, 64, 128, 5402}, Row{8, 192, 32, 3235}}) {
        CAPTURE(row.size, row.from, row.to);
        const Graph graph = pointwise(row.size, row.from, row.to);
        const Planned planned(graph, target);
        const compiler::Program& program = planned.program();
        const compiler::NpuOp& op = program.segments[0].ops[1];
        CHECK(static_cast<double>(compiler::vela_cycles(program, op)) ==
              Approx(static_cast<double>(row.cycles)).epsilon(0.01));
    }
}

TEST_CASE("vela_cycles: a slice's scales come from the SRAM") {
    const Target target = two_cores();
    const Graph graph = pointwise(32, 16, 64);
    const Planned planned(graph, target);
    const compiler::Program& program = planned.program();
    const compiler::NpuOp& op = program.segments[0].ops[1];
    const auto slice = [&](std::int32_t depth) {
        return compiler::vela_cycles(program, op, {.depth = depth, .weights_fast = true});
    };
    CHECK(slice(64) < compiler::vela_cycles(program, op));
    CHECK(slice(32) < slice(64));
}

TEST_CASE("vela_cycles: only a first part waits for input, only a last one for its result") {
    const Target target = two_cores();
    const Graph graph = pointwise(14, 512, 512);
    const Planned planned(graph, target);
    const compiler::Program& program = planned.program();
    const compiler::NpuOp& op = program.segments[0].ops[1];
    const auto part = [&](bool first, bool last) {
        return compiler::vela_cycles(program, op, {.depth = 64, .first = first, .last = last});
    };
    CHECK(part(false, false) < part(true, false));
    CHECK(part(true, false) < part(true, true));
    CHECK(part(true, true) - part(false, true) == part(true, false) - part(false, false));
}

TEST_CASE("vela_cycles: an input is read for each block of the result") {
    const Target target = two_cores();
    // 14 rows in blocks of four, each of 64 of the channels.
    const Graph many = pointwise(14, 512, 512);
    const Planned planned(many, target);
    const compiler::Program& program = planned.program();
    const compiler::VelaAccesses accesses =
        compiler::vela_accesses(program, program.segments[0].ops[1], 512);
    CHECK(accesses.ifm == 4 * 8 * 4 * 14 * 512);
    CHECK(accesses.ofm == 14 * 14 * 512);
    CHECK(accesses.weight_passes == 4);
}

TEST_CASE("vela_cycles: what slices wait for their copies, the run before hides") {
    const Target target = two_cores();
    const Graph many = pointwise(14, 512, 512);
    const Planned planned(many, target);
    const compiler::Program& program = planned.program();
    const compiler::NpuOp& op = program.segments[0].ops[1];
    const std::array<std::int32_t, 2> depths{256, 256};
    const std::array<std::int64_t, 2> sizes{1 << 20, 1 << 20};
    const auto waits = [&](bool twice, std::int64_t slack) {
        return compiler::vela_performance(program, op,
                                          {.depths = depths,
                                           .sizes = sizes,
                                           .copied = true,
                                           .twice = twice,
                                           .slack = slack})
            .waits;
    };
    const std::int64_t copy = compiler::vela_copy_cycles(target, 1 << 20);
    CHECK(waits(false, 0) == 2 * copy);
    CHECK(waits(false, copy) == copy);
    CHECK(waits(true, copy) < copy);
}

TEST_CASE("vela_cycles: a copy takes its bytes at the off-chip rate, and the latency") {
    CHECK(compiler::vela_copy_cycles(two_cores(), 3750) == 1500);
}
