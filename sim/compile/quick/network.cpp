#include "compile/quick/network.hpp"

#include <algorithm>

#include "compile/plan/stripes.hpp"

namespace u65sim::compiler::quick {

QuickNetwork::QuickNetwork(const Program& from, TimeTables& tables)
    : program(from),
      writers(from.buffers.size(), 0),
      readers(from.buffers.size(), 0),
      limit(from.target->sram.size.count()) {
    for (const Segment& segment : program.segments) {
        const std::size_t begin = ops.size();
        for (const NpuOp& npu : segment.ops) {
            QuickOp& op = ops.emplace_back();
            op.npu = &npu;
            op.times = &tables.of(program, npu);
            op.ifm = npu.ifm.buffer;
            op.ifm2 = npu.ifm2.buffer;
            op.ofm = npu.ofm.buffer;
            if (!npu.slices.empty()) op.weights = npu.slices[0].size;
            ++writers[static_cast<std::size_t>(op.ofm)];
            ++readers[static_cast<std::size_t>(op.ifm)];
            if (op.ifm2 != no_buffer) ++readers[static_cast<std::size_t>(op.ifm2)];
        }
        for (std::size_t i = begin; i + 1 < ops.size(); ++i) ops[i].linked = true;
    }
    for (std::size_t i = 0; i + 1 < ops.size(); ++i) {
        ops[i].linked = ops[i].linked && hands_rows_on(ops[i], ops[i + 1]);
    }
}

bool QuickNetwork::may_be_fast(int index) const {
    const Buffer& map = buffer(index);
    return map.kind != Placement::Kind::constant && !(program.spilling() && map.pinned);
}

bool QuickNetwork::hands_rows_on(const QuickOp& op, const QuickOp& next) const {
    const Buffer& map = buffer(op.ofm);
    const auto index = static_cast<std::size_t>(op.ofm);
    const View& view = op.npu->ofm;
    const auto reads_all = [&](const View& read) {
        return read.valid() && read.buffer == view.buffer && read.whole() &&
               read.extent == view.extent;
    };
    return can_stripe(*op.npu) && can_stripe(*next.npu) && !upscales(*op.npu) &&
           !upscales(*next.npu) && !map.pinned && !map.whole_life &&
           map.kind == Placement::Kind::feature_map && view.whole() && view.extent == map.extent &&
           writers[index] == 1 && readers[index] == 1 &&
           (reads_all(next.npu->ifm) || reads_all(next.npu->ifm2));
}

StripeWalk::StripeWalk(const QuickNetwork& network, std::size_t last, std::int32_t height)
    : network_(network), at_(last), rows_(height) {}

void StripeWalk::step() {
    const NpuOp& next = *network_.ops[at_].npu;
    const NpuOp& op = *network_.ops[--at_].npu;
    const bool rowwise = next.kernel.kind == stream::KernelKind::elementwise;
    const stream::Kernel& window = next.kernel.kernel;
    const std::int32_t stride = rowwise ? 1 : window.stride_y;
    const std::int32_t reach = rowwise ? 1 : window.dilated_height();
    const std::int32_t height = op.ofm.extent.h;
    const std::int32_t kept = std::min(height, (rows_ - 1) * stride + std::max(reach, stride));
    rows_ = std::min(height, rows_ * stride);
    Extent rolling = op.ofm.extent;
    rolling.h = kept;
    const Buffer& map = network_.buffer(op.ofm.buffer);
    rolling_ = storage_bytes(rolling, op.ofm.type, layout_for(network_.program, map.extent));
}

double StripeWalk::stripes() const {
    return static_cast<double>(network_.ops[at_].npu->ofm.extent.h) / rows_;
}

}  // namespace u65sim::compiler::quick
