#include <algorithm>

#include "compile/lowering.hpp"

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

void lower_pool(Lowering& lowering) {
    const Operator& op = lowering.op();
    const WindowAttributes window = window_of(op);
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    NpuOp& npu = lowering.add(KernelKind::pool, ifm, ofm);
    const bool average = op.type == OpType::average_pool_2d;
    npu.kernel.pool_mode = average ? stream::PoolMode::average : stream::PoolMode::max;
    const auto y = axis_padding(window.padding, ifm.extent.h, window.filter_h, window.stride_h);
    const auto x = axis_padding(window.padding, ifm.extent.w, window.filter_w, window.stride_w);
    npu.kernel.kernel.height = window.filter_h;
    npu.kernel.kernel.width = window.filter_w;
    npu.kernel.kernel.stride_y = ofm.extent.h == 1 ? 1 : window.stride_h;
    npu.kernel.kernel.stride_x = ofm.extent.w == 1 ? 1 : window.stride_w;
    npu.kernel.pad = {y.before, x.before, x.after, y.after};
    // Sums and maxima of raw values: both zero points cancel.
    npu.ifm.zero_point = npu.ofm.zero_point = 0;
    const auto& pad = npu.kernel.pad;
    if (average && pad.top + pad.left + pad.right + pad.bottom == 0) {
        npu.kernel.global_scale = true;
        npu.kernel.ofm_scale = divide_by(std::int64_t{window.filter_h} * window.filter_w);
    }
    lowering.activate(npu);
}

}  // namespace u65sim::compiler
