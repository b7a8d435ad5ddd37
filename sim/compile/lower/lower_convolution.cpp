#include <algorithm>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lower/filters.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

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

/// A PAD that has become the window's padding, and the map behind it.
struct Source {
    TensorId map = no_tensor;
    std::int32_t top = 0, bottom = 0, left = 0, right = 0;
};

Source source_of(Lowering& lowering) {
    const Program& program = lowering.program();
    const std::int32_t fused = program.fused_pad[static_cast<std::size_t>(lowering.index())];
    if (fused == no_operator) return {lowering.op().inputs[0]};
    const Operator& pad = program.op(fused);
    const auto amounts = pad_amounts(program.tensor(pad.inputs[1]));
    const auto amount = [&](std::size_t i) { return static_cast<std::int32_t>(amounts[i]); };
    return {pad.inputs[0], amount(2), amount(3), amount(4), amount(5)};
}

/// CONV_2D and DEPTHWISE_CONV_2D: an operation for each group and for each piece of the outputs.
class ConvolutionLowering {
public:
    explicit ConvolutionLowering(Lowering& lowering)
        : lowering_(lowering),
          filter_(lowering.input(1)),
          bias_(lowering.has_input(2) ? &lowering.input(2) : nullptr) {
        const Operator& op = lowering.op();
        const WindowAttributes window = window_of(op);
        const Source source = source_of(lowering);
        ifm_ = lowering.view(source.map);
        ofm_ = lowering.output_view();
        out_ = extent_of(lowering.output().shape);
        if (const auto blocks = lowering.program().fused_blocks.find(lowering.index());
            blocks != lowering.program().fused_blocks.end()) {
            const Operator& block = lowering.program().op(blocks->second);
            blocks_ = std::get<BlockAttributes>(block.attributes).block_size;
            ofm_ = lowering.reshaped(ofm_, {blocks_ * out_.h, out_.w, out_.c / blocks_});
        }
        input_ = &lowering.program().tensor(source.map);
        is_depthwise_ = op.type == OpType::depthwise_conv_2d && (ifm_.extent.c > 1 || out_.c == 1);
        is_single_ = op.type == OpType::depthwise_conv_2d && !is_depthwise_;
        // Groups of one channel and one filter are a depthwise filter, stored channel by channel.
        has_channel_filters_ = op.type == OpType::conv_2d && filter_.shape[3] == 1 &&
                               ifm_.extent.c > 1 && ifm_.extent.c == out_.c && blocks_ == 1 &&
                               window.stride_w <= 3 && !lowering.program().options.like_vela;
        is_depthwise_ = is_depthwise_ || has_channel_filters_;
        groups_ = op.type == OpType::conv_2d && !has_channel_filters_
                      ? ifm_.extent.c / filter_.shape[3]
                      : 1;
        y_ = window_axis(window.padding, ifm_.extent.h, out_.h, filter_.shape[1], window.stride_h,
                         window.dilation_h, source.top, source.bottom);
        x_ = window_axis(window.padding, ifm_.extent.w, out_.w, filter_.shape[2], window.stride_w,
                         window.dilation_w, source.left, source.right);
        records_ = scale_records(lowering, *input_, filter_, bias_, out_.c);
        in_depth_ = ifm_.extent.c / groups_;
        out_depth_ = out_.c / (groups_ * blocks_);
        whole_width_ = {0, out_.w, 0, ifm_.extent.w, x_.before, x_.after};
        rows_ = axis_pieces(ifm_.extent.h, out_.h, (y_.kernel - 1) * y_.dilation + 1, y_.stride,
                            y_.before, y_.after);
    }

    void run() {
        const std::int32_t fold = chosen_fold();
        const WeightSource weights = weights_of(fold);
        const auto columns =
            fold > 1 ? std::vector{whole_width_}
                     : axis_pieces(ifm_.extent.w, ofm_.extent.w, (x_.kernel - 1) * x_.dilation + 1,
                                   x_.stride, x_.before, x_.after);
        for (std::int32_t group = 0; group < groups_ * blocks_; ++group) {
            for (const AxisPiece& row : rows_) {
                for (const AxisPiece& column : columns) add(weights, fold, group, row, column);
            }
        }
    }

private:
    /// How many columns become depth.
    std::int32_t chosen_fold() {
        Program& program = lowering_.program();
        const std::int32_t fold =
            folded_columns(lowering_.op(), *input_, filter_, lowering_.output(), x_.before);
        const bool is_needed = x_.stride > 3;
        if (is_needed) return fold;
        if (fold <= 1 || !program.takes(Pass::fold_columns)) return 1;
        // A choice: whichever is faster alone.
        std::int64_t cycles[2];
        for (const std::int32_t tried : {1, fold}) {
            add(weights_of(tried), tried, 0, rows_.front(), whole_width_);
            cycles[tried > 1] =
                cycles_alone(program, lowering_.drop(), element_count(filter_.shape));
        }
        program.reasons.push_back(
            fmt::format("columns of {}: {} cycles as they are, {} with {} of them as depth",
                        lowering_.op().name, cycles[0], cycles[1], fold));
        return cycles[1] < cycles[0] ? fold : 1;
    }

