// One operator of the CPU with its operands, for tests of kernels.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <u65sim/graph.hpp>

#include "arith/cpu_kernels.hpp"

namespace u65sim::test {

using Bytes8 = std::vector<std::uint8_t>;

template <class Value>
Bytes8 bytes_of(const std::vector<Value>& values) {
    Bytes8 bytes(values.size() * sizeof(Value));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}
template <class Value>
std::vector<Value> values_of(const Bytes8& bytes) {
    std::vector<Value> values(bytes.size() / sizeof(Value));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

/// One operator with its operands.
struct Case {
    Operator op;
    std::vector<Tensor> tensors;
    std::vector<Bytes8> data;
    std::vector<Tensor> outputs;

    Case(OpType type, Attributes attributes = {}) {
        op.name = "op";
        op.type = type;
        op.attributes = std::move(attributes);
    }
    static Tensor tensor(ElementType type, Shape shape, float scale, std::int64_t zero) {
        Tensor result;
        result.type = type;
        result.shape = std::move(shape);
        if (scale > 0) result.quantization = {{scale}, {zero}, 0};
        return result;
    }
    template <class Value>
    Case& operand(ElementType type, Shape shape, const std::vector<Value>& values, float scale = 0,
                  std::int64_t zero = 0) {
        tensors.push_back(tensor(type, std::move(shape), scale, zero));
        data.push_back(bytes_of(values));
        return *this;
    }
    Case& output(ElementType type, Shape shape, float scale = 0, std::int64_t zero = 0) {
        outputs.push_back(tensor(type, std::move(shape), scale, zero));
        return *this;
    }
    [[nodiscard]] std::vector<Bytes8> run() const {
        std::vector<arith::CpuOperand> operands;
        for (std::size_t i = 0; i < tensors.size(); ++i) operands.push_back({&tensors[i], data[i]});
        std::vector<const Tensor*> results;
        for (const Tensor& result : outputs) results.push_back(&result);
        return arith::run_cpu_operator(op, operands, results);
    }
    template <class Value>
    [[nodiscard]] std::vector<Value> result(std::size_t which = 0) const {
        return values_of<Value>(run().at(which));
    }
};

using I8 = std::vector<std::int8_t>;
using I16 = std::vector<std::int16_t>;
using I32 = std::vector<std::int32_t>;
using F32 = std::vector<float>;
constexpr auto int8 = ElementType::int8;
constexpr auto int16 = ElementType::int16;
constexpr auto int32 = ElementType::int32;
constexpr auto float32 = ElementType::float32;

}  // namespace u65sim::test
