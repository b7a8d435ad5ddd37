#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include "machine/functional/kernels.hpp"
#include "machine/functional/map_access.hpp"
#include "machine/functional/output_stage.hpp"

namespace u65sim::machine::functional {
namespace {

using stream::ElementwiseMode;
using stream::KernelOp;
using stream::OperandScaling;

std::int32_t saturate32(std::int64_t value) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(
        value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

/// The arithmetic of one operation, from two operands (zero points removed) to the scaled result.
class Arithmetic {
public:
    explicit Arithmetic(const KernelOp& op)
        : op_(op),
          mode_(rounding_of(op)),
          is_32_bit_(stream::bytes_of(op.ifm.type) == 4),
          // TensorFlow Lite shifts both operands of a rescaled addition up by this much.
          left_shift_(stream::bytes_of(op.ifm.type) == 1 ? 20 : 15) {}

    [[nodiscard]] std::int64_t operator()(std::int64_t a, std::int64_t b) const {
        switch (op_.elementwise_mode) {
            case ElementwiseMode::mul:
                return scaled(product_of(a, b));
            case ElementwiseMode::add:
                return scaled(saturating_sum(operand_a(a), operand_b(b)));
            case ElementwiseMode::sub:
                return scaled(saturating_sum(operand_a(a), negated(operand_b(b))));
            case ElementwiseMode::min:
                return std::min(a, b);
            case ElementwiseMode::max:
                return std::max(a, b);
            case ElementwiseMode::lrelu:
                return a >= 0 ? a : scaled(a);
            case ElementwiseMode::abs:
                return scaled(a < 0 ? -a : a);
            case ElementwiseMode::clz:
                return std::countl_zero(static_cast<std::uint32_t>(saturate32(a)));
            case ElementwiseMode::shr:
                return arith::round_shift(
                    a, 1, static_cast<int>(std::clamp<std::int64_t>(b, -64, 64)), mode_);
            case ElementwiseMode::shl:
                return shifted_left(a, b);
        }
        return 0;
    }

private:
    /// Of two unsigned 32-bit operands it can leave 64 bits.
    static std::int64_t product_of(std::int64_t a, std::int64_t b) {
        std::int64_t product = 0;
        if (!__builtin_mul_overflow(a, b, &product)) return product;
        return (a < 0) == (b < 0) ? std::numeric_limits<std::int64_t>::max()
                                  : std::numeric_limits<std::int64_t>::min();
    }

    static std::int64_t negated(std::int64_t value) {
        return -std::max(value, -std::numeric_limits<std::int64_t>::max());
    }

    /// By OFM_SCALE, of which 32-bit operations use the shift alone.
    [[nodiscard]] std::int64_t scaled(std::int64_t value) const {
        if (!op_.global_scale) return value;
        return scale_value(value, is_32_bit_ ? 1 : op_.ofm_scale.multiplier, op_.ofm_scale.shift,
                           mode_);
    }

    /// 32-bit operands have no room for a factor: the one that Vela 5.0 writes is not used.
    [[nodiscard]] std::int64_t scaled_by_16_bits(std::int64_t value, stream::Scale scale) const {
        return is_32_bit_ ? value : value * (scale.multiplier & 0xFFFFU);
    }
    [[nodiscard]] std::int64_t operand_a(std::int64_t a) const {
        switch (op_.operand_scaling) {
            case OperandScaling::both16:
                return scaled_by_16_bits(a, op_.opa_scale);
            case OperandScaling::a32:
                return rescaled(a);
            case OperandScaling::b32:
                break;
        }
        return halved(a);
    }
    [[nodiscard]] std::int64_t operand_b(std::int64_t b) const {
        switch (op_.operand_scaling) {
            case OperandScaling::both16:
                return scaled_by_16_bits(b, op_.opb_scale);
            case OperandScaling::b32:
                return rescaled(b);
            case OperandScaling::a32:
                break;
        }
        return halved(b);
    }
    /// The operand with the smaller scale: multiplied, with the reference's two roundings.
    [[nodiscard]] std::int64_t rescaled(std::int64_t value) const {
        return scale_value(value * (std::int64_t{1} << left_shift_), op_.opa_scale.multiplier,
                           op_.opa_scale.shift + left_shift_, arith::RoundingMode::tfl);
    }
    /// The operand with the larger scale: its factor is exactly one half.
    [[nodiscard]] std::int64_t halved(std::int64_t value) const {
        return value * (std::int64_t{1} << (left_shift_ - 1));
    }

    /// Bits that leave the 32-bit word are lost.
    static std::int64_t shifted_left(std::int64_t a, std::int64_t b) {
        if (b < 0 || b > 31) return 0;
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) << b);
    }

    const KernelOp& op_;
    arith::RoundingMode mode_;
    bool is_32_bit_;
    int left_shift_;
};

/// All of an operand in 64-bit numbers, broadcast extents being 1.
struct Operand {
    std::int64_t rows, columns, depth;
    std::vector<std::int64_t> values;

    Operand(const stream::FeatureMap& map, Memory& memory, std::int64_t rows_,
            std::int64_t columns_, std::int64_t depth_)
        : rows(rows_), columns(columns_), depth(depth_) {
        values.resize(static_cast<std::size_t>(rows * columns * depth));
        for (std::int64_t y = 0; y < rows; ++y) {
            read_row(memory, map, y, 0, columns, depth, map.zero_point,
                     values.data() + y * columns * depth, depth);
        }
    }
    explicit Operand(std::int64_t constant) : rows(1), columns(1), depth(1), values{constant} {}

    [[nodiscard]] const std::int64_t* column(std::int64_t y, std::int64_t x) const {
        return values.data() + ((rows == 1 ? 0 : y) * columns + (columns == 1 ? 0 : x)) * depth;
    }
};

Operand second_operand(const KernelOp& op, Memory& memory) {
    if (!op.is_binary()) return Operand{0};
    if (op.broadcast.scalar) {
        return Operand{std::int64_t{op.ifm2_scalar} - op.ifm2.zero_point};
    }
    return {op.ifm2, memory, op.broadcast.height ? 1 : op.ofm.height,
            op.broadcast.width ? 1 : op.ofm.width, op.broadcast.depth ? 1 : op.ofm.depth};
}

}  // namespace

void run_elementwise(const KernelOp& op, KernelContext& context) {
    const Operand first{op.ifm, context.memory, op.ofm.height, op.ofm.width, op.ofm.depth};
    const Operand second = second_operand(op, context.memory);
    const OutputStage stage{op, context.arch, context.memory};
    const Arithmetic arithmetic{op};
    const bool swap = op.is_binary() && op.broadcast.swap_operands;
    const std::int64_t depth = op.ofm.depth;
    const std::int64_t second_step = second.depth == 1 ? 0 : 1;
    std::vector<std::int32_t> row(static_cast<std::size_t>(op.ofm.width * depth));
    for (std::int64_t y = 0; y < op.ofm.height; ++y) {
        auto to = row.begin();
        for (std::int64_t x = 0; x < op.ofm.width; ++x) {
            const std::int64_t* a = first.column(y, x);
            const std::int64_t* b = second.column(y, x);
            for (std::int64_t c = 0; c < depth; ++c) {
                const std::int64_t one = a[c];
                const std::int64_t other = b[c * second_step];
                const std::int64_t value = swap ? arithmetic(other, one) : arithmetic(one, other);
                *to++ = stage.finish(value);
            }
        }
        write_row(context.memory, op.ofm, y, op.ofm.width, depth, row.data());
    }
}

}  // namespace u65sim::machine::functional
