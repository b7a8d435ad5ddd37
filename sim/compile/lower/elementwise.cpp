#include "compile/lower/elementwise.hpp"

#include "arith/scaling.hpp"

namespace u65sim::compiler {

using stream::ElementwiseMode;
using stream::KernelKind;
using stream::OperandScaling;

stream::Scale quantised(double scale) {
    const auto m = arith::quantise(scale);
    return {m.multiplier, m.shift};
}

bool as_scalar(const Program& program, NpuOp& npu, const View& view) {
    const Buffer& buffer = program.buffer(view);
    if (buffer.kind != Placement::Kind::constant || view.extent.elements() != 1 || !view.whole()) {
        return false;
    }
    switch (view.type) {
        case stream::DataType::u8:
            npu.kernel.ifm2_scalar = buffer.data.at(0);
            break;
        case stream::DataType::s8:
            npu.kernel.ifm2_scalar = static_cast<std::int8_t>(buffer.data.at(0));
            break;
        case stream::DataType::s16:
            npu.kernel.ifm2_scalar =
                static_cast<std::int16_t>(buffer.data.at(0) | buffer.data.at(1) << 8);
            break;
        default:
            return false;
    }
    npu.kernel.broadcast.scalar = true;
    return true;
}

bool is_smaller(const View& a, const View& b, const View& ofm) {
    if (a.extent == ofm.extent) return false;
    return b.extent == ofm.extent || a.extent.c != ofm.extent.c;
}

NpuOp& pair(Lowering& lowering, ElementwiseMode mode, const View& a, const View& b, const View& ofm,
            std::string_view suffix) {
    NpuOp& npu = lowering.add(KernelKind::elementwise, lowering.spread(a, ofm.extent), ofm, suffix);
    npu.kernel.elementwise_mode = mode;
    npu.ifm2 = b;
    if (!as_scalar(lowering.program(), npu, b)) {
        npu.kernel.broadcast.height = b.extent.h == 1 && ofm.extent.h > 1;
        npu.kernel.broadcast.width = b.extent.w == 1 && ofm.extent.w > 1;
        npu.kernel.broadcast.depth = b.extent.c == 1 && ofm.extent.c > 1;
    }
    npu.kernel.global_scale = true;
    return npu;
}

View positive_part(Lowering& lowering, const View& ifm, const Extent& extent, float factor) {
    const View positive = lowering.temporary(extent, stream::DataType::s16, "positive");
    NpuOp& rescale = lowering.add(KernelKind::pool, ifm, positive, "rescale");
    rescale.kernel.pool_mode = stream::PoolMode::average;
    rescale.kernel.global_scale = true;
    rescale.kernel.ofm_scale = quantised(static_cast<double>(factor));
    rescale.kernel.activation.min = 0;
    return positive;
}

View negative_part(Lowering& lowering, const View& ifm, const Extent& extent) {
    View below = lowering.temporary(extent, ifm.type, "below");
    below.zero_point = ifm.zero_point;
    below.scale = ifm.scale;
    NpuOp& minimum = lowering.add(KernelKind::elementwise, ifm, below, "minimum");
    minimum.kernel.elementwise_mode = ElementwiseMode::min;
    minimum.kernel.broadcast.scalar = true;
    minimum.kernel.ifm2_scalar = static_cast<decltype(minimum.kernel.ifm2_scalar)>(ifm.zero_point);
    minimum.ifm2 = {};
    minimum.ifm2.type = ifm.type;
    minimum.ifm2.zero_point = ifm.zero_point;
    return below;
}

void unscaled(NpuOp& npu) {
    npu.kernel.global_scale = true;
    npu.kernel.operand_scaling = OperandScaling::both16;
    npu.kernel.opa_scale = npu.kernel.opb_scale = npu.kernel.ofm_scale = {1, 0};
}

}  // namespace u65sim::compiler
