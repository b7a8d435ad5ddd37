// Copies in SRAM of maps that are read over and over from DRAM.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/graph_builder.hpp>

#include "compile/plan/make_plan.hpp"
#include "compile/plan/plan_search.hpp"
#include "unit/compile/lowered.hpp"
#include "unit/compile/pass_dump.hpp"

using namespace u65sim;
using compiler::Buffer;
using compiler::PlannedProgram;
using compiler::PlanSearch;

namespace {

/// 1x1 convolutions of 14 x 14 maps with so many channels, one behind the other.
Graph pointwise(std::int32_t channels, int count) {
    GraphBuilder net{"net"};
    Value x = net.input({1, 14, 14, channels}, "in");
    for (int i = 0; i < count; ++i) {
        x = net.conv2d(x, channels, Window::square(1), {.name = "conv" + std::to_string(i)});
    }
    net.output(x);
    return net.build();
}

Target with_sram(std::int64_t kib) {
    Target target = test::target();
    target.sram.size = Bytes{kib * 1024};
    target.off_chip.read_latency = Cycles{500};
    target.off_chip.max_outstanding_reads = 24;
    return target;
}

PlannedProgram best_plan(const test::Lowered& lowered) {
    return PlanSearch(lowered.program()).run().front().plan;
}

std::vector<const Buffer*> copies_of(const PlannedProgram& plan) {
    std::vector<const Buffer*> copies;
    for (const Buffer& buffer : plan.buffers) {
        if (buffer.copy_of != compiler::no_buffer) copies.push_back(&buffer);
    }
    return copies;
}

}  // namespace

TEST_CASE("copy_maps: an input that each block of depth reads anew is copied once") {
    const Graph graph = pointwise(256, 1);
    const Target target = with_sram(384);
    const test::Lowered lowered{graph, target};
    const PlannedProgram plan = best_plan(lowered);
    const auto copies = copies_of(plan);
    REQUIRE(copies.size() == 1);
    CHECK(copies[0]->name == "in/copy");
    CHECK(copies[0]->region == region_fast);
    CHECK(copies[0]->size == 14 * 14 * 256);
    CompileOptions without;
    without.without = {"copy_maps"};
    const test::Lowered left_out{graph, target, without};
    const PlannedProgram plain = best_plan(left_out);
    CHECK(copies_of(plain).empty());
    CHECK(compiler::predict_cycles(plan) < compiler::predict_cycles(plain));
    // The kernel reads what the copy before it brought.
    const CompiledNetwork network = compile(graph, target);
    const auto kernels = test::kernels_of(network);
    REQUIRE_FALSE(kernels.empty());
    CHECK(kernels[0].ifm.region == region_fast);
    CHECK(std::any_of(network.segments[0].labels.begin(), network.segments[0].labels.end(),
                      [](const CommandLabel& label) { return label.name.ends_with("/ifm"); }));
}

TEST_CASE("copy_maps: an input is copied that is read beside more weights than have room") {
    GraphBuilder net{"net", {{.modelled = true}}};
    net.output(net.conv2d(net.input({1, 1, 37, 2000}, "in"), 2000, Window::square(1)));
    const Graph graph = net.build();
    const Target target = with_sram(384);
    const test::Lowered lowered{graph, target};
    const PlannedProgram plan = best_plan(lowered);
    const auto copies = copies_of(plan);
    REQUIRE(copies.size() == 1);
    CHECK(copies[0]->name == "in/copy");
    // Either alone leaves the array at work, but both share a port.
    const CompileOptions without{.without = {"copy_maps"}};
    const test::Lowered left_out{graph, target, without};
    CHECK(compiler::predict_cycles(plan) * 5 < compiler::predict_cycles(best_plan(left_out)) * 4);
}

TEST_CASE("copy_maps: what is read once, or does not fit, stays where it is") {
    const auto count = [](std::int32_t channels, std::int64_t kib) {
        const Graph graph = pointwise(channels, 1);
        const Target target = with_sram(kib);
        const test::Lowered lowered{graph, target};
        return copies_of(best_plan(lowered)).size();
    };
    CHECK(count(16, 384) == 0);
    CHECK(count(256, 384) == 1);
    CHECK(count(256, 32) == 0);
}

TEST_CASE("copy_maps: where a copy has no room beside a map, the map takes turns with it") {
    // Input and result are 196 KiB each.
    const Graph graph = pointwise(1024, 2);
    const Target target = with_sram(384);
    const test::Lowered lowered{graph, target};
    const PlanSearch::Result found = std::move(PlanSearch(lowered.program()).run().front());
    CHECK(found.variant.in_turns);
    CHECK(copies_of(found.plan).size() == 2);
    const PlannedProgram stays = compiler::make_plan(lowered.program());
    CHECK(stays.crowded_cycles > 0);
    CHECK(compiler::predict_cycles(found.plan) < compiler::predict_cycles(stays));
}

TEST_CASE("copy_maps: weights that are read anew get room for slices before maps that can wait") {
    // The wide map and 16 channels of its weights, twice, are more than the SRAM.
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, 1, 128, 16}, "in"), 64, Window::square(1));
    const Value wide = net.conv2d(x, 1536, Window{1, 32}, {.name = "wide"});
    net.output(net.conv2d(wide, 64, Window::square(1), {.name = "narrow"}));
    const Graph graph = net.build();
    const Target target = with_sram(208);
    const test::Lowered lowered{graph, target};
    const PlannedProgram stays = compiler::make_plan(lowered.program());
    CHECK(stays.crowded_cycles > 0);
    const PlannedProgram best = best_plan(lowered);
    CHECK(compiler::predict_cycles(best) < compiler::predict_cycles(stays));
}

TEST_CASE("copy_maps: slices that would leave the array idle are no reason to keep a map") {
    // Both wide maps have room, but then only for slices that take longer than reads over and over.
    GraphBuilder net{"net", {{.modelled = true}}};
    const Value x = net.conv2d(net.input({1, 1, 148, 128}, "in"), 2000, Window::square(1));
    const Value wide = net.conv2d(x, 1000, Window::square(1), {.name = "wide"});
    net.output(net.conv2d(wide, 29, Window::square(1)));
    const Graph graph = net.build();
    const Target target = with_sram(512);
    const test::Lowered lowered{graph, target};
    CHECK(compiler::make_plan(lowered.program()).crowded_cycles > 0);
    const PlanSearch::Result found = std::move(PlanSearch(lowered.program()).run().front());
    CHECK(found.variant.in_turns);
    CHECK(found.plan.segments.at(0).ops.at(1).slices.size() > 1);
}
