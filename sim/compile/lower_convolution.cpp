#include <algorithm>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lowering.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// One record an output channel.
std::vector<weights::ScaleRecord> scale_records(const Lowering& lowering, const Tensor& ifm,
                                                const Tensor& filter, const Tensor* bias,
                                                std::int32_t channels) {
    const auto biases = bias ? integers(*bias) : std::vector<std::int64_t>{};
    const auto scaling =
        arith::channel_scaling(lowering.op().type, ifm, bias, scale(lowering.output()));
    const auto& scales = filter.quantization.scales;
    std::vector<weights::ScaleRecord> records(static_cast<std::size_t>(channels));
    arith::Multiplier m;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (i == 0 || scales.size() > 1) {
            m = scaling.multiplier(scales[std::min(i, scales.size() - 1)]);
        }
        records[i] = {i < biases.size() ? biases[i] : 0, m.multiplier, m.shift};
    }
    return records;
}

WeightSource weight_source(const Tensor& filter) {
    WeightSource source;
    source.data = filter.data;
    source.is_unsigned = filter.type == ElementType::uint8;
    for (const auto z : filter.quantization.zero_points) {
        source.zero_points.push_back(static_cast<std::int32_t>(z));
    }
    if (source.zero_points.empty()) source.zero_points.push_back(0);
    return source;
}

/// Dilations of 1 and 2 are the hardware's; the rest is made of zeros between weights.
std::int32_t spread_of(std::int32_t dilation) {
    return dilation <= 2 ? 1 : dilation % 2 == 0 ? dilation / 2 : dilation;
}

struct Axis {
    std::int32_t kernel, stride, dilation, spread, before, after;
};

Axis window_axis(Padding padding, std::int32_t input, std::int32_t output, std::int32_t kernel,
                 std::int32_t stride, std::int32_t dilation, std::int32_t pad_before,
                 std::int32_t pad_after) {
    Axis axis{};
    axis.spread = spread_of(dilation);
    axis.dilation = dilation / axis.spread;
    axis.kernel = (kernel - 1) * axis.spread + 1;
    axis.stride = output == 1 ? 1 : stride;
    const std::int32_t extent = (kernel - 1) * dilation + 1;
    if (padding == Padding::same) {
        const std::int32_t total = std::max((output - 1) * stride + extent - input, 0);
        axis.before = total / 2;
        axis.after = total - axis.before;
    } else {
        axis.before = pad_before;
        axis.after =
            std::min(pad_after, std::max((output - 1) * stride + extent - input - pad_before, 0));
    }
    return axis;
}

/// A filter for an input whose `fold` neighbouring columns have become depth: `lead` columns of
/// zeros, the stored ones, and zeros up to a multiple of the fold.
WeightSource folded_source(const Tensor& filter, std::int32_t fold, std::int32_t lead) {
    WeightSource source = weight_source(filter);
    const auto outputs = static_cast<std::size_t>(filter.shape[0]);
    const auto height = static_cast<std::size_t>(filter.shape[1]);
    const auto row =
        static_cast<std::size_t>(filter.shape[2]) * static_cast<std::size_t>(filter.shape[3]);
    source.outputs = filter.shape[0];
    source.height = filter.shape[1];
    source.width = static_cast<std::int32_t>(ceil_div(filter.shape[2] + lead, fold));
    source.inputs = filter.shape[3] * fold;
    const auto wide =
        static_cast<std::size_t>(source.width) * static_cast<std::size_t>(source.inputs);
    const auto skip = static_cast<std::size_t>(lead) * static_cast<std::size_t>(filter.shape[3]);
    if (const WeightModel* model = filter.data.model()) {
        // Modelled weights have no values: the zeros added thin them out.
        WeightModel thinned = *model;
        thinned.density *= static_cast<double>(row) / static_cast<double>(wide);
        source.data = ConstantData(thinned, static_cast<std::int64_t>(outputs * height * wide));
        return source;
    }
    std::vector<std::uint8_t> bytes(outputs * height * wide);
    for (std::size_t i = 0; i < outputs * height; ++i) {
        const auto zero =
            source.zero_points[source.zero_points.size() > 1 ? i / height : std::size_t{0}];
        std::fill_n(&bytes[i * wide], wide, static_cast<std::uint8_t>(zero));
        std::copy_n(&filter.data.bytes()[i * row], row, &bytes[i * wide + skip]);
    }
    source.data = ConstantData(std::move(bytes));
    return source;
}

/// A wide stride made narrow: neighbouring columns become depth.
void lower_folded(Lowering& lowering, const Tensor& input, const View& ifm, const View& ofm,
                  std::int32_t fold, Axis y, Axis x) {
    const Tensor& filter = lowering.input(1);
    const Tensor* bias = lowering.has_input(2) ? &lowering.input(2) : nullptr;
    const auto before = static_cast<std::int32_t>(ceil_div(x.before, fold));
    WeightSource w = folded_source(filter, fold, before * fold - x.before);
    const View folded =
        lowering.reshaped(ifm, {ifm.extent.h, ifm.extent.w / fold, ifm.extent.c * fold});
    NpuOp& npu = lowering.add(KernelKind::conv, folded, ofm);
    const std::int32_t stride = x.stride / fold;
    const std::int32_t after = (ofm.extent.w - 1) * stride + w.width - folded.extent.w - before;
    npu.kernel.kernel = {y.kernel, w.width, y.stride, stride, y.dilation, 1};
    npu.kernel.pad = {y.before, before, std::max(after, 0), y.after};
    if (input.type == ElementType::int16) npu.kernel.rounding = stream::Rounding::natural;
    w.spread_y = y.spread;
    npu.weights = std::move(w);
    npu.scales = scale_records(lowering, input, filter, bias, ofm.extent.c);
    lowering.activate(npu);
}

}  // namespace

