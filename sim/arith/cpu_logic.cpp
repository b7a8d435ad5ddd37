// CPU operators with truth values: comparisons, logic, selection.
#include <algorithm>
#include <functional>

#include "arith/cpu_kernel_table.hpp"
#include "arith/fixed_point.hpp"

namespace u65sim::arith {
namespace {

/// result[i] = combine(a's element, b's element) for every element of the output.
template <class Value, class Combine>
std::vector<std::int64_t> paired(const CpuCall& call, const std::vector<Value>& a,
                                 const std::vector<Value>& b, Combine combine) {
    std::vector<std::int64_t> result(static_cast<std::size_t>(elements(call.output())));
    for (std::size_t i = 0; i < result.size(); ++i) {
        const std::size_t from_a = broadcast_position(call, call.input(0).tensor->shape, i);
        const std::size_t from_b = broadcast_position(call, call.input(1).tensor->shape, i);
        if (from_a >= a.size() || from_b >= b.size()) call.invalid("operand shapes disagree");
        result[i] = combine(a[from_a], b[from_b]) ? 1 : 0;
    }
    return result;
}

/// Quantised elements at 256 times their real value, in the reference's integer steps.
std::vector<std::int64_t> scaled_up(const CpuCall& call, const CpuOperand& operand) {
    constexpr std::int32_t up = 1 << 8;
    const Affine affine = affine_of(call, *operand.tensor);
    const Multiplier scale = quantise(static_cast<double>(affine.scale));
    auto raw = raw_values(call, operand);
    for (std::int64_t& value : raw) {
        const auto centred = static_cast<std::int32_t>(value - affine.zero_point);
        value = multiply_by_quantised(centred * up, scale);
    }
    return raw;
}

}  // namespace

template <class Holds>
CpuResults cpu_comparison(const CpuCall& call) {
    const CpuOperand& a = call.input(0);
    const CpuOperand& b = call.input(1);
    if (a.tensor->type != b.tensor->type) call.not_executable("operands of different types");
    const Holds combine;
    std::vector<std::int64_t> result;
    if (is_float(*a.tensor)) {
        result = paired(call, float_values(call, a), float_values(call, b), combine);
    } else if (bytes_of_element(*a.tensor) >= 4 || a.tensor->type == ElementType::boolean) {
        result = paired(call, raw_values(call, a), raw_values(call, b), combine);
    } else if (bytes_of_element(*a.tensor) == 1) {
        result = paired(call, scaled_up(call, a), scaled_up(call, b), combine);
    } else {
        call.not_executable("no comparison of this element type");
    }
    return {store_raw(call, call.output().type, result)};
}

template CpuResults cpu_comparison<std::equal_to<>>(const CpuCall& call);
template CpuResults cpu_comparison<std::not_equal_to<>>(const CpuCall& call);
template CpuResults cpu_comparison<std::less<>>(const CpuCall& call);
template CpuResults cpu_comparison<std::less_equal<>>(const CpuCall& call);
template CpuResults cpu_comparison<std::greater<>>(const CpuCall& call);
template CpuResults cpu_comparison<std::greater_equal<>>(const CpuCall& call);

CpuResults cpu_logical(const CpuCall& call) {
    const auto a = raw_values(call, call.input(0));
    std::vector<std::int64_t> result;
    if (call.op.type == OpType::logical_not) {
        for (const std::int64_t value : a) result.push_back(value == 0 ? 1 : 0);
    } else {
        const bool both = call.op.type == OpType::logical_and;
        result = paired(call, a, raw_values(call, call.input(1)),
                        [both](std::int64_t x, std::int64_t y) {
                            return both ? x != 0 && y != 0 : x != 0 || y != 0;
                        });
    }
    return {store_raw(call, call.output().type, result)};
}

// SELECT's condition has the operands' shape, one element, or one element for each outermost slice.
CpuResults cpu_select(const CpuCall& call) {
    const Tensor& output = call.output();
    const std::size_t size = bytes_of_element(output);
    const auto condition = raw_values(call, call.input(0));
    const auto count = static_cast<std::size_t>(elements(output));
    const Shape& shape = call.input(0).tensor->shape;
    const bool by_slice = call.op.type == OpType::select && shape.size() == 1 &&
                          !output.shape.empty() && shape[0] == output.shape[0];
    if (by_slice && condition.empty()) return {CpuBytes{}};
    CpuBytes result(count * size);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t which =
            by_slice ? i / (count / condition.size()) : broadcast_position(call, shape, i);
        if (which >= condition.size()) call.invalid("operand shapes disagree");
        const CpuOperand& from = call.input(condition[which] != 0 ? 1 : 2);
        const std::size_t at = broadcast_position(call, from.tensor->shape, i) * size;
        if (bytes_of_element(*from.tensor) != size || at + size > from.bytes.size()) {
            call.invalid("operand shapes disagree");
        }
        std::memcpy(result.data() + i * size, from.bytes.data() + at, size);
    }
    return {result};
}

}  // namespace u65sim::arith
