#include <algorithm>

#include <fmt/format.h>

#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

stream::Scale divide_by(std::int64_t n) {
    int k = 0;
    while ((std::int64_t{1} << k) < n) ++k;
    constexpr int bits = 31;
    const auto multiplier = ((std::uint64_t{1} << (bits + k)) + (std::uint64_t{1} << k)) /
                            static_cast<std::uint64_t>(n);
    return {static_cast<std::uint32_t>(multiplier), bits + k};
}

std::string support_pool(const Candidate& candidate) {
    if (auto text = candidate.few_batches(); !text.empty()) return text;
    if (auto text = candidate.same_type(); !text.empty()) return text;
    if (auto text = candidate.four_dimensions(); !text.empty()) return text;
    const auto w = window_of(candidate.op());
    if (auto text = candidate.strides(w, false); !text.empty()) return text;
    const bool average = candidate.op().type == OpType::average_pool_2d;
    if (average && w.padding == Padding::same) {
        if (w.filter_h > 8 || w.filter_w > 8) {
            return fmt::format("window is {}x{} with SAME padding: at most 8x8", w.filter_h,
                               w.filter_w);
        }
    } else if (w.filter_h > 256 || std::int64_t{w.filter_h} * w.filter_w > 65536) {
        return fmt::format("window is {}x{}: at most 256 high and 65536 elements", w.filter_h,
                           w.filter_w);
    }
    if (!average && !same_quantization(candidate.map(), candidate.output())) {
        return "input and output scales differ";
    }
    return {};
}

void lower_pool(Lowering& lowering) {
    const Operator& op = lowering.op();
    const WindowAttributes window = window_of(op);
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    const bool average = op.type == OpType::average_pool_2d;
    const std::int32_t batches = batches_of(lowering.input(0));
    const auto y =
        axis_padding(window.padding, ifm.extent.h / batches, window.filter_h, window.stride_h);
    const auto x = axis_padding(window.padding, ifm.extent.w, window.filter_w, window.stride_w);
    const auto add = [&](const AxisPiece& row, const AxisPiece& column) {
        const View from = lowering.part(ifm, row.input, column.input, 0,
                                        {row.inputs, column.inputs, ifm.extent.c});
        const View to = lowering.part(ofm, row.output, column.output, 0,
                                      {row.outputs, column.outputs, ofm.extent.c});
        NpuOp& npu = lowering.add(KernelKind::pool, from, to);
        npu.kernel.pool_mode = average ? stream::PoolMode::average : stream::PoolMode::max;
        npu.kernel.kernel.height = window.filter_h;
        npu.kernel.kernel.width = window.filter_w;
        npu.kernel.kernel.stride_y = row.outputs == 1 ? 1 : window.stride_h;
        npu.kernel.kernel.stride_x = column.outputs == 1 ? 1 : window.stride_w;
        npu.kernel.pad = {row.before, column.before, column.after, row.after};
        // Sums and maxima of raw values: both zero points cancel.
        npu.ifm.zero_point = npu.ofm.zero_point = 0;
        if (average && row.before + row.after + column.before + column.after == 0) {
            npu.kernel.global_scale = true;
            npu.kernel.ofm_scale = divide_by(std::int64_t{window.filter_h} * window.filter_w);
        }
        lowering.activate(npu);
    };
    const auto columns = axis_pieces(ifm.extent.w, ofm.extent.w, window.filter_w, window.stride_w,
                                     x.before, x.after);
    for (const AxisPiece& row : row_pieces(batches, ifm.extent.h, ofm.extent.h, window.filter_h,
                                           window.stride_h, y.before, y.after)) {
        for (const AxisPiece& column : columns) add(row, column);
    }
}

}  // namespace u65sim::compiler
