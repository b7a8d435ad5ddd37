// CPU operators that make tensors from shapes and numbers.
#include <algorithm>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {

CpuResults cpu_fill(const CpuCall& call) {
    const auto value = call.input(1).bytes;
    const Tensor& output = call.output();
    if (value.size() != bytes_of_element(output)) call.invalid("the value must be one element");
    CpuBytes result;
    for (std::int64_t i = 0; i < elements(output); ++i) {
        result.insert(result.end(), value.begin(), value.end());
    }
    return {result};
}

CpuResults cpu_range(const CpuCall& call) {
    const Tensor& output = call.output();
    const auto count = static_cast<std::size_t>(elements(output));
    for (const std::size_t i : {0, 1, 2}) {
        if (elements(*call.input(i).tensor) != 1) call.invalid("operands must be one number each");
    }
    if (is_float(output)) {
        const float start = float_values(call, call.input(0)).front();
        const float step = float_values(call, call.input(2)).front();
        std::vector<float> values;
        float value = start;
        for (std::size_t i = 0; i < count; ++i, value += step) values.push_back(value);
        return {store_floats(values)};
    }
    const std::int64_t start = integers(call, 0).front();
    const std::int64_t step = integers(call, 2).front();
    std::vector<std::int64_t> values;
    auto value = static_cast<std::uint64_t>(start);
    for (std::size_t i = 0; i < count; ++i, value += static_cast<std::uint64_t>(step)) {
        values.push_back(static_cast<std::int64_t>(value));
    }
    return {store_raw(call, output.type, values)};
}

CpuResults cpu_zeros_like(const CpuCall& call) { return {CpuBytes(call.input(0).bytes.size(), 0)}; }

CpuResults cpu_rank(const CpuCall& call) {
    const auto rank = static_cast<std::int64_t>(call.input(0).tensor->shape.size());
    return {store_raw(call, call.output().type, std::span{&rank, 1})};
}

CpuResults cpu_broadcast_args(const CpuCall& call) {
    auto a = integers(call, 0);
    auto b = integers(call, 1);
    const std::size_t rank = std::max(a.size(), b.size());
    a.insert(a.begin(), rank - a.size(), 1);
    b.insert(b.begin(), rank - b.size(), 1);
    for (std::size_t i = 0; i < rank; ++i) {
        if (a[i] != b[i] && a[i] != 1 && b[i] != 1) {
            call.invalid(fmt::format("extents {} and {} do not broadcast", a[i], b[i]));
        }
        if (a[i] == 1) a[i] = b[i];
    }
    return {store_raw(call, call.output().type, a)};
}

}  // namespace u65sim::arith
