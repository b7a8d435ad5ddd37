// BATCH_MATMUL on the CPU: matrices in the last two dimensions, those in front broadcast.
#include <algorithm>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "arith/hybrid.hpp"
#include "arith/rescale.hpp"

namespace u65sim::arith {
namespace {

/// Where the elements of one operand's matrices lie.
class Matrices {
public:
    /// `column_first`: the operand's rows are the product's columns, or the other way about.
    Matrices(const CpuCall& call, const Tensor& tensor, bool transposed) {
        const Shape& shape = tensor.shape;
        if (shape.size() < 2) call.invalid("operands must have 2 dimensions at least");
        batch_.assign(shape.begin(), shape.end() - 2);
        rows = shape[shape.size() - 2];
        columns = shape.back();
        size_ = rows * columns;
        row_step = transposed ? 1 : columns;
        column_step = transposed ? columns : 1;
        if (transposed) std::swap(rows, columns);
    }

    /// First element of the matrix that the product's matrix `linear` takes, of `batch` extents.
    [[nodiscard]] std::int64_t start(const CpuCall& call, const Shape& batch,
                                     std::int64_t linear) const {
        std::int64_t at = 0, stride = size_;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const std::int64_t extent = batch[batch.size() - 1 - i];
            const std::int64_t index = linear % extent;
            linear /= extent;
            if (i >= batch_.size()) continue;
            const std::int64_t own = batch_[batch_.size() - 1 - i];
            if (own != 1 && own != extent) call.invalid("operand shapes do not broadcast");
            at += own == 1 ? 0 : index * stride;
            stride *= own;
        }
        return at;
    }

    std::int64_t rows, columns, row_step, column_step;

private:
    Shape batch_;
    std::int64_t size_;
};

/// Calls visit(row of `a`, its elements' step, column of `b`, its elements' step, depth) for each
/// element of the product in order.
template <class Visit>
void for_each_product(const CpuCall& call, Visit visit) {
    const auto& form = call.attributes<BatchMatmulAttributes>();
    const Matrices a{call, *call.input(0).tensor, form.adjoint_x};
    const Matrices b{call, *call.input(1).tensor, form.adjoint_y};
    Shape batch = call.output().shape;
    if (batch.size() < 2 || batch[batch.size() - 2] != a.rows || batch.back() != b.columns ||
        a.columns != b.rows) {
        call.invalid("the output's shape disagrees with the operands");
    }
    batch.resize(batch.size() - 2);
    const std::int64_t matrices =
        elements(call.output()) / std::max<std::int64_t>(a.rows * b.columns, 1);
    for (std::int64_t m = 0; m < matrices; ++m) {
        const std::int64_t of_a = a.start(call, batch, m);
        const std::int64_t of_b = b.start(call, batch, m);
        for (std::int64_t y = 0; y < a.rows; ++y) {
            for (std::int64_t x = 0; x < b.columns; ++x) {
                visit(of_a + y * a.row_step, a.column_step, of_b + x * b.column_step, b.row_step,
                      a.columns);
            }
        }
    }
}

template <class Value>
Value dot(const std::vector<Value>& a, std::int64_t at_a, std::int64_t step_a,
          const std::vector<Value>& b, std::int64_t at_b, std::int64_t step_b, std::int64_t depth) {
    Value sum{0};
    for (std::int64_t k = 0; k < depth; ++k) {
        sum += a[static_cast<std::size_t>(at_a + k * step_a)] *
               b[static_cast<std::size_t>(at_b + k * step_b)];
    }
    return sum;
}

CpuResults float_product(const CpuCall& call) {
    const auto a = float_values(call, call.input(0));
    const auto b = float_values(call, call.input(1));
    std::vector<float> result;
    for_each_product(call, [&](std::int64_t at_a, std::int64_t step_a, std::int64_t at_b,
                               std::int64_t step_b, std::int64_t depth) {
        result.push_back(dot(a, at_a, step_a, b, at_b, step_b, depth));
    });
    return {store_floats(result)};
}

/// The left operand's rows are quantised one by one.
CpuResults hybrid_product(const CpuCall& call) {
    const auto& form = call.attributes<BatchMatmulAttributes>();
    const auto values = float_values(call, call.input(0));
    const Tensor& left = *call.input(0).tensor;
    const Tensor& right = *call.input(1).tensor;
    if (form.adjoint_x) call.not_executable("dynamic-range quantisation of an adjoint operand");
    const auto depth = static_cast<std::size_t>(left.shape.back());
    const QuantisedRows rows =
        quantise_rows(values, depth == 0 ? 0 : values.size() / depth, form.asymmetric_inputs);
    const auto b = hybrid_weights(call, call.input(1));
    const float scale = affine_of(call, right).scale;
    std::vector<float> result;
    for_each_product(call, [&](std::int64_t at_a, std::int64_t step_a, std::int64_t at_b,
                               std::int64_t step_b, std::int64_t count) {
        const auto sum =
            static_cast<std::int32_t>(dot(rows.elements, at_a, step_a, b, at_b, step_b, count));
        const float of_row = rows.scales[static_cast<std::size_t>(at_a / count)];
        result.push_back(static_cast<float>(sum) * (of_row * scale));
    });
    return {store_floats(result)};
}

std::vector<std::int64_t> centred(const CpuCall& call, std::size_t index, const Affine& affine) {
    auto values = raw_values(call, call.input(index));
    for (std::int64_t& value : values) value -= affine.zero_point;
    return values;
}

}  // namespace

CpuResults cpu_batch_matmul(const CpuCall& call) {
    if (is_hybrid(call)) return hybrid_product(call);
    const Tensor& left = *call.input(0).tensor;
    const Tensor& right = *call.input(1).tensor;
    const Tensor& output = call.output();
    if (is_float(left) && is_float(right) && is_float(output)) return float_product(call);
    if (left.type != output.type || right.type != output.type || bytes_of_element(left) > 2) {
        call.not_executable("no CPU kernel for these element types");
    }
    const Affine in_a = affine_of(call, left);
    const Affine in_b = affine_of(call, right);
    const Affine out = affine_of(call, output);
    const bool wide = bytes_of_element(left) == 2;
    const Multiplier full =
        quantise(static_cast<double>(in_a.scale * in_b.scale) / static_cast<double>(out.scale));
    // 64-bit sums keep 16 bits of the multiplier.
    const Multiplier scale = wide ? reduce_to_16_bits(full) : full;
    const RoundingMode mode = wide ? RoundingMode::natural : RoundingMode::tfl;
    const RawRange range = raw_range(call, output.type);
    const auto a = centred(call, 0, in_a);
    const auto b = centred(call, 1, in_b);
    std::vector<std::int64_t> result;
    for_each_product(call, [&](std::int64_t at_a, std::int64_t step_a, std::int64_t at_b,
                               std::int64_t step_b, std::int64_t depth) {
        const std::int64_t sum = dot(a, at_a, step_a, b, at_b, step_b, depth);
        const std::int64_t scaled =
            round_shift(sum, scale.multiplier, scale.shift, mode) + out.zero_point;
        result.push_back(std::clamp(scaled, range.low, range.high));
    });
    return {store_raw(call, output.type, result)};
}

}  // namespace u65sim::arith
