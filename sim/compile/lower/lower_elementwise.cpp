#include <algorithm>
#include <cmath>
#include <optional>

#include "arith/scaling.hpp"
#include "arith/table_function.hpp"
#include "compile/lower/lowering.hpp"
#include "ir/op_kinds.hpp"

namespace u65sim::compiler {

using stream::ElementwiseMode;
using stream::KernelKind;
using stream::OperandScaling;

namespace {

stream::Scale quantised(double scale) {
    const auto m = arith::quantise(scale);
    return {m.multiplier, m.shift};
}

/// Scaling of ADD and SUB. Operand A is the first operand of the operator.
void scale_sum(NpuOp& npu, double a, double b, double out) {
    auto& kernel = npu.kernel;
    const double s = std::max(a, b);
    const bool wide = stream::bytes_of(npu.ifm.type) == 2;
    kernel.global_scale = true;
    if (a == b) {
        const auto m = arith::quantise(2 * s / (out * 65536));
        if (wide || (m.multiplier & 0xFFF) == 0) {
            const std::uint32_t one = wide ? 1U << 14 : 1U << 15;
            kernel.opa_scale = kernel.opb_scale = {one, 0};
            kernel.ofm_scale = {m.multiplier, wide ? m.shift - 1 : m.shift};
            kernel.operand_scaling = OperandScaling::both16;
            return;
        }
    }
    const double unit = wide ? 32768.0 : 1048576.0;
    const bool a_smaller = a < b;
    kernel.opa_scale = quantised((a_smaller ? a : b) * unit / (2 * s));
    kernel.opb_scale = {0, 0};
    kernel.operand_scaling = a_smaller ? OperandScaling::a32 : OperandScaling::b32;
    kernel.ofm_scale = quantised(2 * s / (out * unit));
}

/// The second operand as a register, when it is one constant element of at most 16 bits.
bool as_scalar(const Program& program, NpuOp& npu, const View& view) {
    const Buffer& buffer = program.buffer(view);
    if (buffer.kind != Placement::Kind::constant || view.extent.elements() != 1 || !view.whole()) {
        return false;
    }
    switch (view.type) {
        case stream::DataType::u8:
            npu.kernel.ifm2_scalar = buffer.data.at(0);
            break;
        case stream::DataType::s8:
            npu.kernel.ifm2_scalar = static_cast<std::int8_t>(buffer.data.at(0));
            break;
        case stream::DataType::s16:
            npu.kernel.ifm2_scalar =
                static_cast<std::int16_t>(buffer.data.at(0) | buffer.data.at(1) << 8);
            break;
        default:
            return false;
    }
    npu.kernel.broadcast.scalar = true;
    return true;
}

ElementwiseMode mode_of(OpType type) {
    switch (type) {
        case OpType::add:
            return ElementwiseMode::add;
        case OpType::sub:
            return ElementwiseMode::sub;
        case OpType::minimum:
            return ElementwiseMode::min;
        case OpType::maximum:
            return ElementwiseMode::max;
        default:
            return ElementwiseMode::mul;
    }
}

/// Whether `b` must be the first operand: it alone has all of the result's elements, or all of its
/// channels where both are broadcast.
bool is_smaller(const View& a, const View& b, const View& ofm) {
    if (a.extent == ofm.extent) return false;
    return b.extent == ofm.extent || a.extent.c != ofm.extent.c;
}

/// An addition or product of two maps, the second broadcast where it is smaller.
NpuOp& pair(Lowering& lowering, ElementwiseMode mode, const View& a, const View& b, const View& ofm,
            std::string_view suffix) {
    NpuOp& npu = lowering.add(KernelKind::elementwise, lowering.spread(a, ofm.extent), ofm, suffix);
    npu.kernel.elementwise_mode = mode;
    npu.ifm2 = b;
    if (!as_scalar(lowering.program(), npu, b)) {
        npu.kernel.broadcast.height = b.extent.h == 1 && ofm.extent.h > 1;
        npu.kernel.broadcast.width = b.extent.w == 1 && ofm.extent.w > 1;
        npu.kernel.broadcast.depth = b.extent.c == 1 && ofm.extent.c > 1;
    }
    npu.kernel.global_scale = true;
    return npu;
}

/// The map's part above zero, at another scale.
View positive_part(Lowering& lowering, const View& ifm, const Extent& extent, float factor) {
    const View positive = lowering.temporary(extent, stream::DataType::s16, "positive");
    NpuOp& rescale = lowering.add(KernelKind::pool, ifm, positive, "rescale");
    rescale.kernel.pool_mode = stream::PoolMode::average;
    rescale.kernel.global_scale = true;
    rescale.kernel.ofm_scale = quantised(static_cast<double>(factor));
    rescale.kernel.activation.min = 0;
    return positive;
}

/// The map's part below zero, as it is.
View negative_part(Lowering& lowering, const View& ifm, const Extent& extent) {
    View below = lowering.temporary(extent, ifm.type, "below");
    below.zero_point = ifm.zero_point;
    below.scale = ifm.scale;
    NpuOp& minimum = lowering.add(KernelKind::elementwise, ifm, below, "minimum");
    minimum.kernel.elementwise_mode = ElementwiseMode::min;
    minimum.kernel.broadcast.scalar = true;
    minimum.kernel.ifm2_scalar = static_cast<decltype(minimum.kernel.ifm2_scalar)>(ifm.zero_point);
    minimum.ifm2 = {};
    minimum.ifm2.type = ifm.type;
    minimum.ifm2.zero_point = ifm.zero_point;
    return below;
}

/// Both parts with a multiplier of their own, then their sum.
void lower_leaky_relu_16(Lowering& lowering, const View& ifm, const View& ofm, float alpha) {
    const float in = scale(lowering.input(0));
    const float out = scale(lowering.output());
    const View positive = positive_part(lowering, ifm, ofm.extent, in / out);
    const View below = negative_part(lowering, ifm, ofm.extent);
    const View negative = lowering.temporary(ofm.extent, stream::DataType::s16, "negative");
    NpuOp& slope = lowering.add(KernelKind::pool, below, negative, "slope");
    slope.kernel.pool_mode = stream::PoolMode::average;
    slope.kernel.global_scale = true;
    slope.kernel.ofm_scale = quantised(static_cast<double>(in * alpha / out));
    NpuOp& sum = pair(lowering, ElementwiseMode::add, positive, negative, ofm, "sum");
    sum.kernel.opa_scale = sum.kernel.opb_scale = sum.kernel.ofm_scale = {1, 0};
}

/// int16: the output unit's own sigmoid and tanh take real * 12288, LRELU has an operation.
void lower_unary_16(Lowering& lowering, const View& ifm, const View& ofm) {
    const Operator& op = lowering.op();
    if (const auto* leaky = std::get_if<LeakyReluAttributes>(&op.attributes)) {
        if (!same_quantization(lowering.input(0), lowering.output()) || !(leaky->alpha > 0)) {
            lower_leaky_relu_16(lowering, ifm, ofm, leaky->alpha);
            return;
        }
        NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
        npu.kernel.elementwise_mode = ElementwiseMode::lrelu;
        npu.kernel.global_scale = true;
        npu.kernel.ofm_scale = quantised(static_cast<double>(leaky->alpha));
        npu.in_place = 0;
        return;
    }
    const bool has_unit = op.type == OpType::tanh || op.type == OpType::logistic;
    if (const auto function = arith::table_function(op); function && !has_unit) {
        NpuOp& npu = lowering.copy(ifm, ofm, {});
        npu.kernel.activation.function = 16;
        npu.lut = bytes_of(arith::function_table16(
            *function, {scale(lowering.input(0)), zero_point(lowering.input(0))},
            {scale(lowering.output()), zero_point(lowering.output())}));
        return;
    }
    NpuOp& npu = lowering.rescale(ifm, ofm);
    const bool is_tanh = op.type == OpType::tanh;
    npu.kernel.activation.function = is_tanh ? 3 : 4;
    // The reference takes scales this near to a power of two for one.
    const double logarithm = std::log2(ifm.scale);
    const bool power_of_two = std::abs(logarithm - std::round(logarithm)) < 1e-3;
    const int steps = static_cast<int>(std::lround(logarithm)) + 12;
    if (power_of_two && (steps == 0 || (is_tanh && steps == 1))) {
        npu.kernel.ofm_scale = {3U << steps, 0};
        return;
    }
    double multiplier = ifm.scale * 12288;
    int shift = 0;
    while (multiplier <= 16383.5 && shift < 31) {
        multiplier *= 2;
        ++shift;
    }
    // The reference truncates this multiplier.
    npu.kernel.ofm_scale = {static_cast<std::uint32_t>(multiplier), shift};
}

}  // namespace

/// The positive part at the input's scale plus the negative part times the slope: one of the two
/// is zero in every element, and each is rounded as the reference rounds it.
void lower_prelu(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View slope = lowering.input_view(1);
    const View ofm = lowering.output_view();
    const float in_scale = scale(lowering.input(0));
    const float out_scale = scale(lowering.output());

    const View positive = positive_part(lowering, ifm, ofm.extent, in_scale / out_scale);
    const View below = negative_part(lowering, ifm, ofm.extent);
    const View negative = lowering.temporary(ofm.extent, stream::DataType::s16, "negative");
    NpuOp& product = pair(lowering, ElementwiseMode::mul, below, slope, negative, "product");
    product.kernel.ofm_scale =
        quantised(static_cast<double>(in_scale * scale(lowering.input(1)) / out_scale));

    NpuOp& sum = pair(lowering, ElementwiseMode::add, positive, negative, ofm, "sum");
    sum.kernel.opa_scale = sum.kernel.opb_scale = sum.kernel.ofm_scale = {1, 0};
    lowering.activate(sum);
}

/// Both operands come to twice the larger scale with 7 bits below the point, each with the
/// reference's two roundings; their difference is squared at 16 bits.
void lower_squared_difference(Lowering& lowering) {
    constexpr int left_shift = 7;
    const View ofm = lowering.output_view();
    const auto as_double = [](float value) { return static_cast<double>(value); };
    const double twice_larger =
        2 * as_double(std::max(scale(lowering.input(0)), scale(lowering.input(1))));
    const auto scaled = [&](std::size_t i, std::string_view shifted, std::string_view suffix) {
        const View ifm = lowering.input_view(i);
        const View wide = lowering.temporary(ifm.extent, stream::DataType::s16, shifted);
        NpuOp& shift = lowering.copy(ifm, wide, shifted);
        shift.ifm.zero_point = ifm.zero_point;
        shift.kernel.ofm_scale = {1U << left_shift, 0};
        const View result = lowering.temporary(ifm.extent, stream::DataType::s16, suffix);
        NpuOp& npu = lowering.add(KernelKind::pool, wide, result, suffix);
        npu.kernel.pool_mode = stream::PoolMode::average;
        npu.kernel.global_scale = true;
        npu.kernel.ofm_scale = quantised(as_double(scale(lowering.input(i))) / twice_larger);
        return result;
    };
    const View a = scaled(0, "a<<7", "a");
    const View b = scaled(1, "b<<7", "b");
    const bool swap = is_smaller(a, b, ofm);
    const View difference = lowering.temporary(ofm.extent, stream::DataType::s16, "difference");
    NpuOp& sub =
        pair(lowering, ElementwiseMode::sub, swap ? b : a, swap ? a : b, difference, "difference");
    sub.kernel.opa_scale = sub.kernel.opb_scale = sub.kernel.ofm_scale = {1, 0};
    NpuOp& square = pair(lowering, ElementwiseMode::mul, difference, difference, ofm, {});
    square.kernel.ofm_scale =
        quantised(twice_larger * twice_larger /
                  ((1 << 2 * left_shift) * as_double(scale(lowering.output()))));
}

namespace {

/// Plain int32.
void unscaled(NpuOp& npu) {
    npu.kernel.global_scale = true;
    npu.kernel.operand_scaling = OperandScaling::both16;
    npu.kernel.opa_scale = npu.kernel.opb_scale = npu.kernel.ofm_scale = {1, 0};
}

}  // namespace

/// Channels and positions that Vela gives the maps of an operation of few channels: sixteen
/// channels, or the next number that divides the elements. Empty where there is none.
std::optional<Extent> deepened(const Extent& extent) {
    constexpr std::int32_t fewest = 8, wanted = 16, most = 256;
    if (extent.c >= fewest) return std::nullopt;
    const std::int64_t elements = extent.elements();
    std::int32_t c = wanted;
    while (c <= most && elements % c != 0) ++c;
    if (c > most) return std::nullopt;
    const std::int64_t positions = elements / c;
    auto w = static_cast<std::int32_t>(std::sqrt(positions));
    while (positions % w != 0) --w;
    return Extent{static_cast<std::int32_t>(positions / w), w, c};
}

/// Vela views whole maps of few channels as deeper ones.
void deepen_as_vela(Lowering& lowering, View& a, View& b, View& ofm) {
    const std::optional<Extent> deep = deepened(ofm.extent);
    const auto fits = [&](const View& view) { return view.whole() && view.extent == ofm.extent; };
    const bool one = b.extent.elements() == 1;
    if (!deep || !fits(a) || !fits(ofm) || (!one && !fits(b))) return;
    a = lowering.reshaped(a, *deep);
    ofm = lowering.reshaped(ofm, *deep);
    if (!one) b = lowering.reshaped(b, *deep);
}

void lower_binary(Lowering& lowering) {
    const Operator& op = lowering.op();
    View a = lowering.input_view(0);
    View b = lowering.input_view(1);
    View ofm = lowering.output_view();
    if (lowering.program().options.like_vela) deepen_as_vela(lowering, a, b, ofm);
    const bool a_constant = lowering.input(0).data ? true : false;
    const bool swap = is_smaller(a, b, ofm) || (a_constant && b.extent == ofm.extent);
    const bool repeats = (swap ? b : a).extent != ofm.extent;
    const View first = lowering.spread(swap ? b : a, ofm.extent);
    const View& second = swap ? a : b;
    NpuOp& npu = lowering.add(KernelKind::elementwise, first, ofm);
    npu.kernel.elementwise_mode = mode_of(op.type);
    npu.ifm2 = second;
    auto& broadcast = npu.kernel.broadcast;
    broadcast.swap_operands = swap;
    if (!as_scalar(lowering.program(), npu, second)) {
        broadcast.height = second.extent.h == 1 && first.extent.h > 1;
        broadcast.width = second.extent.w == 1 && first.extent.w > 1;
        broadcast.depth = second.extent.c == 1 && first.extent.c > 1;
    }
    const float sa = scale(lowering.input(0));
    const float sb = scale(lowering.input(1));
    const float so = scale(lowering.output());
    switch (op.type) {
        case OpType::add:
        case OpType::sub:
            if (ofm.type == stream::DataType::s32) break;
            scale_sum(npu, static_cast<double>(sa), static_cast<double>(sb),
                      static_cast<double>(so));
            break;
        case OpType::mul:
            if (ofm.type == stream::DataType::s32) break;
            npu.kernel.global_scale = true;
            npu.kernel.ofm_scale = quantised(static_cast<double>(sa * sb / so));
            break;
        default:
            break;
    }
    npu.in_place = repeats ? -1 : 0;
    if (ofm.type == stream::DataType::s32) unscaled(npu);
    lowering.activate(npu);
}

void lower_unary(Lowering& lowering) {
    const Operator& op = lowering.op();
    const View ifm = lowering.input_view(0);
    View ofm = lowering.output_view();
    if (const auto activation = ir::clamp_of(op.type)) {
        NpuOp& npu = lowering.rescale(ifm, ofm);
        const Clamp clamp = clamp_of(*activation, lowering.output());
        npu.kernel.activation.min = clamp.min;
        npu.kernel.activation.max = clamp.max;
        return;
    }
    switch (op.type) {
        case OpType::quantize:
            lowering.rescale(ifm, ofm);
            return;
        case OpType::neg: {
            // Nothing less the element.
            NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
            npu.kernel.elementwise_mode = ElementwiseMode::sub;
            npu.kernel.broadcast.scalar = npu.kernel.broadcast.swap_operands = true;
            npu.ifm2 = {};
            npu.ifm2.type = ifm.type;
            unscaled(npu);
            npu.in_place = 0;
            return;
        }
        case OpType::abs: {
            NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
            npu.kernel.elementwise_mode = ElementwiseMode::abs;
            npu.kernel.global_scale = true;
            npu.kernel.ofm_scale = quantised(
                static_cast<double>(static_cast<float>(ifm.scale) / static_cast<float>(ofm.scale)));
            npu.in_place = 0;
            return;
        }
        default:
            break;
    }
    if (ifm.type == stream::DataType::s16) {
        lower_unary_16(lowering, ifm, ofm);
        return;
    }
    // A table behind an addition of nothing; the index is the raw input.
    NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
    npu.kernel.elementwise_mode = ElementwiseMode::add;
    npu.kernel.broadcast.scalar = true;
    npu.ifm2 = {};
    npu.ifm2.type = ifm.type;
    npu.ofm.zero_point = ifm.zero_point;
    npu.kernel.global_scale = true;
    npu.kernel.opa_scale = npu.kernel.opb_scale = {1, 0};
    npu.kernel.ofm_scale = {1, 0};
    npu.kernel.activation.function = 16;
    npu.lut = table_of(op, lowering.input(0), lowering.output());
    npu.in_place = 0;
}

}  // namespace u65sim::compiler
