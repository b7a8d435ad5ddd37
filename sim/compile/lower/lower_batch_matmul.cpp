// BATCH_MATMUL of two maps: products of elements, and their sums. The array multiplies by encoded
// weights alone, so the element-wise unit makes the products, a part of the result's elements at a
// time.
#include <algorithm>
#include <bit>
#include <cstdlib>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

namespace {

using stream::DataType;
using stream::ElementwiseMode;
using stream::KernelKind;

constexpr std::int64_t most_parts = 4096;

/// The matrices of a product: `count` times rows x depth by depth x columns.
struct Extents {
    std::int64_t count = 1;
    std::int32_t rows = 1, depth = 1, columns = 1;
};

/// So much of each product at a time.
struct Part {
    std::int32_t rows = 1, columns = 1;
};

BatchMatmulAttributes form_of(const Operator& op) {
    const auto* form = std::get_if<BatchMatmulAttributes>(&op.attributes);
    return form == nullptr ? BatchMatmulAttributes{} : *form;
}

Extents extents_of(const Operator& op, const Shape& a, const Shape& out) {
    Extents e;
    e.rows = out[out.size() - 2];
    e.columns = out.back();
    e.depth = a[a.size() - (form_of(op).adjoint_x ? 2 : 1)];
    e.count = element_count(out) / (std::int64_t{e.rows} * e.columns);
    return e;
}

/// Which matrix of an operand the product's matrix `index` takes; its batch may be broadcast.
std::int64_t matrix_of(const Shape& operand, const Shape& out, std::int64_t index) {
    std::int64_t matrix = 0, stride = 1;
    for (std::size_t i = 3; i <= out.size(); ++i) {
        const std::int64_t extent = out[out.size() - i];
        const std::int64_t at = index % extent;
        index /= extent;
        if (i > operand.size()) continue;
        const std::int64_t own = operand[operand.size() - i];
        matrix += own == 1 ? 0 : at * stride;
        stride *= own;
    }
    return matrix;
}

/// Products of 16 bits at most.
bool are_short(const Tensor& a, const Tensor& b) {
    const auto most = [](const Tensor& t) {
        const Clamp range = full_clamp(*data_type(t.type));
        return std::max(std::abs(range.min - zero_point(t)), std::abs(range.max - zero_point(t)));
    };
    return std::int64_t{most(a)} * most(b) <= 32767;
}

/// Whole rows of the result where their products have room, else parts of one row. Of the room a
/// power of two is taken: parts that grow with every byte of SRAM come out even at some sizes and
/// uneven at larger ones.
Part part_of(const Extents& e, std::int64_t element_bytes, Bytes sram) {
    constexpr std::uint64_t most_bytes = 64 * 1024;
    const auto quarter = static_cast<std::uint64_t>(sram.count() / 4);
    const auto room =
        static_cast<std::int64_t>(std::min(most_bytes, std::bit_floor(quarter))) / element_bytes;
    const std::int64_t row = std::int64_t{e.columns} * e.depth;
    Part part;
    part.rows = static_cast<std::int32_t>(std::clamp<std::int64_t>(room / row, 1, e.rows));
    part.columns =
        row <= room
            ? e.columns
            : static_cast<std::int32_t>(std::clamp<std::int64_t>(room / e.depth, 1, e.columns));
    return part;
}

std::int64_t parts_of(const Extents& e, const Part& part) {
    return e.count * ceil_div(e.rows, part.rows) * ceil_div(e.columns, part.columns);
}

/// Elements of a map from `origin` on, with strides of their own.
View window(Lowering& lowering, View map, std::int64_t origin, const Extent& extent,
            std::int64_t stride_y, std::int64_t stride_x) {
    lowering.program().buffer(map).linear = true;
    map.y = map.x = 0;
    map.c = static_cast<std::int32_t>(origin);
    map.extent = extent;
    map.stride_y = stride_y;
    map.stride_x = stride_x;
    return map;
}

/// Every matrix of rows x columns as columns x rows.
View turned(Lowering& lowering, const View& map, std::int32_t rows, std::int32_t columns,
            std::string_view suffix) {
    const std::int64_t size = std::int64_t{rows} * columns;
    const auto count = static_cast<std::int32_t>(map.extent.elements() / size);
    View to = lowering.temporary({count, columns, rows}, map.type, suffix);
    to.zero_point = map.zero_point;
    to.scale = map.scale;
    for (std::int32_t i = 0; i < count; ++i) {
        lowering.copy(window(lowering, map, i * size, {rows, columns, 1}, columns, 1),
                      window(lowering, to, i * size, {rows, columns, 1}, 1, rows), suffix);
    }
    return to;
}

/// What the sums of products are scaled by.
stream::Scale scale_of_sums(Lowering& lowering) {
    const auto m =
        arith::quantise(static_cast<double>(scale(lowering.input(0)) * scale(lowering.input(1))) /
                        static_cast<double>(scale(lowering.output())));
    return {m.multiplier, m.shift};
}

/// A map of the lowering's own that becomes the result, unless the result can be written itself.
View written(Lowering& lowering, const View& result) {
    if (result.whole()) return result;
    View out = lowering.temporary(result.extent, result.type, "product");
    out.zero_point = result.zero_point;
    out.scale = result.scale;
    return out;
}

class ProductLowering {
public:
    explicit ProductLowering(Lowering& lowering)
        : lowering_(lowering),
          extents_(extents_of(lowering.op(), lowering.input(0).shape, lowering.output().shape)),
          a_turned_(form_of(lowering.op()).adjoint_x),
          a_(lowering.packed(lowering.input_view(0))),
          b_(lowering.packed(lowering.input_view(1))) {
        const bool adjoint_y = form_of(lowering.op()).adjoint_y;
        // Sums over columns of 16 bits are a pool's; 32 bits are added along the depth.
        by_columns_ = are_short(lowering.input(0), lowering.input(1));
        if (by_columns_) {
            if (adjoint_y) b_ = turned(lowering_, b_, extents_.columns, extents_.depth, "turned");
            return;
        }
        if (a_turned_) a_ = turned(lowering_, a_, extents_.depth, extents_.rows, "turned");
        a_turned_ = false;
        if (!adjoint_y) b_ = turned(lowering_, b_, extents_.depth, extents_.columns, "turned too");
    }

