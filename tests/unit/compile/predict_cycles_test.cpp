// What the plans of a network are compared by: its kernels and copies on one time line.
#include <catch2/catch.hpp>

#include <algorithm>
#include <utility>

#include "compile/constants.hpp"
#include "compile/passes.hpp"
#include "compile/plan/plan_search.hpp"
#include "compile/plan/tuning.hpp"
#include "lowered.hpp"
#include "networks.hpp"
#include "timing/estimate.hpp"

using namespace u65sim;

namespace {

struct Prediction {
    std::int64_t cycles = 0;  ///< predict_cycles
    // Of the stream that is emitted, in the same estimates.
    std::int64_t kernels = 0;   ///< one behind the other
    std::int64_t copies = 0;    ///< one behind the other
    std::int64_t off_chip = 0;  ///< all that port 1 is busy for: copies and kernels
    std::int64_t count = 0;     ///< kernels
};

Prediction predict(const Graph& graph, const Target& target) {
    const test::Lowered lowered{graph, target};
    compiler::PlannedProgram program = compiler::PlanSearch(lowered.program()).run().front().plan;
    compiler::store_slices(program);
    Prediction result;
    result.cycles = compiler::predict_cycles(program);
    CompiledNetwork network;
    compiler::emit(program, network);
    timing::KernelEstimator estimator{target};
    for (const NpuSegment& segment : network.segments) {
        for (const stream::Command& command :
             stream::decode(segment.stream.words, target.accelerator)) {
            if (const auto* kernel = std::get_if<stream::KernelOp>(&command.action)) {
                const timing::KernelTimes times = estimator.times(*kernel);
                result.kernels += times.total.count();
                result.off_chip += times.port_cycles[1].count();
                ++result.count;
            } else if (const auto* copy = std::get_if<stream::DmaOp>(&command.action)) {
                const timing::KernelEstimator::CopyTimes times = estimator.dma(*copy);
                result.copies += times.alone().count();
                result.off_chip += times.busy.count();
            }
        }
    }
    return result;
}

}  // namespace

TEST_CASE(
    "where nothing is copied the prediction is the sum of the kernels, but for what ends hide") {
    Target target = test::target(Product::u55, 256);
    target.memory_mode = MemoryMode::sram_only;
    const Graph graph = test::bottlenecks(32, 16);
    const Prediction prediction = predict(graph, target);
    CHECK(prediction.count > 3);
    CHECK(prediction.copies == 0);
    CHECK(prediction.cycles < prediction.kernels);
    CHECK(prediction.cycles >= compiler::tuning::kernels_apart.of(prediction.kernels));
}

TEST_CASE("copies run beside kernels, and the off-chip memory serves one at a time") {
    const Graph graph = test::bottlenecks(32, 16);
    Target target = test::target();
    const Prediction fast = predict(graph, target);
    REQUIRE(fast.copies > 0);
    const std::int64_t apart = compiler::tuning::kernels_apart.of(fast.kernels);
    CHECK(fast.cycles >= std::max(apart, fast.off_chip));
    CHECK(fast.cycles < fast.kernels + fast.copies);
    target.off_chip.bandwidth = BytesPerCycle{1, 16};
    const Prediction slow = predict(graph, target);
    CHECK(slow.off_chip > 2 * fast.kernels);
    CHECK(slow.cycles >= slow.off_chip);
}
