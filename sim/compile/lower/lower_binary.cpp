// Operators of two operands that broadcast.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "arith/fixed_point.hpp"
#include "arith/rescale.hpp"
#include "arith/scaling.hpp"
#include "compile/lower/elementwise.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

using stream::ElementwiseMode;
using stream::KernelKind;
using stream::OperandScaling;

namespace {

double scale_of(const Tensor& tensor) { return static_cast<double>(scale(tensor)); }

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

/// Views whole maps of few channels as deeper ones, as Vela does.
void deepen(Lowering& lowering, View& a, View& b, View& ofm) {
    const std::optional<Extent> deep = deepened(ofm.extent);
    const auto fits = [&](const View& view) { return view.whole() && view.extent == ofm.extent; };
    const bool one = b.extent.elements() == 1;
    if (!deep || !fits(a) || !fits(ofm) || (!one && !fits(b))) return;
    a = lowering.reshaped(a, *deep);
    ofm = lowering.reshaped(ofm, *deep);
    if (!one) b = lowering.reshaped(b, *deep);
}

/// The operation with its operands in the order that the registers want; int32 is not scaled.
NpuOp& binary(Lowering& lowering, ElementwiseMode mode) {
    View a = lowering.input_view(0);
    View b = lowering.input_view(1);
    View ofm = lowering.output_view();
    if (lowering.program().rules.deepens_shallow_maps) deepen(lowering, a, b, ofm);
    const bool a_constant = lowering.input(0).data ? true : false;
    const bool swap = is_smaller(a, b, ofm) || (a_constant && b.extent == ofm.extent);
    const bool repeats = (swap ? b : a).extent != ofm.extent;
    const View first = lowering.spread(swap ? b : a, ofm.extent);
    const View& second = swap ? a : b;
    NpuOp& npu = lowering.add(KernelKind::elementwise, first, ofm);
    npu.kernel.elementwise_mode = mode;
    npu.ifm2 = second;
    auto& broadcast = npu.kernel.broadcast;
    broadcast.swap_operands = swap;
    if (!as_scalar(lowering.program(), npu, second)) {
        broadcast.height = second.extent.h == 1 && first.extent.h > 1;
        broadcast.width = second.extent.w == 1 && first.extent.w > 1;
        broadcast.depth = second.extent.c == 1 && first.extent.c > 1;
    }
    npu.may_overwrite_ifm = !repeats;
    if (ofm.type == stream::DataType::s32) unscaled(npu);
    return npu;
}

/// How a sum scales its other operand where the padded one is zero, as a rescale of its own; empty
/// where none gives the same results for all elements.
std::optional<std::pair<stream::Scale, stream::Rounding>> rescale_of_sum(const Tensor& other,
                                                                         const Tensor& padded,
                                                                         const Tensor& result) {
    constexpr int left_shift = 20;
    const double larger = 2 * std::max(scale_of(other), scale_of(padded));
    const auto common = arith::quantise(scale_of(other) / larger);
    const auto back = arith::quantise(larger / ((1 << left_shift) * scale_of(result)));
    const double factor = scale_of(other) / scale_of(result);
    const std::int32_t low = (other.type == ElementType::int8 ? -128 : 0) - zero_point(other);
    const auto is_same = [&](arith::Multiplier once, arith::RoundingMode mode) {
        for (std::int32_t value = low; value <= low + 255; ++value) {
            const std::int32_t sum = arith::multiply_by_quantised(
                arith::multiply_by_quantised(value * (1 << left_shift), common), back);
            if (sum != arith::round_shift(value, once.multiplier, once.shift, mode)) return false;
        }
        return true;
    };
    const arith::Multiplier once = arith::quantise(factor);
    if (is_same(once, arith::RoundingMode::tfl)) {
        return std::pair{stream::Scale{once.multiplier, once.shift}, stream::Rounding::tfl};
    }
    constexpr std::int64_t largest = 255;
    const arith::Multiplier halves = arith::multiplier_for_halves(factor, largest);
    if (is_same(halves, arith::RoundingMode::natural)) {
        return std::pair{stream::Scale{halves.multiplier, halves.shift}, stream::Rounding::natural};
    }
    return std::nullopt;
}

/// ADD or SUB of a map and one that a PAD gives further channels, all zero: the channels that both
/// have, then those of the other alone.
void lower_padded_sum(Lowering& lowering, ElementwiseMode mode, const Operator& pad) {
    const bool first_is_padded = lowering.op().inputs[0] == pad.outputs[0];
    const std::size_t at = first_is_padded ? 1 : 0;
    const View padded = lowering.view(pad.inputs[0]);
    const View other = lowering.input_view(at);
    const View ofm = lowering.output_view();
    const double a = scale_of(lowering.input(0)), b = scale_of(lowering.input(1));
    const double out = scale_of(lowering.output());
    const auto sum = [&](const View& map, const View& result, std::string_view suffix) -> NpuOp& {
        NpuOp& npu = lowering.add(KernelKind::elementwise, map, result, suffix);
        npu.kernel.elementwise_mode = mode;
        npu.kernel.broadcast.swap_operands = first_is_padded;
        npu.ifm2 = padded;
        scale_sum(npu, a, b, out);
        return npu;
    };
    const Extent both = padded.extent;
    const Extent rest{both.h, both.w, ofm.extent.c - both.c};
    lowering.activate(
        sum(lowering.part(other, 0, 0, 0, both), lowering.part(ofm, 0, 0, 0, both), {}));
    const View more = lowering.part(other, 0, 0, both.c, rest);
    const View result = lowering.part(ofm, 0, 0, both.c, rest);
    const bool keeps_sign = mode == ElementwiseMode::add || !first_is_padded;
    const auto scaling =
        rescale_of_sum(lowering.input(at), lowering.input(1 - at), lowering.output());
    if (keeps_sign && scaling) {
        NpuOp& npu = lowering.rescale(more, result, "rest");
        npu.kernel.ofm_scale = scaling->first;
        npu.kernel.rounding = scaling->second;
        lowering.activate(npu);
        return;
    }
    NpuOp& npu = sum(more, result, "rest");
    npu.kernel.broadcast.scalar = true;
    npu.kernel.ifm2_scalar = padded.zero_point;
    npu.ifm2 = {};
    npu.ifm2.type = padded.type;
    npu.ifm2.zero_point = padded.zero_point;
    lowering.activate(npu);
}

/// ADD and SUB.
void lower_sum_of_two(Lowering& lowering, ElementwiseMode mode) {
    const Program& program = lowering.program();
    const std::int32_t pad = program.fused_pad[static_cast<std::size_t>(lowering.index())];
    if (pad != no_operator) {
        lower_padded_sum(lowering, mode, program.op(pad));
        return;
    }
    NpuOp& npu = binary(lowering, mode);
    if (npu.ofm.type != stream::DataType::s32) {
        scale_sum(npu, scale_of(lowering.input(0)), scale_of(lowering.input(1)),
                  scale_of(lowering.output()));
    }
    lowering.activate(npu);
}

}  // namespace

