#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lower/filter_layouts.hpp"
#include "compile/lower/filters.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// Channels of an input that the array multiplies in a cycle, and so many that joining more groups
/// gains nothing: the whole depth of a block's input.
constexpr std::int32_t array_depth = 8;
constexpr std::int32_t most_joined_depth = 32;

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

/// CONV_2D and DEPTHWISE_CONV_2D: an operation for each group, batch and piece of the outputs.
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
        const bool by_channels = op.type == OpType::depthwise_conv_2d;
        is_depthwise_ = by_channels && ifm_.extent.c == out_.c;
        is_single_ = by_channels && !is_depthwise_ && ifm_.extent.c == 1;
        is_multiplied_ = by_channels && !is_depthwise_ && !is_single_;
        // Groups of one channel and one filter are a depthwise filter, stored channel by channel.
        has_channel_filters_ = op.type == OpType::conv_2d && filter_.shape[3] == 1 &&
                               ifm_.extent.c > 1 && ifm_.extent.c == out_.c && blocks_ == 1 &&
                               window.stride_w <= 3 && !lowering.program().options.like_vela;
        is_depthwise_ = is_depthwise_ || has_channel_filters_;
        groups_ = is_depthwise_ ? 1 : ifm_.extent.c / (by_channels ? 1 : filter_.shape[3]);
        // A window of one row does not reach from one batch into the next.
        const bool by_rows =
            filter_.shape[1] == 1 && window.stride_h == 1 && source.top == 0 && source.bottom == 0;
        const std::int32_t batches = by_rows ? 1 : batches_of(*input_);
        y_ =
            window_axis(window.padding, ifm_.extent.h / batches, out_.h / batches, filter_.shape[1],
                        window.stride_h, window.dilation_h, source.top, source.bottom);
        x_ = window_axis(window.padding, ifm_.extent.w, out_.w, filter_.shape[2], window.stride_w,
                         window.dilation_w, source.left, source.right);
        records_ = scale_records(lowering, *input_, filter_, bias_, out_.c);
        in_depth_ = ifm_.extent.c / groups_;
        out_depth_ = out_.c / (groups_ * blocks_);
        whole_width_ = {0, out_.w, 0, ifm_.extent.w, x_.before, x_.after};
        rows_ = row_pieces(batches, ifm_.extent.h, out_.h, (y_.kernel - 1) * y_.dilation + 1,
                           y_.stride, y_.before, y_.after);
    }

    void run() {
        joined_ = chosen_groups();
        const std::int32_t fold = chosen_fold();
        const auto columns = fold > 1 ? std::vector{whole_width_} : pieces_of_width();
        WeightSource weights;
        std::int32_t made_for = 0;
        for (Share share{0, joined_, 0}; share.first < groups_; share.first += joined_) {
            share.groups = std::min(joined_, groups_ - share.first);
            if (share.groups != made_for) weights = weights_of(share, fold);
            made_for = share.groups;
            for (share.block = 0; share.block < blocks_; ++share.block) {
                for (const AxisPiece& row : rows_) {
                    for (const AxisPiece& column : columns) add(weights, fold, share, row, column);
                }
            }
        }
    }

