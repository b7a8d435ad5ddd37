// PRELU. Two straight lines meet in zero: the map at the result's scale, and the map times the
// slope. Where a slope is at most one the result is the larger of the two everywhere, else the
// smaller.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arith/scaling.hpp"
#include "compile/lower/elementwise.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/slopes.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

using stream::ElementwiseMode;
using stream::KernelKind;

std::string support_prelu(const Candidate& candidate) {
    if (auto text = support_binary(candidate); !text.empty()) return text;
    const Tensor& map = candidate.input(0);
    if (map.data || extent_of(map.shape) != extent_of(candidate.output().shape)) {
        return "PRELU needs a slope that broadcasts to its input";
    }
    return {};
}

namespace {

/// A channel's input above the zero point times `factor`, plus `bias`, rescaled.
struct ChannelLine {
    std::int32_t factor = 1;
    weights::ScaleRecord scale;
};

class PreluLowering {
public:
    explicit PreluLowering(Lowering& lowering)
        : lowering_(lowering),
          ifm_(lowering.input_view(0)),
          slope_(lowering.input_view(1)),
          ofm_(lowering.output_view()),
          lines_(lowering.input(0), lowering.input(1), lowering.output()) {}

    void run() {
        const Tensor& slope = lowering_.input(1);
        const bool known = is_8_bit(lowering_.input(0).type) && slope.data && !slope.data.model();
        if (!known) {
            sum_of_parts();
        } else if (has_table(lowering_.program(), lowering_.op())) {
            look_up_8(lowering_, ifm_, ofm_, table_of(lowering_.program(), lowering_.op()));
        } else if (lowering_.program().options.like_vela) {
            as_vela();
        } else {
            extremum_of_lines();
        }
    }

private:
    /// A map like the result.
    View fresh(std::string_view name) {
        View made = lowering_.temporary(ofm_.extent, ofm_.type, name);
        made.zero_point = ofm_.zero_point;
        made.scale = ofm_.scale;
        return made;
    }

    /// The map as it is where its scale and zero point are the result's.
    [[nodiscard]] bool is_kept_already() const {
        return lines_.kept() == arith::quantise(1.0) && ifm_.zero_point == ofm_.zero_point;
    }

    /// The map at the result's scale.
    View kept() {
        if (is_kept_already()) return ifm_;
        const View result = fresh("kept");
        NpuOp& rescale = lowering_.rescale(ifm_, result, "kept");
        rescale.kernel.ofm_scale = register_of(lines_.kept());
        return result;
    }

    /// Each element of a map times its slope.
    View product(const View& map) {
        const View result = fresh("sloped");
        NpuOp& npu = pair(lowering_, ElementwiseMode::mul, map, slope_, result, "sloped");
        npu.kernel.ofm_scale = register_of(lines_.sloped());
        return result;
    }

    NpuOp& extremum(ElementwiseMode mode, const View& a, const View& b, const View& result,
                    std::string_view suffix) {
        NpuOp& npu = lowering_.add(KernelKind::elementwise, a, result, suffix);
        npu.kernel.elementwise_mode = mode;
        npu.ifm2 = b;
        npu.may_overwrite_ifm = true;
        return npu;
    }

    /// A line for each channel, by a 1x1 depthwise convolution.
    template <class LineOf>
    View channel_lines(std::string_view name, LineOf line_of) {
        const View result = fresh(name);
        NpuOp& npu = lowering_.add(KernelKind::depthwise, ifm_, result, name);
        const auto channels = static_cast<std::size_t>(ofm_.extent.c);
        WeightSource source;
        source.form = WeightSource::Form::channels;
        source.outputs = ofm_.extent.c;
        std::vector<std::uint8_t> bytes;
        bytes.reserve(channels);
        source.zero_points.reserve(channels);
        npu.scales.reserve(channels);
        for (std::size_t c = 0; c < channels; ++c) {
            const ChannelLine line = line_of(c);
            // A factor has nine bits: a byte less its zero point.
            const std::int32_t stored = std::clamp(line.factor, -128, 127);
            bytes.push_back(static_cast<std::uint8_t>(stored));
            source.zero_points.push_back(stored - line.factor);
            npu.scales.push_back(line.scale);
        }
        source.data = ConstantData(std::move(bytes));
        npu.weights = std::make_shared<const WeightSource>(std::move(source));
        return result;
    }

