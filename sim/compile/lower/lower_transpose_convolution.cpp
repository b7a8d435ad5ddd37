// TRANSPOSE_CONV: a convolution over the map spread with zeros.
#include <algorithm>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lower/filters.hpp"
#include "compile/lower/npu_forms.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

std::string support_transpose_convolution(const Candidate& candidate) {
    if (auto text = support_filter(candidate); !text.empty()) return text;
    const WindowAttributes window = window_of(candidate.op());
    const Shape& filter = candidate.input(1).shape;
    // One row of one-row windows: zeros between rows do not matter.
    const auto twice = [&](std::int32_t stride, std::size_t axis) {
        return stride == 2 ||
               (stride == 1 && candidate.map().shape[axis] == 1 && filter[axis] == 1);
    };
    const bool two = twice(window.stride_h, 1) && twice(window.stride_w, 2);
    const bool one = window.stride_h == 1 && window.stride_w == 1;
    if (two || one) return {};
    return fmt::format("strides are {}x{}: must be 1x1, 2x2, or 2 along a single row",
                       window.stride_h, window.stride_w);
}

void lower_transpose_convolution(Lowering& lowering) {
    const Operator& op = lowering.op();
    const WindowAttributes window = window_of(op);
    const Tensor& filter = lowering.input(1);
    const Tensor* bias = lowering.has_input(3) ? &lowering.input(3) : nullptr;
    const View ifm = lowering.input_view(2);
    const View ofm = lowering.output_view();
    NpuOp& npu = lowering.add(KernelKind::conv, ifm, ofm);
    const std::int32_t kh = filter.shape[1];
    const std::int32_t kw = filter.shape[2];
    npu.kernel.kernel = {kh, kw};
    if (window.stride_h == 2 || window.stride_w == 2) npu.kernel.upscale = stream::Upscale::zeros;
    // Forward padding of the convolution this one transposes, turned inside out.
    const auto axis = [&](std::int32_t in, std::int32_t out, std::int32_t k, std::int32_t stride) {
        const std::int32_t forward =
            window.padding == Padding::same ? std::max((in - 1) * stride + k - out, 0) : 0;
        const std::int32_t before = k - 1 - forward / 2;
        return AxisPadding{before, std::max(out + k - 1 - in * stride - before, 0)};
    };
    const auto y = axis(ifm.extent.h, ofm.extent.h, kh, window.stride_h);
    const auto x = axis(ifm.extent.w, ofm.extent.w, kw, window.stride_w);
    npu.kernel.pad = {y.before, x.before, x.after, y.after};
    const Tensor& input = lowering.input(2);
    if (arith::rounds_once(input, bias)) npu.kernel.rounding = stream::Rounding::natural;
    WeightSource w = weight_source(filter);
    w.form = WeightSource::Form::flipped;
    w.outputs = ofm.extent.c;
    w.inputs = ifm.extent.c;
    w.height = kh;
    w.width = kw;
    npu.weights = std::make_shared<const WeightSource>(std::move(w));
    npu.scales = scale_records(lowering, input, filter, bias, ofm.extent.c);
    lowering.activate(npu);
}

}  // namespace u65sim::compiler