    [[nodiscard]] WeightSource weights_of(std::int32_t fold) const {
        WeightSource w;
        if (fold > 1) {
            const auto before = static_cast<std::int32_t>(ceil_div(x_.before, fold));
            w = folded_source(filter_, fold, before * fold - x_.before);
        } else {
            w = weight_source(filter_);
            w.form = is_single_                               ? WeightSource::Form::single
                     : is_depthwise_ && !has_channel_filters_ ? WeightSource::Form::channels
                                                              : WeightSource::Form::ohwi;
            w.outputs = out_depth_;
            w.inputs = is_depthwise_ || is_single_ ? 1 : in_depth_;
            w.height = filter_.shape[1];
            w.width = filter_.shape[2];
        }
        w.spread_y = y_.spread;
        w.spread_x = x_.spread;
        return w;
    }

    [[nodiscard]] Piece piece_of(std::int32_t group, const AxisPiece& row,
                                 const AxisPiece& column) {
        const Extent outputs{row.outputs, column.outputs, out_depth_};
        // A group of filters has channels of its own, or every so many rows.
        Piece piece{
            lowering_.part(ifm_, row.input, column.input, blocks_ > 1 ? 0 : group * in_depth_,
                           {row.inputs, column.inputs, in_depth_}),
            blocks_ > 1
                ? lowering_.stepped(ofm_, row.output * blocks_ + group, column.output, 0, outputs,
                                    blocks_, 1)
                : lowering_.part(ofm_, row.output, column.output, group * out_depth_, outputs),
            y_, x_};
        piece.y.before = row.before;
        piece.y.after = row.after;
        piece.x.before = column.before;
        piece.x.after = column.after;
        if (row.outputs == 1) piece.y.stride = 1;
        if (column.outputs == 1) piece.x.stride = 1;
        return piece;
    }

    void add(const WeightSource& weights, std::int32_t fold, std::int32_t group,
             const AxisPiece& row, const AxisPiece& column) {
        Piece piece = piece_of(group, row, column);
        if (fold > 1) piece = folded(lowering_, piece, fold, weights.width);
        NpuOp& npu = lowering_.add(is_depthwise_ ? KernelKind::depthwise : KernelKind::conv,
                                   piece.ifm, piece.ofm);
        npu.kernel.kernel = {piece.y.kernel, piece.x.kernel,   piece.y.stride,
                             piece.x.stride, piece.y.dilation, piece.x.dilation};
        npu.kernel.pad = {piece.y.before, piece.x.before, piece.x.after, piece.y.after};
        if (arith::rounds_once(*input_, bias_)) npu.kernel.rounding = stream::Rounding::natural;
        WeightSource own = weights;
        own.first_output = group * out_depth_;
        npu.weights = std::make_shared<const WeightSource>(std::move(own));
        if (!records_.empty()) {
            npu.scales.assign(records_.begin() + group * out_depth_,
                              records_.begin() + (group + 1) * out_depth_);
        }
        lowering_.activate(npu);
    }

    Lowering& lowering_;
    const Tensor& filter_;
    const Tensor* bias_;
    const Tensor* input_ = nullptr;
    View ifm_, ofm_;
    bool is_depthwise_ = false;
    bool is_single_ = false;  ///< depthwise on one channel: a convolution
    bool has_channel_filters_ = false;
    std::int32_t groups_ = 1, in_depth_ = 0, out_depth_ = 0;
    Extent out_;
    std::int32_t blocks_ = 1;  ///< of a DEPTH_TO_SPACE that is written: its size
    Axis y_{}, x_{};
    std::vector<weights::ScaleRecord> records_;
    std::vector<AxisPiece> rows_;
    AxisPiece whole_width_;
};

/// Groups of CONV_2D, the multiplier of DEPTHWISE_CONV_2D.
std::string support_depths(const Candidate& candidate) {
    const Shape& filter = candidate.input(1).shape;
    const std::int32_t depth = candidate.map().shape[3];
    if (candidate.op().type == OpType::conv_2d) {
        if (filter[3] < 1 || depth % filter[3] != 0) {
            return fmt::format("input depth {} is no multiple of the filters' {}", depth,
                               filter[3]);
        }
        const std::int32_t groups = depth / filter[3];
        if (filter[0] % groups != 0) {
            return fmt::format("{} filters do not divide into {} groups", filter[0], groups);
        }
    } else if (filter[3] != depth && depth != 1) {
        return fmt::format("depth multiplier {} needs an input of depth 1, not {}",
                           window_of(candidate.op()).depth_multiplier, depth);
    }
    return {};
}

}  // namespace

std::string support_convolution(const Candidate& candidate) {
    if (auto text = support_filter(candidate); !text.empty()) return text;
    const WindowAttributes window = window_of(candidate.op());
    const Shape& filter = candidate.input(1).shape;
    const AxisPadding padding =
        axis_padding(window.padding, candidate.map().shape[2],
                     (filter[2] - 1) * window.dilation_w + 1, std::max(window.stride_w, 1));
    const bool folds =
        window.stride_w > 3 && folded_columns(candidate.op(), candidate.map(), candidate.input(1),
                                              candidate.output(), padding.before) > 1;
    if (auto text = candidate.strides(window, folds); !text.empty()) return text;
    return support_depths(candidate);
}

void lower_convolution(Lowering& lowering) { ConvolutionLowering(lowering).run(); }

}  // namespace u65sim::compiler
