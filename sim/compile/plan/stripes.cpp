#include "compile/plan/stripes.hpp"

#include <algorithm>

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

View rows_of(View view, std::int32_t begin, std::int32_t end) {
    view.y += begin;
    view.extent.h = end - begin;
    return view;
}

}  // namespace

bool can_stripe(const NpuOp& op) {
    const stream::KernelOp& k = op.kernel;
    for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
        if (view->valid() && (view->stride_y || view->stride_x || view->row_again != Again::none)) {
            return false;
        }
    }
    if (op.vector_product || k.upscale != stream::Upscale::none || op.ofm.extent.h < 2 ||
        (k.kind == KernelKind::pool && k.pool_mode == stream::PoolMode::reduce_sum)) {
        return false;
    }
    if (k.kind != KernelKind::elementwise) return true;
    const bool two = op.binary() && !k.broadcast.scalar;
    return op.ifm.extent == op.ofm.extent &&
           (!two || op.ifm2.extent == op.ofm.extent || op.ifm2.extent.h == 1);
}

NpuOp stripe_of(const NpuOp& op, std::int32_t y0, std::int32_t y1) {
    NpuOp stripe;
    stripe.name = op.name;
    stripe.graph_operator = op.graph_operator;
    stripe.time = op.time;
    stripe.kernel = op.kernel;
    stripe.vector_product = op.vector_product;
    stripe.lut = op.lut;
    stripe.lut_offset = op.lut_offset;
    const InputRows rows = input_rows(op, y0, y1);
    stripe.ifm = rows_of(op.ifm, rows.begin, rows.end);
    stripe.ofm = rows_of(op.ofm, y0, y1);
    stripe.ifm2 = op.ifm2;
    if (op.ifm2.valid() && !op.kernel.broadcast.scalar && op.ifm2.extent.h > 1) {
        stripe.ifm2 = rows_of(op.ifm2, y0, y1);
    }
    if (op.kernel.kind != KernelKind::elementwise) {
        stripe.kernel.pad.top = rows.top;
        stripe.kernel.pad.bottom = rows.bottom;
    }
    return stripe;
}

std::int32_t stripes_before(const NpuOp& next, const std::vector<Rows>& of_next,
                            std::vector<Rows>& stripes) {
    stripes.reserve(of_next.size());
    std::int32_t produced = 0;
    std::int32_t kept = 0;
    for (const auto& [from, until] : of_next) {
        const std::int32_t end = input_rows(next, from, until).end;
        if (end <= produced) continue;
        stripes.push_back({produced, end});
        kept = std::max(kept, end - std::min(input_rows(next, from, from + 1).begin, produced));
        produced = end;
    }
    return kept;
}

Schedule::Schedule(const std::vector<NpuOp>& ops, std::size_t first, std::size_t last,
                   std::int32_t height)
    : ops_(ops), first_(first), rows_(last - first + 1), produced_(last - first + 1) {
    const std::int32_t all = ops[last].ofm.extent.h;
    for (std::int32_t y = height; y < all + height; y += height) {
        produce(last - first, std::min(y, all));
    }
}

Step Schedule::highest(std::size_t member) const {
    Step found;
    for (const auto& step : steps) {
        if (step.member == member && step.y1 - step.y0 >= found.y1 - found.y0) found = step;
    }
    return found;
}

void Schedule::produce(std::size_t member, std::int32_t until) {
    const std::int32_t from = produced_[member];
    if (from >= until) return;
    if (member > 0) produce(member - 1, input_rows(ops_[first_ + member], from, until).end);
    steps.push_back({member, from, until});
    produced_[member] = until;
    if (member + 1 < produced_.size()) {
        const std::int32_t next = produced_[member + 1];
        const std::int32_t kept = input_rows(ops_[first_ + member + 1], next, next + 1).begin;
        rows_[member] = std::max(rows_[member], until - std::min(kept, from));
    }
}

}  // namespace u65sim::compiler
