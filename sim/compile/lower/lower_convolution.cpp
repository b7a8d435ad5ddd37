#include <algorithm>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/build_kernel.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/plan/choose_blocks.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// One record an output channel; none beside modelled weights, which nobody writes.
std::vector<weights::ScaleRecord> scale_records(const Lowering& lowering, const Tensor& ifm,
                                                const Tensor& filter, const Tensor* bias,
                                                std::int32_t channels) {
    const auto scaling = arith::channel_scaling(lowering.op().type, ifm, bias, lowering.output());
    const auto& scales = filter.quantization.scales;
    const bool modelled = filter.data && filter.data.model() != nullptr;
    const auto biases = bias && !modelled ? integers(*bias) : std::vector<std::int64_t>{};
    std::vector<weights::ScaleRecord> records(modelled ? 0 : static_cast<std::size_t>(channels));
    arith::Multiplier m;
    for (std::size_t i = 0; i < static_cast<std::size_t>(channels); ++i) {
        // Many channels have the scale of the one before.
        const std::size_t own = std::min(i, scales.size() - 1);
        if (i == 0 || (own == i && scales[i] != scales[i - 1])) m = scaling.multiplier(scales[own]);
        if (!modelled) records[i] = {i < biases.size() ? biases[i] : 0, m.multiplier, m.shift};
    }
    return records;
}

