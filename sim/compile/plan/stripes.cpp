#include "compile/plan/stripes.hpp"

#include <algorithm>
#include <limits>

#include "compile/plan/row_links.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

View rows_of(View view, std::int32_t begin, std::int32_t end) {
    view.y += begin;
    view.extent.h = end - begin;
    return view;
}

/// The first row of its input that an operation still needs when `made` rows of its result are
/// made; beyond all rows where it needs none.
std::int32_t first_needed(const NpuOp& op, std::int32_t made) {
    if (made == op.ofm.extent.h) return std::numeric_limits<std::int32_t>::max();
    return input_rows(op, made, made + 1).begin;
}

}  // namespace

bool can_stripe(const NpuOp& op) {
    const stream::KernelOp& k = op.kernel;
    for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
        if (view->valid() && (view->stride_y || view->stride_x || view->row_again != Again::none)) {
            return false;
        }
    }
    if (op.vector_product || op.ofm.extent.h < 2 ||
        (k.kind == KernelKind::pool && k.pool_mode == stream::PoolMode::reduce_sum)) {
        return false;
    }
    if (upscales(op)) {
        return k.upscale == stream::Upscale::nearest && k.kernel.height == 1 &&
               k.kernel.stride_y == 1 && k.pad.top == 0 && k.pad.bottom == 0;
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

std::int32_t stripes_before(std::span<const RowReader> readers, const NpuOp& op, bool complete,
                            Stripes& stripes) {
    const std::int32_t rows = op.ofm.extent.h;
    const std::int32_t unit = row_unit(op);
    const std::size_t steps = readers.front().stripes->size();
    stripes.reserve(steps);
    std::int32_t produced = 0;
    std::int32_t kept = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        std::int32_t end = produced;
        std::int32_t needed = produced;
        for (const RowReader& reader : readers) {
            const auto& [from, until] = (*reader.stripes)[step];
            if (from < until) end = std::max(end, input_rows(*reader.op, from, until).end);
            needed = std::min(needed, first_needed(*reader.op, from));
        }
        const bool takes_all = complete && step + 1 == steps;
        end = takes_all ? rows : std::min(rows, (end + unit - 1) / unit * unit);
        stripes.push_back({produced, end});
        if (end > produced) kept = std::max(kept, end - needed);
        produced = end;
    }
    return kept;
}

Schedule::Schedule(const std::vector<NpuOp>& ops, const RowLinks& links, std::size_t first,
                   std::size_t last, std::int32_t height)
    : rows_(last - first + 1) {
    std::vector<Stripes> stripes(rows_.size());
    const std::int32_t all = ops[last].ofm.extent.h;
    for (std::int32_t y = 0; y < all; y += height) {
        stripes.back().push_back({y, std::min(y + height, all)});
    }
    const auto readers_of = [&](std::size_t at) {
        std::vector<RowReader> readers;
        for (const std::size_t i : links.readers(at)) {
            if (i <= last) readers.push_back({&ops[i], &stripes[i - first]});
        }
        return readers;
    };
    std::vector<std::int32_t> kept(rows_.size(), 0);
    for (std::size_t i = last; i-- > first;) {
        const View& made = ops[i].ofm;
        kept[i - first] = stripes_before(readers_of(i), ops[i],
                                         !links.is_read_up(made.buffer, last), stripes[i - first]);
    }
    for (std::size_t i = first; i < last; ++i) {
        const int map = ops[i].ofm.buffer;
        if (map == ops[last].ofm.buffer || !links.rolls(map, first, last)) continue;
        for (const std::size_t writer : links.writers(map)) {
            rows_[i - first] = std::max(rows_[i - first], kept[writer - first]);
        }
    }
    for (std::size_t step = 0; step < stripes.back().size(); ++step) {
        for (std::size_t member = 0; member < stripes.size(); ++member) {
            const auto& [y0, y1] = stripes[member][step];
            if (y0 < y1) steps.push_back({member, y0, y1});
        }
    }
}

Step Schedule::highest(std::size_t member) const {
    Step found;
    for (const auto& step : steps) {
        if (step.member == member && step.y1 - step.y0 >= found.y1 - found.y0) found = step;
    }
    return found;
}

}  // namespace u65sim::compiler
