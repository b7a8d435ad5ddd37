// TRANSPOSE_CONV: a convolution over the map spread with zeros, or one for each phase of the
// outputs, which leaves the zeros out.
#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lower/filters.hpp"
#include "compile/lower/npu_forms.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// One convolution over zeros between elements can do these strides.
bool fits_zeros(const WindowAttributes& window, const Shape& in, const Shape& filter) {
    // One row of one-row windows: zeros between rows do not matter.
    const auto twice = [&](std::int32_t stride, std::size_t axis) {
        return stride == 2 || (stride == 1 && in[axis] == 1 && filter[axis] == 1);
    };
    const bool two = twice(window.stride_h, 1) && twice(window.stride_w, 2);
    const bool one = window.stride_h == 1 && window.stride_w == 1;
    return two || one;
}

/// Whether there are zeros to leave out, and every output has an element of the filter.
bool has_phases(const WindowAttributes& window, const Shape& filter) {
    constexpr std::int64_t most_phases = 64;
    return (window.stride_h > 1 || window.stride_w > 1) && filter[1] >= window.stride_h &&
           filter[2] >= window.stride_w &&
           std::int64_t{window.stride_h} * window.stride_w <= most_phases;
}

/// The outputs along one axis whose windows meet the same elements of the filter: `first`, then
/// every stride-th. These elements are from `tap` on every stride-th, too.
struct Phase {
    std::int32_t first = 0, outputs = 0;
    std::int32_t tap = 0, taps = 0;
    std::int32_t skipped = 0;  ///< inputs in front that no window meets
    std::int32_t before = 0, after = 0;
};

std::vector<Phase> phases_of(std::int32_t in, std::int32_t out, std::int32_t kernel,
                             std::int32_t stride, std::int32_t forward_before) {
    std::vector<Phase> phases;
    for (std::int32_t first = 0; first < std::min(stride, out); ++first) {
        Phase p;
        p.first = first;
        p.outputs = static_cast<std::int32_t>(ceil_div(out - first, stride));
        p.tap = (first + forward_before) % stride;
        p.taps = static_cast<std::int32_t>(ceil_div(std::max(kernel - p.tap, 0), stride));
        // The input that the first output's first tap meets; further taps meet those before it.
        const std::int32_t at = (first + forward_before) / stride;
        p.before = std::max(p.taps - 1 - at, 0);
        p.skipped = std::max(at - (p.taps - 1), 0);
        p.after = std::max(p.outputs + at - in, 0);
        phases.push_back(p);
    }
    return phases;
}

/// The filter's elements of one phase along each axis.
WeightSource taps_of(const Tensor& filter, const Phase& y, const Phase& x, std::int32_t stride_y,
                     std::int32_t stride_x) {
    WeightSource w = weight_source(filter);
    w.form = WeightSource::Form::flipped;
    w.outputs = filter.shape[0];
    w.inputs = filter.shape[3];
    w.height = y.taps;
    w.width = x.taps;
    if (const WeightModel* model = filter.data.model()) {
        w.data = ConstantData(*model, w.elements());
        return w;
    }
    const auto& from = filter.data.bytes();
    std::vector<std::uint8_t> bytes;
    bytes.reserve(static_cast<std::size_t>(w.elements()));
    for (std::int32_t o = 0; o < filter.shape[0]; ++o) {
        for (std::int32_t ky = y.tap; ky < filter.shape[1]; ky += stride_y) {
            for (std::int32_t kx = x.tap; kx < filter.shape[2]; kx += stride_x) {
                const auto at =
                    from.begin() +
                    ((std::ptrdiff_t{o} * filter.shape[1] + ky) * filter.shape[2] + kx) *
                        filter.shape[3];
                bytes.insert(bytes.end(), at, at + filter.shape[3]);
            }
        }
    }
    w.data = ConstantData(std::move(bytes));
    return w;
}

class TransposeConvolution {
public:
    explicit TransposeConvolution(Lowering& lowering)
        : lowering_(lowering),
          window_(window_of(lowering.op())),
          filter_(lowering.input(1)),
          ifm_(lowering.input_view(2)),
          ofm_(lowering.output_view()) {}

    void run() {
        Program& program = lowering_.program();
        if (!fits_zeros(window_, lowering_.input(2).shape, filter_.shape)) {
            by_phases();
            return;
        }
        if (!program.rules.splits_transposed || !has_phases(window_, filter_.shape)) {
            return over_zeros();
        }
        // A choice: whichever is faster alone.
        const bool was_linear = program.buffer(ofm_).linear;
        over_zeros();
        const std::int64_t whole =
            cycles_alone(program, lowering_.drop(), element_count(filter_.shape));
        std::int64_t split = 0;
        for (int count = by_phases(); count > 0; --count) {
            NpuOp op = lowering_.drop();
            const std::int64_t weights = op.weights->elements();
            split += cycles_alone(program, std::move(op), weights);
        }
        program.reasons.push_back(fmt::format("{}: {} cycles over zeros, {} by phases",
                                              lowering_.op().name, whole, split));
        if (split < whole) {
            by_phases();
        } else {
            program.buffer(ofm_).linear = was_linear;
            over_zeros();
        }
    }

private:
    /// Forward padding, in front, of the convolution this one transposes.
    [[nodiscard]] std::int32_t forward_before(std::int32_t in, std::int32_t out, std::int32_t k,
                                              std::int32_t stride) const {
        return window_.padding == Padding::same ? std::max((in - 1) * stride + k - out, 0) / 2 : 0;
    }

