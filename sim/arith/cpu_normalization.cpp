// L2_NORMALIZATION: each row of the depth divided by its length.
#include <algorithm>
#include <cmath>

#include "arith/cpu_kernel_table.hpp"
#include "arith/fixed_point.hpp"

namespace u65sim::arith {

CpuResults cpu_l2_normalization(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    if (call.attributes<NormalizationAttributes>().activation != Activation::none) {
        call.not_executable("no kernel with a fused activation");
    }
    if (input.tensor->shape.empty() || input.tensor->shape.back() < 1) {
        call.invalid("a length of no elements");
    }
    const auto depth = static_cast<std::size_t>(input.tensor->shape.back());
    if (is_float(*input.tensor)) {
        auto values = float_values(call, input);
        for (std::size_t at = 0; at < values.size(); at += depth) {
            const auto row = std::span{values}.subspan(at, depth);
            float sum = 0.0F;
            for (const float value : row) sum += value * value;
            const float length = std::max(std::sqrt(sum), 1e-6F);
            for (float& value : row) value /= length;
        }
        return {store_floats(values)};
    }
    const Affine in = affine_of(call, *input.tensor);
    const RawRange range = raw_range(call, output.type);
    if (bytes_of_element(output) != 1 || output.type != input.tensor->type) {
        call.not_executable("no kernel for this element type");
    }
    // The result is always quantised to -1..1.
    const std::int64_t zero = output.type == ElementType::uint8 ? 128 : 0;
    auto raw = raw_values(call, input);
    for (std::size_t at = 0; at < raw.size(); at += depth) {
        const auto row = std::span{raw}.subspan(at, depth);
        std::int64_t sum = 0;
        for (const std::int64_t value : row) {
            sum += (value - in.zero_point) * (value - in.zero_point);
        }
        if (sum > INT32_MAX) call.not_executable("the squares of a row leave 32 bits");
        const InverseSquareRoot root = inverse_square_root(static_cast<std::int32_t>(sum));
        // 128 steps to the unit: the signed kernel scales up in the multiplier, the unsigned one
        // before it.
        const int up = output.type == ElementType::uint8 ? 7 : 0;
        const Multiplier scale{static_cast<std::uint32_t>(root.significand),
                               31 - root.exponent - (7 - up)};
        for (std::int64_t& value : row) {
            const auto scaled = static_cast<std::int32_t>((value - in.zero_point) * (1 << up));
            value = std::clamp(multiply_by_quantised(scaled, scale) + zero, range.low, range.high);
        }
    }
    return {store_raw(call, output.type, raw)};
}

}  // namespace u65sim::arith
