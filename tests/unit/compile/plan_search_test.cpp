// Plans of one network: what each pass of planning leaves, and which plan is kept.
#include <catch2/catch.hpp>

#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <utility>

#include "compile/plan/make_plan.hpp"
#include "compile/plan/plan_search.hpp"
#include "compile/plan/tuning.hpp"
#include "lowered.hpp"
#include "networks.hpp"

using namespace u65sim;
using compiler::Buffer;
using compiler::make_plan;
using compiler::Pass;
using compiler::PlannedProgram;
using compiler::PlanSearch;

namespace {

Target with_sram(std::int64_t bytes) {
    Target target = test::target();
    target.sram.size = Bytes{bytes};
    return target;
}

/// Used buffers that are no constants.
std::vector<const Buffer*> used(const PlannedProgram& plan) {
    std::vector<const Buffer*> buffers;
    for (const Buffer& buffer : plan.buffers) {
        if (buffer.kind != Placement::Kind::constant && buffer.first_use != compiler::no_time) {
            buffers.push_back(&buffer);
        }
    }
    return buffers;
}

std::size_t placed(const PlannedProgram& plan) {
    const auto buffers = used(plan);
    return static_cast<std::size_t>(
        std::count_if(buffers.begin(), buffers.end(),
                      [](const Buffer* buffer) { return buffer->region != compiler::no_region; }));
}

}  // namespace

TEST_CASE("each pass of planning leaves what its name says") {
    const Graph graph = test::bottlenecks(64, 32);
    const Target target = with_sram(64 * 1024);
    const test::Lowered lowered{graph, target};
    const PlannedProgram merged = make_plan(lowered.program(), Pass::merge_in_place);
    CHECK(placed(merged) == 0);
    for (const Buffer* buffer : used(merged)) CHECK(buffer->size > 0);
    const PlannedProgram maps = make_plan(lowered.program(), Pass::place_maps);
    CHECK(placed(maps) > 0);
    CHECK(placed(maps) < used(maps).size());
    CHECK(maps.fast_size == 0);
    const PlannedProgram refined = make_plan(lowered.program(), Pass::refine_blocks);
    CHECK(placed(refined) == placed(maps));
    const PlannedProgram streamed = make_plan(lowered.program(), Pass::stream_weights);
    CHECK(used(streamed).size() >= used(refined).size());
    CHECK(placed(streamed) < used(streamed).size());
    const PlannedProgram whole = make_plan(lowered.program());
    CHECK(placed(whole) == used(whole).size());
    CHECK(whole.arena_size > 0);
    CHECK(whole.fast_size > 0);
    CHECK(whole.fast_size <= 64 * 1024);
}

TEST_CASE("a result in place takes no memory of its own, unless the step is left out") {
    const Graph graph = test::bottlenecks(64, 32);
    const Target target = test::target();
    CompileOptions without;
    without.without = {"merge_in_place"};
    const test::Lowered lowered{graph, target};
    const test::Lowered apart{graph, target, without};
    const auto with_merging = used(make_plan(lowered.program(), Pass::merge_in_place)).size();
    CHECK(used(make_plan(apart.program(), Pass::merge_in_place)).size() > with_merging);
}

TEST_CASE("weights are copied ahead of their use, unless the step is left out") {
    const Graph graph = test::bottlenecks(64, 32);
    const Target target = test::target();
    CompileOptions without;
    without.without = {"stream_weights"};
    const test::Lowered lowered{graph, target};
    const test::Lowered late{graph, target, without};
    const auto ahead = [](const PlannedProgram& plan) {
        std::int32_t positions = 0;
        for (const Buffer* buffer : used(plan)) {
            if (buffer->kind != Placement::Kind::weight_buffer) continue;
            positions += buffer->last_use - buffer->first_use;
        }
        return positions;
    };
    CHECK(ahead(make_plan(lowered.program())) > ahead(make_plan(late.program())));
}

TEST_CASE("the plan that is kept is the one with the least predicted cycles") {
    const Graph graph = test::bottlenecks(64, 32);
    const Target target = with_sram(64 * 1024);
    const test::Lowered lowered{graph, target};
    PlanSearch::Result found = std::move(PlanSearch(lowered.program()).run().front());
    REQUIRE(compiler::has_cascades(found.variant.cascades));
    CHECK(found.reason.find(": taken those for") != std::string::npos);
    const std::int64_t plain = compiler::predict_cycles(make_plan(lowered.program()));
    const std::int64_t kept = compiler::predict_cycles(found.plan);
    CHECK(kept < plain);
    compiler::Program again = lowered.program();
    found.variant.apply(again);
    CHECK(compiler::predict_cycles(make_plan(std::move(again))) == kept);
}

TEST_CASE("maps that are small beside the SRAM, or a step left out, need no search") {
    const Graph graph = test::bottlenecks(16, 16);
    const Target target = test::target();
    const test::Lowered small{graph, target};
    CHECK(PlanSearch(small.program()).run().front().variant.cascades.empty());
    const Graph large = test::bottlenecks(64, 32);
    const Target tight = with_sram(64 * 1024);
    CompileOptions without;
    without.without = {"form_cascades"};
    const test::Lowered plain{large, tight, without};
    const PlanSearch::Result none = std::move(PlanSearch(plain.program()).run().front());
    CHECK(none.variant.cascades.empty());
    CHECK(none.reason.empty());
}

