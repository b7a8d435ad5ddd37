// Quantised operators of two maps on the CPU, broadcast as NumPy does.
#include <algorithm>
#include <bit>

#include "arith/cpu_kernel_table.hpp"
#include "arith/fixed_point.hpp"
#include "arith/rescale.hpp"

namespace u65sim::arith {
namespace {

/// Scales of both operands and the result, and what the operator makes of two raw elements.
class Combination {
public:
    explicit Combination(const CpuCall& call) : call_(call) {
        const Tensor& a = *call.input(0).tensor;
        const Tensor& b = *call.input(1).tensor;
        const Tensor& output = call.output();
        if (a.type != b.type || a.type != output.type || bytes_of_element(a) > 2) {
            call.not_executable("no CPU kernel for these element types");
        }
        a_ = affine_of(call, a);
        b_ = affine_of(call, b);
        out_ = affine_of(call, output);
        const auto* arithmetic = std::get_if<ArithmeticAttributes>(&call.op.attributes);
        range_ = clamp_range(call, output,
                             arithmetic == nullptr ? Activation::none : arithmetic->activation);
        const bool wide = bytes_of_element(a) == 2;
        const float product = a_.scale * b_.scale / out_.scale;
        switch (call.op.type) {
            case OpType::add:
            case OpType::sub:
                common_scale(wide ? 15 : 20);
                result_scale_ = quantise(largest_ / (static_cast<double>(1 << left_) * out_.scale));
                break;
            case OpType::squared_difference:
                common_scale(7);
                result_scale_ = quantise(largest_ * largest_ /
                                         (static_cast<double>(1 << 2 * left_) * out_.scale));
                break;
            case OpType::mul:
                result_scale_ = quantise(static_cast<double>(product));
                break;
            case OpType::div:
                if (wide) call.not_executable("no CPU kernel for these element types");
                result_scale_ = quantise(static_cast<double>(a_.scale / (b_.scale * out_.scale)));
                break;
            case OpType::prelu:
                result_scale_ = quantise(static_cast<double>(product));
                a_scale_ = quantise(static_cast<double>(a_.scale / out_.scale));
                break;
            case OpType::minimum:
            case OpType::maximum:
                if (a.quantization != output.quantization ||
                    b.quantization != output.quantization) {
                    call.not_executable("operands are quantised differently");
                }
                break;
            default:
                call.not_executable("no CPU kernel for quantised operands");
        }
    }

    [[nodiscard]] std::int64_t operator()(std::int64_t raw_a, std::int64_t raw_b) const {
        const auto a = static_cast<std::int32_t>(raw_a - a_.zero_point);
        const auto b = static_cast<std::int32_t>(raw_b - b_.zero_point);
        switch (call_.op.type) {
            case OpType::minimum:
                return std::min(raw_a, raw_b);
            case OpType::maximum:
                return std::max(raw_a, raw_b);
            case OpType::add:
                return finish(common(a, a_scale_) + common(b, b_scale_), result_scale_);
            case OpType::sub:
                return finish(common(a, a_scale_) - common(b, b_scale_), result_scale_);
            case OpType::squared_difference: {
                const std::int32_t difference = common(a, a_scale_) - common(b, b_scale_);
                return finish(difference * difference, result_scale_);
            }
            case OpType::div:
                return quotient(a, b);
            case OpType::prelu:
                return a >= 0 ? finish(a, a_scale_) : finish(a * b, result_scale_);
            case OpType::mul:
                return finish(a * b, result_scale_);
            default:
                call_.not_executable("no CPU kernel for quantised operands");
        }
    }

private:
    /// a times the fixed-point reciprocal of b, with as many bits of a as there is room for.
    [[nodiscard]] std::int64_t quotient(std::int32_t a, std::int32_t b) const {
        if (b == 0) call_.invalid("a division by 0");
        if (b < 0) {
            a = -a;
            b = -b;
        }
        const int zeros = std::countl_zero(static_cast<std::uint32_t>(b));
        const std::uint32_t fraction = (static_cast<std::uint32_t>(b) << zeros) - (1U << 31);
        const std::int32_t reciprocal = one_over_one_plus_x(static_cast<std::int32_t>(fraction));
        const int room = std::countl_zero(static_cast<std::uint32_t>(a < 0 ? ~a : a)) - 1;
        const auto widest = static_cast<std::int32_t>(static_cast<std::uint32_t>(a) << room);
        const std::int32_t unscaled = saturating_rounding_doubling_high_mul(widest, reciprocal);
        const int right = result_scale_.shift - 31 + (31 - zeros) + room;
        const std::int32_t scaled =
            rescale_by_pot(saturating_rounding_doubling_high_mul(
                               unscaled, static_cast<std::int32_t>(result_scale_.multiplier)),
                           -right);
        return std::clamp<std::int64_t>(std::int64_t{scaled} + out_.zero_point, range_.low,
                                        range_.high);
    }

    /// Both operands at twice the larger scale, `left` bits up.
    void common_scale(int left) {
        left_ = left;
        largest_ = 2 * static_cast<double>(std::max(a_.scale, b_.scale));
        a_scale_ = quantise(a_.scale / largest_);
        b_scale_ = quantise(b_.scale / largest_);
    }
    [[nodiscard]] std::int32_t common(std::int32_t value, Multiplier scale) const {
        return multiply_by_quantised(value * (1 << left_), scale);
    }
    [[nodiscard]] std::int64_t finish(std::int32_t value, Multiplier scale) const {
        return std::clamp<std::int64_t>(
            std::int64_t{multiply_by_quantised(value, scale)} + out_.zero_point, range_.low,
            range_.high);
    }

    const CpuCall& call_;
    Affine a_, b_, out_;
    RawRange range_{};
    int left_ = 0;
    double largest_ = 0.0;
    Multiplier a_scale_, b_scale_, result_scale_;
};

}  // namespace

CpuResults cpu_quantised_binary(const CpuCall& call) {
    const Combination combine{call};
    const Tensor& output = call.output();
    const auto a = raw_values(call, call.input(0));
    const auto b = raw_values(call, call.input(1));
    std::vector<std::int64_t> result(static_cast<std::size_t>(elements(output)));
    for (std::size_t i = 0; i < result.size(); ++i) {
        const std::size_t at_a = broadcast_position(call, call.input(0).tensor->shape, i);
        const std::size_t at_b = broadcast_position(call, call.input(1).tensor->shape, i);
        if (at_a >= a.size() || at_b >= b.size()) call.invalid("operand shapes disagree");
        result[i] = combine(a[at_a], b[at_b]);
    }
    return {store_raw(call, output.type, result)};
}

CpuResults cpu_leaky_relu16(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    const Affine in = affine_of(call, *input.tensor);
    const Affine out = affine_of(call, output);
    const float alpha = call.attributes<LeakyReluAttributes>().alpha;
    const float slope = in.scale * alpha / out.scale;
    if (slope < 0.0F) call.not_executable("no kernel for a negative slope");
    const Multiplier above = quantise(static_cast<double>(in.scale / out.scale));
    const Multiplier below = quantise(static_cast<double>(slope));
    const RawRange range = raw_range(call, output.type);
    auto raw = raw_values(call, input);
    for (std::int64_t& value : raw) {
        const auto centred = static_cast<std::int32_t>(value - in.zero_point);
        value = std::clamp<std::int64_t>(
            std::int64_t{multiply_by_quantised(centred, centred >= 0 ? above : below)} +
                out.zero_point,
            range.low, range.high);
    }
    return {store_raw(call, output.type, raw)};
}

}  // namespace u65sim::arith