WeightSource weight_source(const Tensor& filter) {
    WeightSource source;
    source.data = filter.data;
    source.is_unsigned = filter.type == ElementType::uint8;
    source.zero_points.reserve(std::max<std::size_t>(1, filter.quantization.zero_points.size()));
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
        const double kept = static_cast<double>(row) / static_cast<double>(wide);
        thinned.density *= kept;
        thinned.bits_per_weight *= kept;
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

/// The same bytes with `fold` neighbouring columns as one column's depth; columns behind the last
/// whole group are left out.
View fold_columns(Lowering& lowering, const View& view, std::int32_t fold) {
    View v = view;
    if (v.x != 0 || v.c != 0 || v.extent.c != v.storage.c || v.stride_x || v.stride_y) {
        v = lowering.reshaped(view, {view.extent.h, view.extent.w, view.extent.c});
    }
    lowering.program().buffer(v).linear = true;
    v.stride_y = std::int64_t{v.storage.w} * v.storage.c;
    v.stride_x = std::int64_t{v.storage.c} * fold;
    v.storage.w /= fold;
    v.storage.c *= fold;
    v.extent.w /= fold;
    v.extent.c *= fold;
    if (v.stride_y == std::int64_t{v.storage.w} * v.storage.c) v.stride_y = v.stride_x = {};
    return v;
}

/// Predicted cycles of an operation by itself, every weight counted as a byte.
std::int64_t cycles_alone(Program& program, NpuOp op, const Tensor& filter) {
    choose_block(op, program);
    stream::KernelOp k = placed_kernel(program, op);
    const auto cores = static_cast<std::uint32_t>(program.target->accelerator.cores);
    const auto weights = static_cast<std::uint32_t>(element_count(filter.shape));
    for (std::uint32_t core = 0; core < cores; ++core) {
        k.weights[core].length = std::max(weights / cores, 1U);
        k.scales[core].length =
            std::max(10 * static_cast<std::uint32_t>(filter.shape[0]) / cores, 10U);
    }
    return program.estimator->total(k).count();
}

/// One stretch of a convolution's outputs.
struct Piece {
    View ifm, ofm;
    Axis y, x;
};

/// Columns become depth, so that a wide stride narrows or few channels become more.
Piece folded(Lowering& lowering, const Piece& piece, std::int32_t fold, std::int32_t width) {
    Piece result = piece;
    result.ifm = fold_columns(lowering, piece.ifm, fold);
    result.x.kernel = width;
    result.x.stride = piece.x.stride / fold;
    result.x.before = static_cast<std::int32_t>(ceil_div(piece.x.before, fold));
    result.x.after = std::max(0, (piece.ofm.extent.w - 1) * result.x.stride + width -
                                     result.ifm.extent.w - result.x.before);
    return result;
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

    const auto records = scale_records(lowering, input, filter, bias, ofm.extent.c);
    const std::int32_t in_depth = ifm.extent.c / groups;
    const std::int32_t out_depth = ofm.extent.c / groups;
    const auto weights_of = [&](std::int32_t fold) {
        WeightSource w;
        if (fold > 1) {
            const auto before = static_cast<std::int32_t>(ceil_div(x.before, fold));
            w = folded_source(filter, fold, before * fold - x.before);
        } else {
            w = weight_source(filter);
            w.form = depthwise ? WeightSource::Form::channels
                     : single  ? WeightSource::Form::single
                               : WeightSource::Form::ohwi;
            w.outputs = out_depth;
            w.inputs = depthwise || single ? 1 : in_depth;
            w.height = filter.shape[1];
            w.width = filter.shape[2];
        }
        w.spread_y = y.spread;
        w.spread_x = x.spread;
        return w;
    };
    const auto add = [&](const WeightSource& weights, std::int32_t fold, std::int32_t group,
                         const AxisPiece& row, const AxisPiece& column) -> NpuOp& {
        Piece piece{lowering.part(ifm, row.input, column.input, group * in_depth,
                                  {row.inputs, column.inputs, in_depth}),
                    lowering.part(ofm, row.output, column.output, group * out_depth,
                                  {row.outputs, column.outputs, out_depth}),
                    y, x};
        piece.y.before = row.before;
        piece.y.after = row.after;
        piece.x.before = column.before;
        piece.x.after = column.after;
        if (row.outputs == 1) piece.y.stride = 1;
        if (column.outputs == 1) piece.x.stride = 1;
        if (fold > 1) piece = folded(lowering, piece, fold, weights.width);
        NpuOp& npu = lowering.add(depthwise ? KernelKind::depthwise : KernelKind::conv, piece.ifm,
                                  piece.ofm);
        npu.kernel.kernel = {piece.y.kernel, piece.x.kernel,   piece.y.stride,
                             piece.x.stride, piece.y.dilation, piece.x.dilation};
        npu.kernel.pad = {piece.y.before, piece.x.before, piece.x.after, piece.y.after};
        if (arith::rounds_once(input, bias)) npu.kernel.rounding = stream::Rounding::natural;
        WeightSource own = weights;
        own.first_output = group * out_depth;
        npu.weights = std::make_shared<const WeightSource>(std::move(own));
        if (!records.empty()) {
            npu.scales.assign(records.begin() + group * out_depth,
                              records.begin() + (group + 1) * out_depth);
        }
        lowering.activate(npu);
        return npu;
    };
    const auto rows = axis_pieces(ifm.extent.h, ofm.extent.h, (y.kernel - 1) * y.dilation + 1,
                                  y.stride, y.before, y.after);
    const AxisPiece whole{0, ofm.extent.w, 0, ifm.extent.w, x.before, x.after};
    std::int32_t fold = folded_columns(op, input, filter, lowering.output(), x.before);
    const bool needed = x.stride > 3;
    if (!needed && !program.takes(Pass::fold_columns)) fold = 1;
    if (!needed && fold > 1) {
        // A choice: whichever is faster alone.
        std::int64_t cycles[2];
        for (const std::int32_t tried : {1, fold}) {
            add(weights_of(tried), tried, 0, rows.front(), whole);
            cycles[tried > 1] = cycles_alone(program, lowering.drop(), filter);
        }
        program.reasons.push_back(
            fmt::format("columns of {}: {} cycles as they are, {} with {} of them as depth",
                        op.name, cycles[0], cycles[1], fold));
        if (cycles[1] >= cycles[0]) fold = 1;
    }
    const WeightSource weights = weights_of(fold);
    const auto columns =
        fold > 1 ? std::vector{whole}
                 : axis_pieces(ifm.extent.w, ofm.extent.w, (x.kernel - 1) * x.dilation + 1,
                               x.stride, x.before, x.after);
    for (std::int32_t group = 0; group < groups; ++group) {
        for (const AxisPiece& row : rows) {
            for (const AxisPiece& column : columns) add(weights, fold, group, row, column);
        }
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
        npu.weights = std::make_shared<const WeightSource>(std::move(w));
        npu.scales = scale_records(lowering, lowering.input(0), filter, bias, outputs);
        npu.vector_product = true;
        lowering.activate(npu);
    }
    lowering.place(target, ofm);
}

}  // namespace u65sim::compiler
