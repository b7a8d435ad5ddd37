// Access to operands of CPU kernels: sizes, integer lists, elements as numbers.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "arith/cpu_kernels.hpp"
#include "arith/tables.hpp"
#include "base/integer_range.hpp"

namespace u65sim::arith {

using CpuBytes = std::vector<std::uint8_t>;

/// What every kernel gets.
struct CpuCall {
    const Operator& op;
    std::span<const CpuOperand> inputs;
    std::span<const Tensor* const> outputs;
    std::span<const Tensor* const> intermediates;

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
inline bool is_float(const Tensor& tensor) { return tensor.type == ElementType::float32; }
/// A fused activation of a float operator.
float activated(const CpuCall& call, Activation activation, float value);
std::size_t bytes_of_element(const Tensor& tensor);
/// An int32 or int64 tensor as integers; throws InvalidModel for other types.
std::vector<std::int64_t> integers(const CpuCall& call, std::size_t index);
/// `axis` counted from the front; throws InvalidModel when it is outside of the rank.
std::size_t normalised_axis(const CpuCall& call, std::int64_t axis, std::size_t rank);
/// Lowest and highest raw value of a type; throws NotExecutable for types without kernels.
using RawRange = IntegerRange;
RawRange raw_range(const CpuCall& call, ElementType type);
/// The range of the type, narrowed by a fused clamp.
RawRange clamp_range(const CpuCall& call, const Tensor& output, Activation activation);
/// The tensor-wide quantisation, which must exist.
Affine affine_of(const CpuCall& call, const Tensor& tensor);
/// Position in an operand, whose extents of 1 repeat, of the output's element `linear`.
std::size_t broadcast_position(const CpuCall& call, const Shape& operand, std::size_t linear);
/// Rows or columns of padding before the map, for windows of `kernel` elements.
std::int64_t padding_before(Padding padding, std::int64_t input, std::int64_t output,
                            std::int64_t kernel, std::int64_t stride, std::int64_t dilation);
/// Calls visit(batch, row, column) in order.
template <class Visit>
void for_each_place(std::int64_t batches, std::int64_t rows, std::int64_t columns, Visit visit) {
    for (std::int64_t b = 0; b < batches; ++b) {
        for (std::int64_t y = 0; y < rows; ++y) {
            for (std::int64_t x = 0; x < columns; ++x) visit(b, y, x);
        }
    }
}
/// Raw elements of any integer type.
std::vector<std::int64_t> raw_values(const CpuCall& call, const CpuOperand& operand);
CpuBytes store_raw(const CpuCall& call, ElementType type, std::span<const std::int64_t> values);
std::vector<float> float_values(const CpuCall& call, const CpuOperand& operand);
CpuBytes store_floats(std::span<const float> values);

/// One byte vector an output, then the new ones of variable operands.
using CpuResults = std::vector<CpuBytes>;

}  // namespace u65sim::arith