void lower_convolution(Lowering& lowering) {
    const Operator& op = lowering.op();
    Program& program = lowering.program();
    const WindowAttributes window = window_of(op);
    const Tensor& filter = lowering.input(1);
    const Tensor* bias = lowering.has_input(2) ? &lowering.input(2) : nullptr;

    std::int32_t pads[4] = {0, 0, 0, 0};  // top, bottom, left, right
    TensorId source = op.inputs[0];
    for (std::size_t i = 0; i < program.graph->operators.size(); ++i) {
        if (&program.graph->operators[i] != &op || program.fused_pad[i] < 0) continue;
        const Operator& pad = program.op(program.fused_pad[i]);
        const auto amounts = integers(program.tensor(pad.inputs[1]));
        for (std::size_t k = 0; k < 4; ++k) pads[k] = static_cast<std::int32_t>(amounts[k + 2]);
        source = pad.inputs[0];
    }
    const View ifm = lowering.view(source);
    const View ofm = lowering.output_view();
    const Tensor& input = program.tensor(source);

    const bool depthwise =
        op.type == OpType::depthwise_conv_2d && (ifm.extent.c > 1 || ofm.extent.c == 1);
    const bool single = op.type == OpType::depthwise_conv_2d && !depthwise;
    const std::int32_t groups = op.type == OpType::conv_2d ? ifm.extent.c / filter.shape[3] : 1;

    const Axis y = window_axis(window.padding, ifm.extent.h, ofm.extent.h, filter.shape[1],
                               window.stride_h, window.dilation_h, pads[0], pads[1]);
    const Axis x = window_axis(window.padding, ifm.extent.w, ofm.extent.w, filter.shape[2],
                               window.stride_w, window.dilation_w, pads[2], pads[3]);

    const std::int32_t fold = x.stride > 3 ? *folded_columns(x.stride, ifm.extent.w) : 1;
    if (fold > 1) return lower_folded(lowering, input, ifm, ofm, fold, y, x);
    const auto records = scale_records(lowering, input, filter, bias, ofm.extent.c);
    const std::int32_t in_depth = ifm.extent.c / groups;
    const std::int32_t out_depth = ofm.extent.c / groups;
    for (std::int32_t group = 0; group < groups; ++group) {
        const View in = groups == 1 ? ifm
                                    : lowering.part(ifm, 0, 0, group * in_depth,
                                                    {ifm.extent.h, ifm.extent.w, in_depth});
        const View out = groups == 1 ? ofm
                                     : lowering.part(ofm, 0, 0, group * out_depth,
                                                     {ofm.extent.h, ofm.extent.w, out_depth});
        NpuOp& npu = lowering.add(depthwise ? KernelKind::depthwise : KernelKind::conv, in, out);
        npu.kernel.kernel = {y.kernel, x.kernel, y.stride, x.stride, y.dilation, x.dilation};
        npu.kernel.pad = {y.before, x.before, x.after, y.after};
        if (input.type == ElementType::int16) npu.kernel.rounding = stream::Rounding::natural;
        WeightSource w = weight_source(filter);
        w.form = depthwise ? WeightSource::Form::channels
                 : single  ? WeightSource::Form::single
                           : WeightSource::Form::ohwi;
        w.outputs = out_depth;
        w.first_output = group * out_depth;
        w.inputs = depthwise || single ? 1 : in_depth;
        w.height = filter.shape[1];
        w.width = filter.shape[2];
        w.spread_y = y.spread;
        w.spread_x = x.spread;
        npu.weights = std::move(w);
        npu.scales.assign(records.begin() + group * out_depth,
                          records.begin() + (group + 1) * out_depth);
        lowering.activate(npu);
    }
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
    if (window.stride_h == 2) npu.kernel.upscale = stream::Upscale::zeros;
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
    if (input.type == ElementType::int16) npu.kernel.rounding = stream::Rounding::natural;
    WeightSource w = weight_source(filter);
    w.form = WeightSource::Form::flipped;
    w.outputs = ofm.extent.c;
    w.inputs = ifm.extent.c;
    w.height = kh;
    w.width = kw;
    npu.weights = std::move(w);
    npu.scales = scale_records(lowering, input, filter, bias, ofm.extent.c);
    lowering.activate(npu);
}

void lower_fully_connected(Lowering& lowering) {
    const Tensor& filter = lowering.input(1);
    const Tensor* bias = lowering.has_input(2) ? &lowering.input(2) : nullptr;
    const std::int32_t outputs = filter.shape[0];
    const std::int32_t inputs = filter.shape[1];
    const View in = lowering.input_view(0);
    const auto batch = static_cast<std::int32_t>(in.extent.elements() / inputs);
    // Two rows use both rows of the array's unit blocks.
    const std::int32_t rows = batch >= 4 && batch % 2 == 0 ? 2 : 1;
    const View ifm = lowering.reshaped(in, {rows, batch / rows, inputs});
    const View ofm = lowering.output_view();
    const View target = lowering.writable(ofm, {rows, batch / rows, outputs});
    {
        NpuOp& npu = lowering.add(KernelKind::conv, ifm, target);
        // The reference rounds fully connected sums once, convolutions of 8 bits twice.
        npu.kernel.rounding = stream::Rounding::natural;
        WeightSource w = weight_source(filter);
        w.outputs = outputs;
        w.inputs = inputs;
        npu.weights = std::move(w);
        npu.scales = scale_records(lowering, lowering.input(0), filter, bias, outputs);
        npu.vector_product = true;
        lowering.activate(npu);
    }
    lowering.place(target, ofm);
}

}  // namespace u65sim::compiler
