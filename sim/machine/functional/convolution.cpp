#include <algorithm>
#include <cstdlib>
#include <vector>

#include "machine/functional/input_window.hpp"
#include "machine/functional/kernels.hpp"
#include "machine/functional/mac_loops.hpp"
#include "machine/functional/map_access.hpp"
#include "machine/functional/output_stage.hpp"
#include "machine/functional/scale_loops.hpp"

namespace u65sim::machine::functional {
namespace {

using stream::KernelOp;
using weights::ScaleRecord;

/// Products of two 16-bit operands that a 32-bit sum holds for certain: weights have 9 bits.
std::size_t safe_run(const KernelOp& op) {
    return stream::bytes_of(op.ifm.type) == 1 ? 16384 : 128;
}

/// Bound of the sums of one output: weights have 9 bits with their sign.
std::int64_t largest_sum(const KernelOp& op) {
    if (!fits_16_bits(op.ifm)) return ChannelScales::limit;
    const std::int64_t products =
        std::int64_t{op.kernel.height} * op.kernel.width *
        (op.kind == stream::KernelKind::depthwise ? 1 : std::int64_t{op.ifm.depth});
    const std::int64_t input = stream::bytes_of(op.ifm.type) == 1 ? 255 : 32768;
    constexpr std::int64_t weight = 256;
    return std::min(products, ChannelScales::limit) * input * weight;
}

/// Bias, scale and everything behind it for one row of sums, then to memory.
class RowWriter {
public:
    RowWriter(const KernelOp& op, KernelContext& context)
        : op_(op),
          memory_(context.memory),
          records_(load_scales(op, context.memory)),
          stage_(op, context.arch, context.memory),
          mode_(rounding_of(op)),
          row_(static_cast<std::size_t>(op.ofm.width) * static_cast<std::size_t>(op.ofm.depth)) {
        if (op.global_scale) {
            for (ScaleRecord& record : records_) {
                record.multiplier = op.ofm_scale.multiplier;
                record.shift = op.ofm_scale.shift;
            }
        }
        constexpr std::int64_t largest_zero_point = 1 << 16;
        if (stage_.plain() && stream::bytes_of(op.ofm.type) < 4 &&
            std::abs(stage_.zero_point()) <= largest_zero_point) {
            scales_ = ChannelScales{records_, mode_, largest_sum(op)};
            range_ = {static_cast<std::int32_t>(stage_.zero_point()),
                      static_cast<std::int32_t>(stage_.low()),
                      static_cast<std::int32_t>(stage_.high())};
        }
    }

    template <class Sum>
    void write(std::int64_t y, const Sum* sums) {
        const std::size_t depth = records_.size();
        for (std::size_t start = 0; start < row_.size(); start += depth) {
            if (scales_.usable()) {
                scales_.apply(sums + start, range_, row_.data() + start);
                continue;
            }
            for (std::size_t c = 0; c < depth; ++c) {
                const ScaleRecord& record = records_[c];
                const std::int64_t sum = saturating_sum(record.bias, std::int64_t{sums[start + c]});
                row_[start + c] =
                    stage_.finish(scale_value(sum, record.multiplier, record.shift, mode_));
            }
        }
        write_row(memory_, op_.ofm, y, op_.ofm.width, op_.ofm.depth, row_.data());
    }

private:
    const KernelOp& op_;
    Memory& memory_;
    std::vector<ScaleRecord> records_;
    OutputStage stage_;
    arith::RoundingMode mode_;
    std::vector<std::int32_t> row_;
    ChannelScales scales_;
    ChannelScales::Range range_{};
};

/// Filters as rows of zero-padded dot-product operands; empty where they already are.
std::vector<std::int16_t> pad_filters(const Weights& weights, std::size_t outputs,
                                      std::size_t filter, std::size_t length) {
    if (filter == length) return {};
    std::vector<std::int16_t> rows(outputs * length, 0);
    for (std::size_t o = 0; o < outputs; ++o) {
        std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(o * filter), filter,
                    rows.begin() + static_cast<std::ptrdiff_t>(o * length));
    }
    return rows;
}

void convolve_16(const KernelOp& op, KernelContext& context, const Weights& weights,
                 RowWriter& writer) {
    const stream::Kernel& kernel = op.kernel;
    const auto outputs = static_cast<std::size_t>(op.ofm.depth);
    const auto inputs = static_cast<std::size_t>(op.ifm.depth);
    const std::size_t filter =
        inputs * static_cast<std::size_t>(kernel.height) * static_cast<std::size_t>(kernel.width);
    const std::size_t length = padded(filter);
    const auto padded_filters = pad_filters(weights, outputs, filter, length);
    const std::int16_t* const filters =
        padded_filters.empty() ? weights.data() : padded_filters.data();
    const bool pointwise = kernel.height == 1 && kernel.width == 1 && kernel.stride_x == 1;
    const InputWindow<std::int16_t> window{op, context.memory, op.ifm.depth,
                                           static_cast<std::int64_t>(pointwise ? length : inputs),
                                           0};
    const auto width = static_cast<std::size_t>(op.ofm.width);
    std::vector<std::int16_t> patches(pointwise ? 0 : width * length, 0);
    std::vector<std::int64_t> sums(width * outputs);
    const auto run = static_cast<std::ptrdiff_t>(inputs);
    for (std::int64_t y = 0; y < op.ofm.height; ++y) {
        const std::int16_t* operands = patches.data();
        if (pointwise) {
            operands = window.at(y * kernel.stride_y, 0);
        } else {
            for (std::int64_t x = 0; x < op.ofm.width; ++x) {
                std::int16_t* to = patches.data() + static_cast<std::size_t>(x) * length;
                for (int ky = 0; ky < kernel.height; ++ky) {
                    for (int kx = 0; kx < kernel.width; ++kx, to += run) {
                        std::copy_n(window.at(y * kernel.stride_y + ky * kernel.dilation_y,
                                              x * kernel.stride_x + kx * kernel.dilation_x),
                                    run, to);
                    }
                }
            }
        }
        dot_products(operands, width, filters, outputs, length, safe_run(op), sums.data());
        writer.write(y, sums.data());
    }
}

/// Any element type, in 64 bits.
void convolve_wide(const KernelOp& op, KernelContext& context, const Weights& weights,
                   RowWriter& writer) {
    const stream::Kernel& kernel = op.kernel;
    const InputWindow<std::int64_t> window{op, context.memory, op.ifm.depth, op.ifm.depth, 0};
    std::vector<std::int64_t> sums(static_cast<std::size_t>(op.ofm.width) *
                                   static_cast<std::size_t>(op.ofm.depth));
    for (std::int64_t y = 0; y < op.ofm.height; ++y) {
        std::size_t at = 0;
        for (std::int64_t x = 0; x < op.ofm.width; ++x) {
            const std::int16_t* weight = weights.data();
            for (int o = 0; o < op.ofm.depth; ++o) {
                std::int64_t sum = 0;
                for (int ky = 0; ky < kernel.height; ++ky) {
                    for (int kx = 0; kx < kernel.width; ++kx) {
                        const std::int64_t* input =
                            window.at(y * kernel.stride_y + ky * kernel.dilation_y,
                                      x * kernel.stride_x + kx * kernel.dilation_x);
                        for (int c = 0; c < op.ifm.depth; ++c) {
                            sum = saturating_sum(sum, input[c] * *weight++);
                        }
                    }
                }
                sums[at++] = sum;
            }
        }
        writer.write(y, sums.data());
    }
}

/// [channel][ky][kx] -> [ky][kx][channel], channels padded to `stride`.
std::vector<std::int16_t> channels_last(const Weights& weights, std::size_t channels,
                                        std::size_t window, std::size_t stride) {
    std::vector<std::int16_t> result(window * stride, 0);
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t i = 0; i < window; ++i) result[i * stride + c] = weights[c * window + i];
    }
    return result;
}

