// CPU operators on plain numbers, without quantisation: divisions that round down, powers, sums.
#include <algorithm>
#include <cmath>

#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {
namespace {

std::int64_t floor_div(const CpuCall& call, std::int64_t a, std::int64_t b) {
    if (b == 0) call.invalid("a division by 0");
    if (b == -1) return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a));
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t floor_mod(const CpuCall& call, std::int64_t a, std::int64_t b) {
    if (b == 0) call.invalid("a division by 0");
    if (b == -1) return 0;
    const std::int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

float floor_mod(float a, float b) {
    const float rest = std::fmod(a, b);
    return rest != 0.0F && (rest < 0.0F) != (b < 0.0F) ? rest + b : rest;
}

/// Wraps around at the type's width when it is stored.
std::int64_t power(const CpuCall& call, std::int64_t base, std::int64_t exponent) {
    if (exponent < 0) call.invalid("a negative power of an integer");
    auto result = std::uint64_t{1};
    auto factor = static_cast<std::uint64_t>(base);
    for (; exponent > 0; exponent /= 2, factor *= factor) {
        if (exponent % 2 != 0) result *= factor;
    }
    return static_cast<std::int64_t>(result);
}

template <class Value>
Value combined(const CpuCall& call, Value a, Value b) {
    constexpr bool real = std::is_same_v<Value, float>;
    switch (call.op.type) {
        case OpType::floor_div:
            if constexpr (real)
                return std::floor(a / b);
            else
                return floor_div(call, a, b);
        case OpType::floor_mod:
            if constexpr (real)
                return floor_mod(a, b);
            else
                return floor_mod(call, a, b);
        case OpType::pow:
            if constexpr (real)
                return std::pow(a, b);
            else
                return power(call, a, b);
        default:
            call.not_executable("no kernel for this operator");
    }
}

template <class Value>
std::vector<Value> paired(const CpuCall& call, const std::vector<Value>& a,
                          const std::vector<Value>& b) {
    std::vector<Value> result(static_cast<std::size_t>(elements(call.output())));
    for (std::size_t i = 0; i < result.size(); ++i) {
        const std::size_t from_a = broadcast_position(call, call.input(0).tensor->shape, i);
        const std::size_t from_b = broadcast_position(call, call.input(1).tensor->shape, i);
        if (from_a >= a.size() || from_b >= b.size()) call.invalid("operand shapes disagree");
        result[i] = combined(call, a[from_a], b[from_b]);
    }
    return result;
}

template <class Value>
Value sum_of(Value a, Value b) {
    if constexpr (std::is_same_v<Value, float>)
        return a + b;
    else
        return static_cast<Value>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

/// Running sums along `axis`.
template <class Value>
std::vector<Value> running(const CpuCall& call, const std::vector<Value>& values,
                           std::size_t axis) {
    const auto& form = call.attributes<CumsumAttributes>();
    const Shape& shape = call.input(0).tensor->shape;
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < shape.size(); ++i) {
        inner *= static_cast<std::size_t>(shape[i]);
    }
    const auto extent = static_cast<std::size_t>(shape[axis]);
    std::vector<Value> result(values.size());
    if (values.empty()) return result;
    for (std::size_t line = 0; line < values.size() / extent; ++line) {
        const std::size_t first = line / inner * extent * inner + line % inner;
        Value sum{0};
        for (std::size_t i = 0; i < extent; ++i) {
            const std::size_t at = first + (form.reverse ? extent - 1 - i : i) * inner;
            const Value next = sum_of(sum, values[at]);
            result[at] = form.exclusive ? sum : next;
            sum = next;
        }
    }
    return result;
}

void require_plain(const CpuCall& call, const Tensor& tensor) {
    const bool narrow = bytes_of_element(tensor) < 4;
    if (narrow && !tensor.quantization.empty()) {
        call.not_executable("no kernel for quantised operands");
    }
}

}  // namespace

CpuResults cpu_number_pair(const CpuCall& call) {
    const CpuOperand& a = call.input(0);
    const CpuOperand& b = call.input(1);
    if (a.tensor->type != b.tensor->type || a.tensor->type != call.output().type) {
        call.not_executable("operands of different types");
    }
    if (is_float(*a.tensor)) {
        return {store_floats(paired(call, float_values(call, a), float_values(call, b)))};
    }
    return {
        store_raw(call, a.tensor->type, paired(call, raw_values(call, a), raw_values(call, b)))};
}

CpuResults cpu_cumsum(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const auto axis_value = integers(call, 1);
    if (axis_value.size() != 1) call.invalid("the axis must be one integer");
    const std::size_t axis = normalised_axis(call, axis_value.front(), input.tensor->shape.size());
    if (is_float(*input.tensor)) {
        return {store_floats(running(call, float_values(call, input), axis))};
    }
    require_plain(call, *input.tensor);
    return {store_raw(call, call.output().type, running(call, raw_values(call, input), axis))};
}

CpuResults cpu_add_n(const CpuCall& call) {
    const bool real = is_float(call.output());
    if (!real) require_plain(call, call.output());
    std::vector<float> sums;
    std::vector<std::int64_t> whole_sums;
    const auto add = [&](auto& to, const auto& values) {
        if (to.empty()) to.resize(values.size(), 0);
        if (to.size() != values.size()) call.invalid("operand shapes disagree");
        for (std::size_t i = 0; i < to.size(); ++i) to[i] = sum_of(to[i], values[i]);
    };
    for (std::size_t k = 0; k < call.inputs.size(); ++k) {
        if (real) {
            add(sums, float_values(call, call.input(k)));
        } else {
            add(whole_sums, raw_values(call, call.input(k)));
        }
    }
    if (real) return {store_floats(sums)};
    return {store_raw(call, call.output().type, whole_sums)};
}

}  // namespace u65sim::arith
