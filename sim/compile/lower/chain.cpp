#include "compile/lower/chain.hpp"

namespace u65sim::compiler {

using stream::DataType;
using stream::ElementwiseMode;
using stream::KernelKind;

View Chain::scalar(std::int32_t value, std::string_view name) {
    std::vector<std::uint8_t> bytes(4);
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> (8 * i));
    }
    return lowering_.constant({1, 1, 1}, DataType::s32, std::move(bytes), name);
}

NpuOp& Chain::step(ElementwiseMode mode, const View& a, const View& b, const View& out) {
    // The map with the full extent is the IFM; `a` is operand A either way.
    const bool swap = a.extent != out.extent;
    NpuOp& npu = lowering_.add(KernelKind::elementwise, swap ? b : a, out);
    npu.kernel.elementwise_mode = mode;
    if (b.valid()) {
        npu.ifm2 = swap ? a : b;
        auto& broadcast = npu.kernel.broadcast;
        broadcast.swap_operands = swap;
        broadcast.height = npu.ifm2.extent.h < out.extent.h;
        broadcast.width = npu.ifm2.extent.w < out.extent.w;
        broadcast.depth = npu.ifm2.extent.c < out.extent.c;
        if (npu.ifm2.extent.elements() == 1) {
            broadcast.height = broadcast.width = broadcast.depth = true;
        }
    }
    npu.kernel.global_scale = mode == ElementwiseMode::add || mode == ElementwiseMode::sub ||
                              mode == ElementwiseMode::mul;
    npu.kernel.opa_scale = npu.kernel.opb_scale = npu.kernel.ofm_scale = {1, 0};
    return npu;
}

View Chain::map(const Extent& extent, std::string_view name) {
    return lowering_.temporary(extent, DataType::s32, name);
}

View Chain::apply(ElementwiseMode mode, const View& a, const View& b, std::string_view name,
                  int shift) {
    const View out = map(a.extent.elements() >= b.extent.elements() ? a.extent : b.extent, name);
    NpuOp& npu = step(mode, a, b, out);
    npu.kernel.ofm_scale = {shift == 0 ? 1U : 1U << 30, shift};
    return out;
}

NpuOp& Chain::row_maximum(const View& rows, std::int32_t depth, const View& maximum) {
    const auto count = static_cast<std::int32_t>(rows.extent.elements() / depth);
    View columns = rows;
    columns.storage = columns.extent = {count, depth, 1};
    View column = maximum;
    column.storage = column.extent = {count, 1, 1};
    NpuOp& npu = lowering_.add(KernelKind::pool, columns, column, "max");
    npu.kernel.pool_mode = stream::PoolMode::max;
    npu.kernel.kernel.width = depth;
    npu.ifm.zero_point = npu.ofm.zero_point = 0;
    lowering_.program().buffer(rows).linear = true;
    lowering_.program().buffer(maximum).linear = true;
    return npu;
}

View Chain::row_sum(const View& rows) {
    lowering_.program().buffer(rows).linear = true;
    const View sum = map({1, rows.extent.w, 1}, "sum");
    NpuOp& npu = lowering_.add(KernelKind::pool, rows, sum, "sum");
    npu.kernel.pool_mode = stream::PoolMode::reduce_sum;
    npu.kernel.global_scale = true;
    npu.kernel.ofm_scale = {1, 0};
    return sum;
}

Chain::Normalised Chain::normalised(const View& sum, const View& exponent) {
    const View headroom1 = map(sum.extent, "headroom+1");
    step(ElementwiseMode::clz, sum, {}, headroom1);
    const View shift = apply(ElementwiseMode::sub, exponent, headroom1, "shift");
    const View headroom = apply(ElementwiseMode::sub, headroom1, scalar(1, "1"), "headroom");
    return {apply(ElementwiseMode::shl, sum, headroom, "shifted"), shift};
}

}  // namespace u65sim::compiler
