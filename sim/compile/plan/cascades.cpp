#include "compile/plan/cascades.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "compile/constants.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/row_links.hpp"
#include "compile/plan/stripes.hpp"
#include "compile/plan/vela_cascades.hpp"

namespace u65sim::compiler {

namespace {

/// Gives a cascade's operations the blocks of their highest stripes, and their results the rows
/// they must be kept for.
void fit_to_stripes(Program& program, std::vector<NpuOp>& ops, const Range& range,
                    const Schedule& schedule) {
    const std::size_t members = range.last - range.first + 1;
    for (std::size_t m = 0; m < members; ++m) {
        NpuOp& op = ops[range.first + m];
        const Step highest = schedule.highest(m);
        NpuOp stripe = stripe_of(op, highest.y0, highest.y1);
        choose_block(stripe, program);
        const bool same_depth = stripe.kernel.block.depth == op.kernel.block.depth;
        op.kernel.block = stripe.kernel.block;
        op.kernel.ib_end = stripe.kernel.ib_end;
        op.kernel.ab_start = stripe.kernel.ab_start;
        op.kernel.ifm2_ib_start = stripe.kernel.ifm2_ib_start;
        if (!same_depth && op.weights) op.slices = {make_whole(program, op)};
        if (m + 1 < members) program.buffer(op.ofm).rolling_rows = schedule.rolling_rows(m);
    }
    if (!program.rules.cascades_by_room || !program.spilling()) return;
    std::int32_t rows = range.height;
    for (std::size_t i = range.last; i > range.first; --i) {
        const std::int32_t before = rows * row_stride(ops[i]);
        std::int32_t& kept = program.buffer(ops[i - 1].ofm).rolling_rows;
        kept = std::max(kept, rolling_rows_of_vela(ops[i - 1], before, ops[i], rows));
        rows = before;
    }
}

/// Appends the stripes of a cascade to `result`; the first one of each operation owns its weights.
void append_stripes(Program& program, std::vector<NpuOp>& ops, const RowLinks& links,
                    const Range& range, std::vector<NpuOp>& result) {
    const Schedule schedule(ops, links, range.first, range.last, range.height);
    fit_to_stripes(program, ops, range, schedule);
    const std::size_t members = range.last - range.first + 1;
    std::vector<std::int32_t> first_stripe(members, not_striped), made(members, 0),
        count(members, 0);
    for (const auto& step : schedule.steps) ++count[step.member];
    const std::int32_t time = ops[range.first].time;
    for (const auto& step : schedule.steps) {
        NpuOp& op = ops[range.first + step.member];
        NpuOp stripe = stripe_of(op, step.y0, step.y1);
        std::int32_t& first = first_stripe[step.member];
        stripe.name = op.name + "/stripe";
        stripe.name += std::to_string(made[step.member]++);
        stripe.time = time;
        stripe.stripes = count[step.member];
        if (first == not_striped) {
            first = static_cast<std::int32_t>(result.size());
            stripe.weights = std::move(op.weights);
            stripe.scales = std::move(op.scales);
            stripe.slices = std::move(op.slices);
        }
        stripe.first_stripe = first;
        result.push_back(std::move(stripe));
    }
}

}  // namespace

bool has_cascades(const Cascades& cascades) {
    return std::any_of(cascades.begin(), cascades.end(), [](const std::vector<Range>& ranges) {
        return std::any_of(ranges.begin(), ranges.end(),
                           [](const Range& range) { return range.height > 0; });
    });
}

void apply_cascades(Program& program, const Cascades& cascades) {
    if (cascades.empty()) return;
    const std::vector<BufferUse> uses = uses_of(program);
    for (std::size_t s = 0; s < cascades.size(); ++s) {
        std::vector<NpuOp> result;
        std::vector<NpuOp>& ops = program.segments[s].ops;
        const RowLinks links(program, ops, uses);
        for (const auto& range : cascades[s]) {
            if (range.height > 0) {
                append_stripes(program, ops, links, range, result);
            } else {
                result.push_back(std::move(ops[range.first]));
            }
        }
        ops = std::move(result);
    }
}

}  // namespace u65sim::compiler