TEST_CASE("more SRAM keeps the plan for less, or takes one that is predicted to be faster") {
    const Graph graph = test::bottlenecks(64, 32);
    std::int64_t before = 0;
    std::int64_t taken = 0;
    for (const std::int64_t kib : {128, 256, 384, 512, 768, 1024, 1536}) {
        const Target target = with_sram(kib * 1024);
        const test::Lowered lowered{graph, target};
        const PlanSearch::Result found = std::move(PlanSearch(lowered.program()).run().front());
        CAPTURE(kib, found.variant.sram);
        CHECK(found.variant.sram >= taken);
        CHECK(found.variant.sram <= kib * 1024);
        CHECK(found.cost == compiler::predict_cycles(found.plan));
        if (taken > 0)
            CHECK((found.variant.sram > taken ? found.cost < before : found.cost == before));
        before = found.cost;
        taken = found.variant.sram;
    }
}

TEST_CASE("all plans between which predictions cannot tell are left, a small one in front") {
    int left = 0;
    for (const std::int32_t channels : {16, 24, 32, 48, 64}) {
        const Graph graph = test::bottlenecks(64, channels);
        const Target target = with_sram(1024 * 1024);
        const test::Lowered lowered{graph, target};
        const PlanSearch::Results found = PlanSearch(lowered.program()).run();
        if (found.size() == 1) continue;
        CAPTURE(channels);
        ++left;
        std::set<std::pair<std::int64_t, std::int64_t>> different;
        std::int64_t least = found[0].cost;
        for (const PlanSearch::Result& result : found) {
            CHECK(result.cost == compiler::predict_cycles(result.plan));
            different.emplace(result.cost, result.plan.arena_size);
            least = std::min(least, result.cost);
        }
        CHECK(different.size() == found.size());
        for (const PlanSearch::Result& result : found) {
            CHECK(compiler::tuning::certain_gain.of(result.cost) <= least);
            if (result.variant.sram >= found[0].variant.sram) continue;
            CHECK(compiler::tuning::larger_sram_gain.of(result.cost) > least);
        }
        CHECK(compiler::tuning::larger_sram_gain.of(found[0].cost) <= least);
    }
    CHECK(left > 0);
}

TEST_CASE("a cramped SRAM is left as soon as its best cascades are clearly slower there") {
    const std::regex plan{"([0-9]+) cycles with [0-9]+ B"};
    for (const std::int32_t channels : {16, 24, 32}) {
        const Graph graph = test::bottlenecks(48, channels);
        const Target target = with_sram(128 * 1024);
        const test::Lowered lowered{graph, target};
        const PlanSearch::Result found = std::move(PlanSearch(lowered.program()).run().front());
        // All that were kept until the end stand in a reason.
        for (const std::string& reason : found.plan.reasons) {
            if (!reason.starts_with("SRAM:")) continue;
            for (std::sregex_iterator at{reason.begin(), reason.end(), plan}, end; at != end;
                 ++at) {
                CAPTURE(channels, reason);
                CHECK(compiler::tuning::certain_gain.of(std::stoll((*at)[1])) <= found.cost);
            }
        }
    }
}

TEST_CASE("with Vela's rules, and in small memory, one plan is left") {
    const Graph graph = test::bottlenecks(64, 32);
    const Target target = with_sram(1024 * 1024);
    CompileOptions like_vela;
    like_vela.like_vela = true;
    CompileOptions small;
    small.optimise = Optimise::size;
    for (const CompileOptions& options : {like_vela, small}) {
        const test::Lowered lowered{graph, target, options};
        CHECK(PlanSearch(lowered.program()).run().size() == 1);
    }
}

TEST_CASE("SRAM between two planned sizes serves the plan for the smaller one") {
    const Graph graph = test::bottlenecks(64, 32);
    const Target target = with_sram(256 * 1024);
    const Target more = with_sram(300 * 1024);
    const test::Lowered lowered{graph, target};
    const test::Lowered with_more{graph, more};
    const PlanSearch::Result found = std::move(PlanSearch(lowered.program()).run().front());
    const PlanSearch::Result same = std::move(PlanSearch(with_more.program()).run().front());
    CHECK(same.variant.sram == found.variant.sram);
    CHECK(same.cost == found.cost);
    CHECK(same.plan.fast_size == found.plan.fast_size);
}

TEST_CASE("a plan whose kernels alone take too long is given up") {
    const Graph graph = test::bottlenecks(64, 32);
    const Target target = test::target();
    const test::Lowered lowered{graph, target};
    const PlannedProgram whole = make_plan(lowered.program());
    REQUIRE_FALSE(whole.is_given_up);
    // Some of their time is hidden where their ends overlap.
    const std::int64_t least = compiler::tuning::kernels_apart.of(whole.kernel_cycles);
    CHECK(least <= compiler::predict_cycles(whole));
    compiler::Program again = lowered.program();
    again.too_many_cycles = least;
    CHECK(make_plan(again).is_given_up);
    again.too_many_cycles = least + 1;
    CHECK_FALSE(make_plan(again).is_given_up);
}
