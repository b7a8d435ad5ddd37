#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include "compile/plan/stripes.hpp"

namespace u65sim::compiler {
namespace {

/// A window of random height, stride and padding over `rows` rows.
NpuOp window_over(std::int32_t rows, std::mt19937& random) {
    NpuOp op;
    op.kernel.kind = stream::KernelKind::depthwise;
    const auto below = [&](std::uint32_t most) { return static_cast<int>(random() % most); };
    const int height = 1 + below(5);
    op.kernel.kernel.height = height;
    op.kernel.kernel.stride_y = 1 + below(2);
    op.kernel.pad.top = below(static_cast<std::uint32_t>(height));
    op.kernel.pad.bottom = below(static_cast<std::uint32_t>(height));
    op.ifm.extent = {rows, 8, 16};
    op.ofm.extent = {
        (rows + op.kernel.pad.top + op.kernel.pad.bottom - height) / op.kernel.kernel.stride_y + 1,
        8, 16};
    return op;
}

}  // namespace

TEST_CASE("stripes counted back from the next operation are those of the whole schedule") {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        std::vector<NpuOp> ops;
        std::int32_t rows = 40 + static_cast<std::int32_t>(random() % 60);
        for (std::size_t i = 0; i < 2 + random() % 4; ++i) {
            ops.push_back(window_over(rows, random));
            rows = ops.back().ofm.extent.h;
        }
        const auto height = 1 + static_cast<std::int32_t>(random() % 7);
        const std::size_t last = ops.size() - 1;
        const Schedule schedule(ops, 0, last, height);
        const auto of_member = [&](std::size_t member) {
            std::vector<Rows> stripes;
            for (const Step& step : schedule.steps) {
                if (step.member == member) stripes.push_back({step.y0, step.y1});
            }
            return stripes;
        };
        for (std::size_t member = 0; member < last; ++member) {
            std::vector<Rows> stripes;
            const auto kept = stripes_before(ops[member + 1], of_member(member + 1), stripes);
            CHECK(stripes == of_member(member));
            CHECK(kept == schedule.rolling_rows(member));
            // The rows that the first ones need are the least to be kept.
            CHECK(kept >= input_rows(ops[member + 1], 0, of_member(member + 1).front()[1]).end);
        }
    }
}

}  // namespace u65sim::compiler