    void run() {
        const View result = lowering_.output_view();
        out_ = written(lowering_, result);
        const DataType type = by_columns_ ? DataType::s16 : DataType::s32;
        part_ = part_of(extents_, stream::bytes_of(type), lowering_.program().target->sram.size);
        const Extent most = extent_of_part(part_.rows, part_.columns);
        products_[0] = lowering_.temporary(most, type, "products");
        products_[1] = parts_of(extents_, part_) > 1
                           ? lowering_.temporary(most, type, "products too")
                           : products_[0];
        for (std::int64_t matrix = 0; matrix < extents_.count; ++matrix) {
            for (std::int32_t y = 0; y < extents_.rows; y += part_.rows) {
                for (std::int32_t x = 0; x < extents_.columns; x += part_.columns) {
                    add_part(matrix, y, x);
                }
            }
        }
        if (out_.buffer != result.buffer) lowering_.copy(out_, result, "place");
    }

private:
    [[nodiscard]] Extent extent_of_part(std::int32_t rows, std::int32_t columns) const {
        return by_columns_ ? Extent{rows, extents_.depth, columns}
                           : Extent{rows, columns, extents_.depth};
    }

    void add_part(std::int64_t matrix, std::int32_t y, std::int32_t x) {
        const std::int32_t rows = std::min(part_.rows, extents_.rows - y);
        const std::int32_t columns = std::min(part_.columns, extents_.columns - x);
        const std::int64_t depth = extents_.depth;
        const Shape& out = lowering_.output().shape;
        const std::int64_t of_a =
            matrix_of(lowering_.input(0).shape, out, matrix) * extents_.rows * depth;
        const std::int64_t of_b =
            matrix_of(lowering_.input(1).shape, out, matrix) * extents_.columns * depth;
        const View products =
            lowering_.part(products_[next_], 0, 0, 0, extent_of_part(rows, columns));
        next_ = 1 - next_;
        multiply(products, of_a + y * (a_turned_ ? 1 : depth), of_b, x);
        const std::int64_t at = (matrix * extents_.rows + y) * extents_.columns + x;
        NpuOp& sums =
            lowering_.add(KernelKind::pool, products,
                          window(lowering_, out_, at,
                                 by_columns_ ? Extent{rows, 1, columns} : Extent{rows, columns, 1},
                                 extents_.columns, 1));
        sums.kernel.pool_mode =
            by_columns_ ? stream::PoolMode::average : stream::PoolMode::reduce_sum;
        if (by_columns_) sums.kernel.kernel.width = extents_.depth;
        sums.kernel.global_scale = true;
        sums.kernel.ofm_scale = scale_of_sums(lowering_);
    }

    /// One operand's elements for each element of the other: strides of zero repeat the first, and
    /// the second is broadcast.
    void multiply(const View& products, std::int64_t of_a, std::int64_t of_b, std::int32_t x) {
        const Extent& extent = products.extent;
        const std::int64_t depth = extents_.depth, columns = extents_.columns;
        const View from = by_columns_ ? window(lowering_, b_, of_b + x, extent, 0, columns)
                                      : window(lowering_, a_, of_a, extent, depth, 0);
        NpuOp& npu = lowering_.add(KernelKind::elementwise, from, products);
        npu.kernel.elementwise_mode = ElementwiseMode::mul;
        npu.kernel.global_scale = true;
        npu.kernel.opa_scale = npu.kernel.opb_scale = npu.kernel.ofm_scale = {1, 0};
        if (by_columns_) {
            npu.ifm2 = window(lowering_, a_, of_a, {extent.h, extent.w, 1}, a_turned_ ? 1 : depth,
                              a_turned_ ? extents_.rows : 1);
            npu.kernel.broadcast.depth = extent.c > 1;
        } else {
            npu.ifm2 = window(lowering_, b_, of_b + x * depth, {1, extent.w, extent.c},
                              extent.w * depth, depth);
            npu.kernel.broadcast.height = extent.h > 1;
        }
    }

