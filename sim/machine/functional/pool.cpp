#include <algorithm>
#include <limits>
#include <vector>

#include "machine/functional/input_window.hpp"
#include "machine/functional/kernels.hpp"
#include "machine/functional/map_access.hpp"
#include "machine/functional/output_stage.hpp"

namespace u65sim::machine::functional {
namespace {

using stream::KernelOp;
using stream::PoolMode;

/// OFM_SCALE divides averages without padding. With padding an average divides by the elements in
/// bounds, and a maximum is not scaled: the scales that Vela 5 writes for these two are not used.
bool is_scaled(const KernelOp& op) {
    const bool padded = op.pad.top + op.pad.left + op.pad.right + op.pad.bottom > 0;
    return op.global_scale && op.pool_mode == PoolMode::average && !padded;
}

/// Half away from zero, as the reference averages.
std::int64_t rounded_quotient(std::int64_t sum, std::int64_t count) {
    if (count == 0) return 0;
    return sum >= 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

std::int64_t elements_in_bounds(const KernelOp& op, const WindowGeometry& geometry, std::int64_t y,
                                std::int64_t x) {
    const auto overlap = [](std::int64_t start, std::int64_t size, std::int64_t low,
                            std::int64_t count) {
        return std::max<std::int64_t>(0,
                                      std::min(start + size, low + count) - std::max(start, low));
    };
    return overlap(y * op.kernel.stride_y, op.kernel.height, geometry.top, geometry.data_rows) *
           overlap(x * op.kernel.stride_x, op.kernel.width, geometry.left, geometry.data_columns);
}

/// Combines the window's columns channel by channel into `row`, one output column after another.
template <class Number, class Combine>
void slide(const KernelOp& op, const InputWindow<Number>& window, std::int64_t y,
           std::vector<std::int64_t>& row, std::int64_t start, Combine combine) {
    const std::int64_t depth = window.depth_stride;
    std::fill(row.begin(), row.end(), start);
    for (std::int64_t x = 0; x < op.ofm.width; ++x) {
        std::int64_t* to = row.data() + x * depth;
        for (int ky = 0; ky < op.kernel.height; ++ky) {
            for (int kx = 0; kx < op.kernel.width; ++kx) {
                const Number* from = window.at(y * op.kernel.stride_y + ky * op.kernel.dilation_y,
                                               x * op.kernel.stride_x + kx * op.kernel.dilation_x);
                for (std::int64_t c = 0; c < depth; ++c) to[c] = combine(to[c], from[c]);
            }
        }
    }
}

template <class Number>
void pool(const KernelOp& op, KernelContext& context) {
    constexpr std::int64_t never_wins = std::numeric_limits<Number>::min();
    const bool is_max = op.pool_mode == PoolMode::max;
    const std::int64_t depth = op.ofm.depth;
    const InputWindow<Number> window{op, context.memory, depth, depth,
                                     static_cast<Number>(is_max ? never_wins : 0)};
    const OutputStage stage{op, context.arch, context.memory};
    const arith::RoundingMode mode = rounding_of(op);
    const bool scaled = is_scaled(op);
    const bool divides = !is_max && !scaled;
    std::vector<std::int64_t> row(static_cast<std::size_t>(op.ofm.width * depth));
    std::vector<std::int32_t> result(row.size());
    for (std::int64_t y = 0; y < op.ofm.height; ++y) {
        if (is_max) {
            slide(op, window, y, row, never_wins,
                  [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
        } else {
            slide(op, window, y, row, 0, [](std::int64_t a, std::int64_t b) { return a + b; });
        }
        for (std::int64_t x = 0; x < op.ofm.width; ++x) {
            const std::int64_t count = divides ? elements_in_bounds(op, window.geometry, y, x) : 1;
            for (std::int64_t c = 0; c < depth; ++c) {
                const auto at = static_cast<std::size_t>(x * depth + c);
                std::int64_t value = row[at];
                if (divides) value = rounded_quotient(value, count);
                if (scaled) {
                    value = scale_value(value, op.ofm_scale.multiplier, op.ofm_scale.shift, mode);
                }
                result[at] = stage.finish(value);
            }
        }
        write_row(context.memory, op.ofm, y, op.ofm.width, depth, result.data());
    }
}

/// Sums over depth; the output has one channel.
void reduce_sum(const KernelOp& op, KernelContext& context) {
    const OutputStage stage{op, context.arch, context.memory};
    const arith::RoundingMode mode = rounding_of(op);
    const InputWindow<std::int64_t> window{op, context.memory, op.ifm.depth, op.ifm.depth, 0};
    std::vector<std::int32_t> result(static_cast<std::size_t>(op.ofm.width) *
                                     static_cast<std::size_t>(op.ofm.depth));
    for (std::int64_t y = 0; y < op.ofm.height; ++y) {
        std::size_t at = 0;
        for (std::int64_t x = 0; x < op.ofm.width; ++x) {
            std::int64_t sum = 0;
            for (int ky = 0; ky < op.kernel.height; ++ky) {
                for (int kx = 0; kx < op.kernel.width; ++kx) {
                    const std::int64_t* from =
                        window.at(y * op.kernel.stride_y + ky * op.kernel.dilation_y,
                                  x * op.kernel.stride_x + kx * op.kernel.dilation_x);
                    for (int c = 0; c < op.ifm.depth; ++c) sum += from[c];
                }
            }
            if (op.global_scale) {
                sum = scale_value(sum, op.ofm_scale.multiplier, op.ofm_scale.shift, mode);
            }
            for (int c = 0; c < op.ofm.depth; ++c) result[at++] = stage.finish(sum);
        }
        write_row(context.memory, op.ofm, y, op.ofm.width, op.ofm.depth, result.data());
    }
}

}  // namespace

void run_pool(const KernelOp& op, KernelContext& context) {
    if (op.pool_mode == PoolMode::reduce_sum) {
        reduce_sum(op, context);
    } else if (fits_16_bits(op.ifm)) {
        pool<std::int16_t>(op, context);
    } else {
        pool<std::int64_t>(op, context);
    }
}

}  // namespace u65sim::machine::functional
