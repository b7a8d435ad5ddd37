#include <algorithm>
#include <cmath>

#include "arith/scaling.hpp"
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

void lower_mean(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const Tensor& input = lowering.input(0);
    const auto rank = input.shape.size();
    bool over_h = false;
    bool over_w = false;
    for (const auto raw : integers(lowering.input(1))) {
        const auto from_back = static_cast<std::int32_t>(rank) - normalise_axis(raw, rank);
        over_h = over_h || from_back == 3;
        over_w = over_w || from_back == 2;
    }
    const std::int32_t kh = over_h ? ifm.extent.h : 1;
    const std::int32_t kw = over_w ? ifm.extent.w : 1;
    const std::int64_t n = std::int64_t{kh} * kw;
    const Extent sums{over_h ? 1 : ifm.extent.h, over_w ? 1 : ifm.extent.w, ifm.extent.c};

    const View total = lowering.temporary(sums, stream::DataType::s32, "sum");
    {
        NpuOp& npu = lowering.add(KernelKind::depthwise, ifm, total, "sum");
        npu.kernel.kernel.height = kh;
        npu.kernel.kernel.width = kw;
        WeightSource w;
        w.form = WeightSource::Form::ones;
        w.outputs = ifm.extent.c;
        w.height = kh;
        w.width = kw;
        w.zero_points = {0};
        npu.weights = std::move(w);
        npu.scales.assign(static_cast<std::size_t>(ifm.extent.c), {0, 1, 0});
    }
    const auto m = arith::quantise(static_cast<double>(scale(input)) /
                                   static_cast<double>(scale(lowering.output())));
    const int log2n = n > 1 ? static_cast<int>(std::floor(std::log2(static_cast<double>(n)))) : 0;
    const int r = std::min({log2n, 32, 31 + (31 - m.shift)});
    const auto multiplier =
        static_cast<std::int32_t>((static_cast<std::int64_t>(m.multiplier) << r) / n);
    std::vector<std::uint8_t> bytes(4);
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(multiplier) >> (8 * i));
    }
    const View factor =
        lowering.constant({1, 1, 1}, stream::DataType::s32, std::move(bytes), "factor");
    const View result = lowering.output_view();
    const View ofm = lowering.reshaped(result, sums);
    NpuOp& npu = lowering.add(KernelKind::elementwise, total, ofm);
    npu.kernel.elementwise_mode = stream::ElementwiseMode::mul;
    npu.ifm2 = factor;
    npu.kernel.broadcast.height = npu.kernel.broadcast.width = npu.kernel.broadcast.depth = true;
    npu.kernel.global_scale = true;
    npu.kernel.ofm_scale = {1, m.shift + r};
    lowering.activate(npu);
}

}  // namespace u65sim::compiler