    Lowering& lowering_;
    const Extents extents_;
    bool a_turned_;            ///< depth x rows in memory
    bool by_columns_ = false;  ///< products lie row by depth by column, else row by column by depth
    View a_, b_, out_;
    View products_[2];  ///< in turn: one is summed up while the other is made
    int next_ = 0;
    Part part_;
};

/// As Vela does: a column of all results at a time. A row of the second operand, turned, meets all
/// rows of the first; the products of 32 bits are summed along the depth. In Vela's streams their
/// rows have room for one element more, and with a dedicated SRAM they are off-chip all the same.
void lower_by_columns(Lowering& lowering, const Extents& e) {
    const BatchMatmulAttributes form = form_of(lowering.op());
    const auto count = static_cast<std::int32_t>(e.count);
    const std::int64_t depth = e.depth, columns = e.columns;
    View a = lowering.packed(lowering.input_view(0));
    View b = lowering.packed(lowering.input_view(1));
    if (form.adjoint_x) a = turned(lowering, a, e.depth, e.rows, "turned");
    if (!form.adjoint_y) b = turned(lowering, b, e.depth, e.columns, "turned too");
    const View result = lowering.output_view();
    const View out = written(lowering, result);
    const View rows = lowering.temporary({count, e.rows, e.depth + 1}, DataType::s32, "products");
    lowering.program().buffer(rows).linear = lowering.program().buffer(rows).pinned = true;
    const View products = lowering.part(rows, 0, 0, 0, {count, e.rows, e.depth});
    const View from = window(lowering, a, 0, products.extent, e.rows * depth, depth);
    for (std::int32_t x = 0; x < e.columns; ++x) {
        NpuOp& product = lowering.add(KernelKind::elementwise, from, products);
        product.ifm2 = window(lowering, b, x * depth, {count, 1, e.depth}, columns * depth, depth);
        product.kernel.broadcast.width = e.rows > 1;
        product.kernel.elementwise_mode = ElementwiseMode::mul;
        product.kernel.global_scale = true;
        product.kernel.opa_scale = product.kernel.opb_scale = {1, 0};
        product.kernel.ofm_scale = {1, 0};
        NpuOp& sum =
            lowering.add(KernelKind::pool, products,
                         window(lowering, out, x, {count, e.rows, 1}, e.rows * columns, columns));
        sum.kernel.pool_mode = stream::PoolMode::reduce_sum;
        sum.kernel.global_scale = true;
        sum.kernel.ofm_scale = scale_of_sums(lowering);
    }
    if (out.buffer != result.buffer) lowering.copy(out, result, "place");
}

/// Whether each matrix meets one of the other operand, and views can have these sizes.
bool may_go_by_columns(Lowering& lowering, const Extents& e) {
    constexpr std::int64_t most = 65535;
    if (e.count > most || e.rows > most || e.columns > most_parts) return false;
    const std::int64_t of_a = std::int64_t{e.rows} * e.depth;
    const std::int64_t of_b = std::int64_t{e.columns} * e.depth;
    return element_count(lowering.input(0).shape) == e.count * of_a &&
           element_count(lowering.input(1).shape) == e.count * of_b;
}

}  // namespace

std::string support_batch_matmul(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    const Tensor &a = candidate.input(0), &b = candidate.input(1);
    if (!is_8_bit(a.type) || b.type != a.type) {
        return fmt::format("operands are {} and {}: both must be int8 or uint8", to_string(a.type),
                           to_string(b.type));
    }
    if (a.data || b.data) return "an operand is constant";
    if (a.shape.size() < 2 || b.shape.size() < 2) return "an operand has one dimension";
    const Extents e = extents_of(candidate.op(), a.shape, candidate.output().shape);
    // Sums of 32 bits, windows that a pool has, and origins that a view counts.
    constexpr std::int32_t most_depth = 32768;
    if (e.depth > most_depth) {
        return fmt::format("{} products come together: at most {}", e.depth, most_depth);
    }
    const std::int64_t parts = parts_of(e, part_of(e, 4, candidate.sram()));
    if (parts > most_parts) {
        return fmt::format("its products take {} parts: at most {}", parts, most_parts);
    }
    return {};
}

void lower_batch_matmul(Lowering& lowering) {
    const Extents e = extents_of(lowering.op(), lowering.input(0).shape, lowering.output().shape);
    if (lowering.program().rules.multiplies_by_columns && may_go_by_columns(lowering, e)) {
        lower_by_columns(lowering, e);
    } else {
        ProductLowering(lowering).run();
    }
}

}  // namespace u65sim::compiler