template <class Number, class Sum, class Products>
void depthwise_rows(const KernelOp& op, KernelContext& context, const Weights& weights,
                    RowWriter& writer, Products products) {
    const stream::Kernel& kernel = op.kernel;
    const auto channels = static_cast<std::size_t>(op.ofm.depth);
    const auto taps =
        static_cast<std::size_t>(kernel.height) * static_cast<std::size_t>(kernel.width);
    const auto filters = channels_last(weights, channels, taps, channels);
    const InputWindow<Number> window{op, context.memory, op.ofm.depth, op.ofm.depth, 0};
    std::vector<Sum> sums(static_cast<std::size_t>(op.ofm.width) * channels);
    std::vector<const Number*> inputs(taps);
    for (std::int64_t y = 0; y < op.ofm.height; ++y) {
        for (std::int64_t x = 0; x < op.ofm.width; ++x) {
            auto input = inputs.begin();
            for (int ky = 0; ky < kernel.height; ++ky) {
                for (int kx = 0; kx < kernel.width; ++kx) {
                    *input++ = window.at(y * kernel.stride_y + ky * kernel.dilation_y,
                                         x * kernel.stride_x + kx * kernel.dilation_x);
                }
            }
            products(inputs.data(), filters.data(), taps, channels,
                     sums.data() + static_cast<std::size_t>(x) * channels);
        }
        writer.write(y, sums.data());
    }
}

void window_products_wide(const std::int64_t* const* taps, const std::int16_t* weights,
                          std::size_t tap_count, std::size_t channels, std::int64_t* sums) {
    for (std::size_t c = 0; c < channels; ++c) {
        sums[c] = 0;
        for (std::size_t t = 0; t < tap_count; ++t) {
            sums[c] = saturating_sum(sums[c], taps[t][c] * weights[t * channels + c]);
        }
    }
}

}  // namespace

void run_convolution(const KernelOp& op, KernelContext& context) {
    const auto weights = load_weights(op, context.arch, context.memory);
    RowWriter writer{op, context};
    if (fits_16_bits(op.ifm)) {
        convolve_16(op, context, *weights, writer);
    } else {
        convolve_wide(op, context, *weights, writer);
    }
}

void run_depthwise(const KernelOp& op, KernelContext& context) {
    const auto weights = load_weights(op, context.arch, context.memory);
    RowWriter writer{op, context};
    const auto taps =
        static_cast<std::size_t>(op.kernel.height) * static_cast<std::size_t>(op.kernel.width);
    if (fits_16_bits(op.ifm) && taps <= safe_run(op)) {
        depthwise_rows<std::int16_t, std::int32_t>(op, context, *weights, writer, window_products);
    } else {
        depthwise_rows<std::int64_t, std::int64_t>(op, context, *weights, writer,
                                                   window_products_wide);
    }
}

}  // namespace u65sim::machine::functional
