// Access to operands of CPU kernels: sizes, integer lists, elements as numbers.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "arith/cpu_kernels.hpp"

namespace u65sim::arith {

using CpuBytes = std::vector<std::uint8_t>;

/// What every kernel gets.
struct CpuCall {
    const Operator& op;
    std::span<const CpuOperand> inputs;
    std::span<const Tensor* const> outputs;

    /// Throws InvalidModel when operand `index` is missing.
    [[nodiscard]] const CpuOperand& input(std::size_t index) const;
    [[nodiscard]] bool has_input(std::size_t index) const;
    [[nodiscard]] const Tensor& output(std::size_t index = 0) const;
    [[noreturn]] void not_executable(const std::string& why) const;
    [[noreturn]] void invalid(const std::string& why) const;
    /// The attributes, which must be of type T.
    template <class T>
    [[nodiscard]] const T& attributes() const {
        const T* found = std::get_if<T>(&op.attributes);
        if (found == nullptr) invalid("attributes of another operator");
        return *found;
    }
};

std::int64_t elements(const Tensor& tensor);
std::size_t bytes_of_element(const Tensor& tensor);
/// An int32 or int64 tensor as integers; throws InvalidModel for other types.
std::vector<std::int64_t> integers(const CpuCall& call, std::size_t index);
/// `axis` counted from the front; throws InvalidModel when it is outside of the rank.
std::size_t normalised_axis(const CpuCall& call, std::int64_t axis, std::size_t rank);
/// Lowest and highest raw value of an 8- or 16-bit integer type.
struct RawRange {
    std::int64_t low, high;
};
RawRange raw_range(const CpuCall& call, ElementType type);
/// Raw elements of any integer type.
std::vector<std::int64_t> raw_values(const CpuCall& call, const CpuOperand& operand);
CpuBytes store_raw(const CpuCall& call, ElementType type, std::span<const std::int64_t> values);
std::vector<float> float_values(const CpuCall& call, const CpuOperand& operand);
CpuBytes store_floats(std::span<const float> values);

// Kernels by kind; each returns one byte vector an output.
using CpuResults = std::vector<CpuBytes>;
CpuResults cpu_reshape(const CpuCall& call);
CpuResults cpu_transpose(const CpuCall& call);
CpuResults cpu_pad(const CpuCall& call);
CpuResults cpu_concatenation(const CpuCall& call);
CpuResults cpu_pack(const CpuCall& call);
CpuResults cpu_split(const CpuCall& call);
CpuResults cpu_slice(const CpuCall& call);
CpuResults cpu_strided_slice(const CpuCall& call);
CpuResults cpu_gather(const CpuCall& call);
CpuResults cpu_quantize(const CpuCall& call);
CpuResults cpu_dequantize(const CpuCall& call);
CpuResults cpu_cast(const CpuCall& call);
CpuResults cpu_softmax(const CpuCall& call);
CpuResults cpu_arg_max(const CpuCall& call);
CpuResults cpu_binary(const CpuCall& call);
CpuResults cpu_unary(const CpuCall& call);

}  // namespace u65sim::arith