    void finish(NpuOp& npu, WeightSource weights) {
        const Tensor* bias = lowering_.has_input(3) ? &lowering_.input(3) : nullptr;
        const Tensor& input = lowering_.input(2);
        if (arith::rounds_once(input, bias)) npu.kernel.rounding = stream::Rounding::natural;
        npu.weights = std::make_shared<const WeightSource>(std::move(weights));
        npu.scales = scale_records(lowering_, input, filter_, bias, ofm_.extent.c);
        lowering_.activate(npu);
    }

    /// One convolution over the map with zeros between its elements.
    void over_zeros() {
        NpuOp& npu = lowering_.add(KernelKind::conv, ifm_, ofm_);
        const std::int32_t kh = filter_.shape[1], kw = filter_.shape[2];
        npu.kernel.kernel = {kh, kw};
        if (window_.stride_h == 2 || window_.stride_w == 2) {
            npu.kernel.upscale = stream::Upscale::zeros;
        }
        // The forward padding turned inside out.
        const auto axis = [&](std::int32_t in, std::int32_t out, std::int32_t k,
                              std::int32_t stride) {
            const std::int32_t before = k - 1 - forward_before(in, out, k, stride);
            return AxisPadding{before, std::max(out + k - 1 - in * stride - before, 0)};
        };
        const auto y = axis(ifm_.extent.h, ofm_.extent.h, kh, window_.stride_h);
        const auto x = axis(ifm_.extent.w, ofm_.extent.w, kw, window_.stride_w);
        npu.kernel.pad = {y.before, x.before, x.after, y.after};
        WeightSource w = weight_source(filter_);
        w.form = WeightSource::Form::flipped;
        w.outputs = ofm_.extent.c;
        w.inputs = ifm_.extent.c;
        w.height = kh;
        w.width = kw;
        finish(npu, std::move(w));
    }

    /// A convolution for the outputs of each phase, over the map as it is. How many there are.
    int by_phases() {
        int count = 0;
        const auto along = [&](std::int32_t in, std::int32_t out, std::size_t axis,
                               std::int32_t stride) {
            const std::int32_t k = filter_.shape[axis];
            return phases_of(in, out, k, stride, forward_before(in, out, k, stride));
        };
        const auto columns = along(ifm_.extent.w, ofm_.extent.w, 2, window_.stride_w);
        for (const Phase& y : along(ifm_.extent.h, ofm_.extent.h, 1, window_.stride_h)) {
            for (const Phase& x : columns) {
                const Extent in{ifm_.extent.h - y.skipped, ifm_.extent.w - x.skipped,
                                ifm_.extent.c};
                NpuOp& npu = lowering_.add(KernelKind::conv,
                                           lowering_.part(ifm_, y.skipped, x.skipped, 0, in),
                                           lowering_.stepped(ofm_, y.first, x.first, 0,
                                                             {y.outputs, x.outputs, ofm_.extent.c},
                                                             window_.stride_h, window_.stride_w));
                npu.kernel.kernel = {y.taps, x.taps};
                npu.kernel.pad = {y.before, x.before, x.after, y.after};
                finish(npu, taps_of(filter_, y, x, window_.stride_h, window_.stride_w));
                ++count;
            }
        }
        return count;
    }

    Lowering& lowering_;
    const WindowAttributes window_;
    const Tensor& filter_;
    View ifm_, ofm_;
};

}  // namespace

std::string support_transpose_convolution(const Candidate& candidate) {
    if (auto text = candidate.one_batch(); !text.empty()) return text;
    if (auto text = support_filter(candidate); !text.empty()) return text;
    const WindowAttributes window = window_of(candidate.op());
    const Shape& filter = candidate.input(1).shape;
    if (fits_zeros(window, candidate.map().shape, filter) || has_phases(window, filter)) return {};
    return fmt::format(
        "strides are {}x{} and the filter {}x{}: strides must be 1x1, 2x2, 2 along a single row, "
        "or no larger than the filter and 64 together",
        window.stride_h, window.stride_w, filter[1], filter[2]);
}

void lower_transpose_convolution(Lowering& lowering) { TransposeConvolution(lowering).run(); }

}  // namespace u65sim::compiler