std::string support_binary(const Candidate& candidate) {
    const Tensor& a = candidate.input(0);
    const Tensor& b = candidate.input(1);
    if (a.type != b.type) {
        return fmt::format("inputs are {} and {}", to_string(a.type), to_string(b.type));
    }
    if (a.type != candidate.output().type) {
        return fmt::format("inputs are {} and the output {}", to_string(a.type),
                           to_string(candidate.output().type));
    }
    const Extent ea = extent_of(a.shape);
    const Extent eb = extent_of(b.shape);
    const Extent eo = extent_of(candidate.output().shape);
    const auto fits = [&](const Extent& e) {
        return (e.h == 1 || e.h == eo.h) && (e.w == 1 || e.w == eo.w) && (e.c == 1 || e.c == eo.c);
    };
    if (!fits(ea) || !fits(eb)) return "shapes cannot be broadcast";
    if (a.shape.size() == 4 && b.shape.size() == 4 && a.shape[0] != b.shape[0] &&
        (a.shape[1] != 1 || b.shape[1] != 1)) {
        return "the batch is broadcast";
    }
    if (a.data && b.data) return "both inputs are constant";
    if (a.type == ElementType::int32 && activation_of(candidate.op()) != Activation::none) {
        return "the clamp of a fused activation has 16 bits: int32 has none";
    }
    return {};
}

void lower_add(Lowering& lowering) { lower_sum_of_two(lowering, ElementwiseMode::add); }

void lower_sub(Lowering& lowering) { lower_sum_of_two(lowering, ElementwiseMode::sub); }

void lower_mul(Lowering& lowering) {
    NpuOp& npu = binary(lowering, ElementwiseMode::mul);
    if (npu.ofm.type != stream::DataType::s32) {
        const float sa = scale(lowering.input(0));
        const float sb = scale(lowering.input(1));
        npu.kernel.global_scale = true;
        npu.kernel.ofm_scale = quantised(static_cast<double>(sa * sb / scale(lowering.output())));
    }
    lowering.activate(npu);
}

std::string support_extremum(const Candidate& candidate) {
    if (auto text = support_binary(candidate); !text.empty()) return text;
    const Tensor& a = candidate.input(0);
    if (!same_quantization(a, candidate.input(1)) || !same_quantization(a, candidate.output())) {
        return "MINIMUM and MAXIMUM need equal scales";
    }
    return {};
}

void lower_minimum(Lowering& lowering) {
    lowering.activate(binary(lowering, ElementwiseMode::min));
}

void lower_maximum(Lowering& lowering) {
    lowering.activate(binary(lowering, ElementwiseMode::max));
}

std::string support_squared_difference(const Candidate& candidate) {
    if (auto text = support_binary(candidate); !text.empty()) return text;
    if (!is_8_bit(candidate.input(0).type)) return "only 8-bit SQUARED_DIFFERENCE is lowered";
    return {};
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

}  // namespace u65sim::compiler
