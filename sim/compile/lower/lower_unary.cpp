// Operators of one operand, element by element.
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "arith/scaling.hpp"
#include "arith/table_function.hpp"
#include "compile/lower/elementwise.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"
#include "ir/builtins.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

using stream::ElementwiseMode;
using stream::KernelKind;

std::string support_clamp(const Candidate& candidate) { return candidate.same_type(); }

void lower_clamp(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    NpuOp& npu = lowering.rescale(ifm, lowering.output_view());
    const Clamp clamp = clamp_of(*ir::clamp_of(lowering.op().type), lowering.output());
    npu.kernel.activation.min = clamp.min;
    npu.kernel.activation.max = clamp.max;
}

std::string support_quantize(const Candidate&) { return {}; }

void lower_quantize(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    lowering.rescale(ifm, lowering.output_view());
}

std::string support_neg(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    if (candidate.map().type != ElementType::int32) return "only int32 NEG is lowered";
    return {};
}

/// Nothing less the element.
void lower_neg(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
    npu.kernel.elementwise_mode = ElementwiseMode::sub;
    npu.kernel.broadcast.scalar = npu.kernel.broadcast.swap_operands = true;
    npu.ifm2 = {};
    npu.ifm2.type = ifm.type;
    unscaled(npu);
    npu.may_overwrite_ifm = true;
}

std::string support_abs(const Candidate& candidate) { return candidate.same_type(); }

void lower_abs(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
    npu.kernel.elementwise_mode = ElementwiseMode::abs;
    npu.kernel.global_scale = true;
    npu.kernel.ofm_scale = quantised(
        static_cast<double>(static_cast<float>(ifm.scale) / static_cast<float>(ofm.scale)));
    npu.may_overwrite_ifm = true;
}

namespace {

std::string no_look_up(const Candidate& candidate) {
    return fmt::format("{} on {} has no look-up form", ir::kind_name(candidate.op()),
                       to_string(candidate.map().type));
}

/// Each element as the copying pool leaves it, looked up.
void look_up_copied(Lowering& lowering, const View& ifm, const View& ofm,
                    std::vector<std::uint8_t> table) {
    NpuOp& npu = lowering.copy(ifm, ofm, {});
    npu.kernel.activation.function = 16;
    npu.lut = std::move(table);
}

}  // namespace

void look_up_8(Lowering& lowering, const View& ifm, const View& ofm,
               std::vector<std::uint8_t> table) {
    const LookUp8 behind = lowering.program().rules.look_up;
    if (behind == LookUp8::behind_pool) {
        look_up_copied(lowering, ifm, ofm, std::move(table));
        return;
    }
    NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
    npu.kernel.broadcast.scalar = true;
    npu.ifm2 = {};
    npu.ifm2.type = ifm.type;
    if (behind == LookUp8::behind_addition) {
        npu.kernel.elementwise_mode = ElementwiseMode::add;
        npu.ofm.zero_point = ifm.zero_point;
        npu.kernel.global_scale = true;
        npu.kernel.opa_scale = npu.kernel.opb_scale = {1, 0};
        npu.kernel.ofm_scale = {1, 0};
    } else {
        npu.kernel.elementwise_mode = ElementwiseMode::max;
        npu.kernel.ifm2_scalar = full_clamp(ifm.type).min;
        npu.ifm.zero_point = npu.ofm.zero_point = 0;
    }
    npu.kernel.activation.function = 16;
    npu.lut = std::move(table);
    npu.may_overwrite_ifm = true;
}

namespace {

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

/// 16 bits: the output unit's own sigmoid or tanh, which take real * 12288.
void use_unit_16(Lowering& lowering, const View& ifm, const View& ofm, bool is_tanh) {
    NpuOp& npu = lowering.rescale(ifm, ofm);
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

std::string support_curve8(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    return is_8_bit(candidate.map().type) ? std::string{} : no_look_up(candidate);
}

std::string support_curve(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    const ElementType type = candidate.map().type;
    return is_8_bit(type) || type == ElementType::int16 ? std::string{} : no_look_up(candidate);
}

void lower_curve(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    if (ifm.type != stream::DataType::s16) {
        look_up_8(lowering, ifm, ofm, table_of(lowering.program(), lowering.op()));
        return;
    }
    look_up_copied(lowering, ifm, ofm, table_of(lowering.program(), lowering.op()));
}

void lower_logistic(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    if (ifm.type == stream::DataType::s16) {
        use_unit_16(lowering, ifm, ofm, false);
    } else {
        look_up_8(lowering, ifm, ofm, table_of(lowering.program(), lowering.op()));
    }
}

void lower_tanh(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    if (ifm.type == stream::DataType::s16) {
        use_unit_16(lowering, ifm, ofm, true);
    } else {
        look_up_8(lowering, ifm, ofm, table_of(lowering.program(), lowering.op()));
    }
}

std::string support_rsqrt(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    if (candidate.map().type == ElementType::uint8) return "RSQRT has a table for int8 only";
    return support_curve(candidate);
}

std::string support_leaky_relu(const Candidate& candidate) {
    if (candidate.map().type != ElementType::int16) return support_curve8(candidate);
    if (auto text = candidate.same_type(); !text.empty()) return text;
    const auto* leaky = std::get_if<LeakyReluAttributes>(&candidate.op().attributes);
    if (leaky && leaky->alpha >= 0 && zero_point(candidate.map()) == 0 &&
        zero_point(candidate.output()) == 0) {
        return {};
    }
    return "LEAKY_RELU on int16 needs zero points of 0 and a slope of at least 0";
}

/// 16 bits: the element-wise unit's own LRELU where the scales agree.
void lower_leaky_relu(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    if (ifm.type != stream::DataType::s16) {
        look_up_8(lowering, ifm, ofm, table_of(lowering.program(), lowering.op()));
        return;
    }
    const float alpha = std::get<LeakyReluAttributes>(lowering.op().attributes).alpha;
    if (!same_quantization(lowering.input(0), lowering.output()) || !(alpha > 0)) {
        lower_leaky_relu_16(lowering, ifm, ofm, alpha);
        return;
    }
    NpuOp& npu = lowering.add(KernelKind::elementwise, ifm, ofm);
    npu.kernel.elementwise_mode = ElementwiseMode::lrelu;
    npu.kernel.global_scale = true;
    npu.kernel.ofm_scale = quantised(static_cast<double>(alpha));
    npu.may_overwrite_ifm = true;
}

}  // namespace u65sim::compiler
