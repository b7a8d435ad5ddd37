// Operators of two operands that broadcast.
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

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

/// ADD and SUB.
void lower_sum_of_two(Lowering& lowering, ElementwiseMode mode) {
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

std::string support_prelu(const Candidate& candidate) {
    if (auto text = support_binary(candidate); !text.empty()) return text;
    const Tensor& map = candidate.input(0);
    if (map.data || extent_of(map.shape) != extent_of(candidate.output().shape)) {
        return "PRELU needs a slope that broadcasts to its input";
    }
    return {};
}

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