private:
    /// What one kernel makes of the depth: neighbouring groups, or one of the blocks' rows.
    struct Share {
        std::int32_t first = 0, groups = 1, block = 0;
    };

    /// How many groups come together in a kernel, with zeros between their filters: the array takes
    /// eight channels at once, however few a group has.
    std::int32_t chosen_groups() {
        if (groups_ == 1 || lowering_.program().options.like_vela) return 1;
        std::int32_t best = 1;
        std::int64_t least = cycles_of_groups(1);
        for (std::int32_t tried = 2; tried <= groups_; ++tried) {
            if (groups_ % tried != 0 && tried * in_depth_ % array_depth != 0) continue;
            // The zeros are decoded too, which the estimate leaves out.
            const std::int64_t cycles = cycles_of_groups(tried);
            if (cycles < least - least / 10) {
                least = cycles;
                best = tried;
            }
            if (tried * in_depth_ >= most_joined_depth) break;
        }
        return best;
    }

    /// Of all groups, by the last whole kernel's first piece: the first one may begin where a map
    /// has a whole brick of channels, unlike others. Every form has about the same bytes of
    /// weights.
    std::int64_t cycles_of_groups(std::int32_t joined) {
        const Share last{(groups_ / joined - 1) * joined, joined, 0};
        WeightSource shape;
        shape.outputs = joined * out_depth_;
        shape.inputs = joined * in_depth_;
        shape.height = filter_.shape[1];
        shape.width = filter_.shape[2];
        shape.data = filter_.data;
        add(shape, 1, last, rows_.front(), pieces_of_width().front());
        return ceil_div(groups_, joined) * cycles_alone(lowering_.program(), lowering_.drop(), 0);
    }

    [[nodiscard]] std::vector<AxisPiece> pieces_of_width() const {
        return axis_pieces(ifm_.extent.w, ofm_.extent.w, (x_.kernel - 1) * x_.dilation + 1,
                           x_.stride, x_.before, x_.after);
    }

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
            add(weights_of({}, tried), tried, {}, rows_.front(), whole_width_);
            cycles[tried > 1] =
                cycles_alone(program, lowering_.drop(), element_count(filter_.shape));
        }
        program.reasons.push_back(
            fmt::format("columns of {}: {} cycles as they are, {} with {} of them as depth",
                        lowering_.op().name, cycles[0], cycles[1], fold));
        return cycles[1] < cycles[0] ? fold : 1;
    }

    [[nodiscard]] WeightSource weights_of(const Share& share, std::int32_t fold) const {
        WeightSource w;
        if (fold > 1) {
            const auto before = static_cast<std::int32_t>(ceil_div(x_.before, fold));
            w = folded_filters(filter_, fold, before * fold - x_.before);
        } else if (joined_ > 1 || is_multiplied_) {
            w = joined_filters(filter_, is_multiplied_, groups_, share.first, share.groups);
            w.outputs = share.groups * out_depth_;
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

    [[nodiscard]] Piece piece_of(const Share& share, const AxisPiece& row,
                                 const AxisPiece& column) {
        const Extent outputs{row.outputs, column.outputs, share.groups * out_depth_};
        // A group of filters has channels of its own, or every so many rows.
        Piece piece{lowering_.part(ifm_, row.input, column.input, share.first * in_depth_,
                                   {row.inputs, column.inputs, share.groups * in_depth_}),
                    blocks_ > 1 ? lowering_.stepped(ofm_, row.output * blocks_ + share.block,
                                                    column.output, 0, outputs, blocks_, 1)
                                : lowering_.part(ofm_, row.output, column.output,
                                                 share.first * out_depth_, outputs),
                    y_, x_};
        piece.y.before = row.before;
        piece.y.after = row.after;
        piece.x.before = column.before;
        piece.x.after = column.after;
        if (row.outputs == 1) piece.y.stride = 1;
        if (column.outputs == 1) piece.x.stride = 1;
        return piece;
    }

    void add(const WeightSource& weights, std::int32_t fold, const Share& share,
             const AxisPiece& row, const AxisPiece& column) {
        Piece piece = piece_of(share, row, column);
        if (fold > 1) piece = folded(lowering_, piece, fold, weights.width);
        NpuOp& npu = lowering_.add(is_depthwise_ ? KernelKind::depthwise : KernelKind::conv,
                                   piece.ifm, piece.ofm);
        npu.kernel.kernel = {piece.y.kernel, piece.x.kernel,   piece.y.stride,
                             piece.x.stride, piece.y.dilation, piece.x.dilation};
        npu.kernel.pad = {piece.y.before, piece.x.before, piece.x.after, piece.y.after};
        if (arith::rounds_once(*input_, bias_)) npu.kernel.rounding = stream::Rounding::natural;
        WeightSource own = weights;
        // Of a block's rows too each has filters of its own.
        own.first_output = (share.first + share.block) * out_depth_;
        npu.weights = std::make_shared<const WeightSource>(std::move(own));
        if (!records_.empty()) {
            const auto first = records_.begin() + npu.weights->first_output;
            npu.scales.assign(first, first + share.groups * out_depth_);
        }
        lowering_.activate(npu);
    }

    Lowering& lowering_;
    const Tensor& filter_;
    const Tensor* bias_;
    const Tensor* input_ = nullptr;
    View ifm_, ofm_;
    bool is_depthwise_ = false;
    bool is_single_ = false;      ///< depthwise on one channel: a convolution
    bool is_multiplied_ = false;  ///< depthwise with several filters a channel: groups of one
    bool has_channel_filters_ = false;
    std::int32_t groups_ = 1, in_depth_ = 0, out_depth_ = 0;  ///< of one
    std::int32_t joined_ = 1;                                 ///< how many groups a kernel has
    Extent out_;
    std::int32_t blocks_ = 1;  ///< of a DEPTH_TO_SPACE that is written: its size
    Axis y_{}, x_{};
    std::vector<weights::ScaleRecord> records_;
    std::vector<AxisPiece> rows_;
    AxisPiece whole_width_;
};

/// Whole groups of CONV_2D, as many filters for each channel of DEPTHWISE_CONV_2D.
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
    } else if (filter[3] % depth != 0) {
        return fmt::format("{} filters are no multiple of the input's {} channels", filter[3],
                           depth);
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
    if (auto text = candidate.few_batches(); !text.empty()) return text;
    return support_depths(candidate);
}

void lower_convolution(Lowering& lowering) { ConvolutionLowering(lowering).run(); }

}  // namespace u65sim::compiler