    /// The larger or the smaller of both lines.
    void extremum_of_lines() {
        const auto bends = lines_.bends(lowering_.input(1));
        const bool by_channel = slope_.extent == Extent{1, 1, ofm_.extent.c};
        const auto all = [&](Bend bend) {
            return std::all_of(bends->begin(), bends->end(),
                               [&](Bend b) { return b == bend || b == Bend::straight; });
        };
        if (bends && (all(Bend::up) || all(Bend::down))) {
            const View sloped = by_channel ? sloped_channels() : product(ifm_);
            const auto mode = all(Bend::up) ? ElementwiseMode::max : ElementwiseMode::min;
            lowering_.activate(extremum(mode, kept(), sloped, ofm_, {}));
        } else if (bends && by_channel) {
            by_both(*bends);
        } else {
            sum_of_parts();
        }
    }

    [[nodiscard]] ChannelLine kept_line() const { return {1, record_of(lines_.kept())}; }

    /// Slopes that the channels have.
    [[nodiscard]] std::vector<ChannelLine> sloped_lines() {
        std::vector<ChannelLine> result;
        const Tensor& slope = lowering_.input(1);
        for (const std::int64_t value : integers(slope)) {
            result.push_back(
                {static_cast<std::int32_t>(value - zero_point(slope)), record_of(lines_.sloped())});
        }
        return result;
    }

    View sloped_channels() {
        const auto lines = sloped_lines();
        return channel_lines("sloped", [&](std::size_t c) { return lines[c]; });
    }

    /// The larger line of the channels that bend up, then the smaller one of those that bend down:
    /// the former have a second line above all results, the latter the first line twice.
    void by_both(const std::vector<Bend>& bends) {
        const auto lines = sloped_lines();
        const auto bends_down = [&](std::size_t c) { return bends[c] == Bend::down; };
        const View up = channel_lines(
            "sloped", [&](std::size_t c) { return bends_down(c) ? kept_line() : lines[c]; });
        const View larger = fresh("larger");
        extremum(ElementwiseMode::max, kept(), up, larger, "larger");
        constexpr std::int64_t above_all = 255;
        ChannelLine limit{0, record_of(arith::quantise(1.0))};
        limit.scale.bias = above_all;
        const View down =
            channel_lines("steep", [&](std::size_t c) { return bends_down(c) ? lines[c] : limit; });
        lowering_.activate(extremum(ElementwiseMode::min, larger, down, ofm_, {}));
    }

    /// The part above zero at the result's scale and the one below it times the slope: one of the
    /// two is zero in every element.
    void sum_of_parts() {
        const View positive = fresh("positive");
        NpuOp& rescale = lowering_.rescale(ifm_, positive, "rescale");
        rescale.kernel.ofm_scale = register_of(lines_.kept());
        rescale.kernel.activation.min = positive.zero_point;
        const View negative = product(negative_part(lowering_, ifm_, ofm_.extent));
        NpuOp& sum = pair(lowering_, ElementwiseMode::add, positive, negative, ofm_, "sum");
        sum.kernel.opa_scale = sum.kernel.opb_scale = sum.kernel.ofm_scale = {1, 0};
        lowering_.activate(sum);
    }

    /// Vela takes the larger of two products where all slopes are below one.
    void as_vela() {
        const Tensor& slope = lowering_.input(1);
        const auto values = integers(slope);
        const auto largest = *std::max_element(values.begin(), values.end()) - zero_point(slope);
        if (static_cast<float>(largest) * scale(slope) >= 1.0F) {
            sum_of_parts();
            return;
        }
        View kept = ifm_;
        if (!is_kept_already()) {
            kept = fresh("kept");
            NpuOp& npu = lowering_.add(KernelKind::elementwise, ifm_, kept, "kept");
            npu.kernel.elementwise_mode = ElementwiseMode::mul;
            npu.kernel.broadcast.scalar = true;
            npu.kernel.ifm2_scalar = 1;
            npu.ifm2 = {};
            npu.ifm2.type = ifm_.type;
            npu.kernel.global_scale = true;
            npu.kernel.ofm_scale = register_of(lines_.kept());
        }
        lowering_.activate(extremum(ElementwiseMode::max, product(ifm_), kept, ofm_, {}));
    }

    static stream::Scale register_of(arith::Multiplier m) { return {m.multiplier, m.shift}; }
    static weights::ScaleRecord record_of(arith::Multiplier m) {
        return {0, m.multiplier, m.shift};
    }

    Lowering& lowering_;
    View ifm_, slope_, ofm_;
    SlopedLines lines_;
};

}  // namespace

void lower_prelu(Lowering& lowering) { PreluLowering(lowering).run(); }

}  // namespace u65sim::compiler
