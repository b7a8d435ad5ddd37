// Access to operands of CPU kernels: sizes, integer lists, elements as numbers.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "arith/cpu_kernels.hpp"
#include "arith/tables.hpp"

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
/// Lowest and highest raw value of an 8- or 16-bit integer type.
struct RawRange {
    std::int64_t low, high;
};
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
float raw_to_float(std::int64_t raw, Affine from);
/// Elements of a float16 tensor.
std::vector<float> half_values(const CpuOperand& operand);
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
CpuResults cpu_space_to_batch(const CpuCall& call);
CpuResults cpu_quantize(const CpuCall& call);
CpuResults cpu_dequantize(const CpuCall& call);
CpuResults cpu_cast(const CpuCall& call);
CpuResults cpu_softmax(const CpuCall& call);
/// ARG_MAX and ARG_MIN.
CpuResults cpu_arg_max(const CpuCall& call);
CpuResults cpu_binary(const CpuCall& call);
CpuResults cpu_unary(const CpuCall& call);
CpuResults cpu_convolution(const CpuCall& call);
CpuResults cpu_transpose_convolution(const CpuCall& call);
CpuResults cpu_fully_connected(const CpuCall& call);
CpuResults cpu_batch_matmul(const CpuCall& call);
CpuResults cpu_pool(const CpuCall& call);
CpuResults cpu_mean(const CpuCall& call);
/// REDUCE_MAX and REDUCE_MIN.
CpuResults cpu_reduce_max(const CpuCall& call);
CpuResults cpu_sum(const CpuCall& call);
CpuResults cpu_tile(const CpuCall& call);
CpuResults cpu_reverse(const CpuCall& call);
CpuResults cpu_space_to_depth(const CpuCall& call);
CpuResults cpu_broadcast_to(const CpuCall& call);
CpuResults cpu_comparison(const CpuCall& call);
CpuResults cpu_logical(const CpuCall& call);
CpuResults cpu_select(const CpuCall& call);
CpuResults cpu_l2_normalization(const CpuCall& call);
CpuResults cpu_shape(const CpuCall& call);
CpuResults cpu_log_softmax(const CpuCall& call);
/// Output, then the new state.
CpuResults cpu_svdf(const CpuCall& call);
CpuResults cpu_local_response_normalization(const CpuCall& call);
CpuResults cpu_reverse_sequence(const CpuCall& call);
/// Places of elements that are not zero.
CpuResults cpu_where(const CpuCall& call);
/// NON_MAX_SUPPRESSION_V4 and V5: indices, scores (V5), their number.
CpuResults cpu_non_max_suppression(const CpuCall& call);
CpuResults cpu_gather_nd(const CpuCall& call);
CpuResults cpu_scatter_nd(const CpuCall& call);
CpuResults cpu_embedding_lookup(const CpuCall& call);
CpuResults cpu_dynamic_update_slice(const CpuCall& call);
/// Values, then their positions.
CpuResults cpu_topk(const CpuCall& call);
CpuResults cpu_one_hot(const CpuCall& call);
CpuResults cpu_fill(const CpuCall& call);
CpuResults cpu_range(const CpuCall& call);
CpuResults cpu_zeros_like(const CpuCall& call);
CpuResults cpu_rank(const CpuCall& call);
CpuResults cpu_broadcast_args(const CpuCall& call);
/// FLOOR_DIV, FLOOR_MOD and POW.
CpuResults cpu_number_pair(const CpuCall& call);
CpuResults cpu_cumsum(const CpuCall& call);
CpuResults cpu_add_n(const CpuCall& call);
CpuResults cpu_l2_pool(const CpuCall& call);
/// REDUCE_ANY and REDUCE_ALL.
CpuResults cpu_reduce_logical(const CpuCall& call);
CpuResults cpu_reduce_prod(const CpuCall& call);
/// The custom operator TFLite_Detection_PostProcess.
CpuResults cpu_detection(const CpuCall& call);
/// Output, then the new output and cell states.
CpuResults cpu_lstm(const CpuCall& call);
CpuResults cpu_resize(const CpuCall& call);
CpuResults cpu_quantised_binary(const CpuCall& call);
CpuResults cpu_leaky_relu16(const CpuCall& call);

}  // namespace u65sim::arith
