#include "timing/traversal.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::timing {

using stream::KernelKind;
using stream::KernelOp;

namespace {

int floor_div(int a, int b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// First element and count of one axis of the input, clipped to [0, limit).
struct Span {
    int first = 0, count = 0;
};
Span input_span(int first_output, int outputs, int stride, int pad, int kernel_first, int kernel,
                int dilation, int upscale, int limit) {
    const int low = first_output * stride - pad + kernel_first * dilation;
    const int high = low + (outputs - 1) * stride + (kernel - 1) * dilation + 1;
    const int begin = std::clamp(floor_div(low, upscale), 0, limit);
    const int end = std::clamp(floor_div(high + upscale - 1, upscale), 0, limit);
    return {begin, end - begin};
}

void require_positive(int value, const char* what) {
    if (value <= 0) throw InvalidStream(fmt::format("{} = {}: must be positive", what, value));
}

}  // namespace

bool reduces_depth(const KernelOp& op) {
    return op.kind == KernelKind::conv ||
           (op.kind == KernelKind::pool && op.pool_mode == stream::PoolMode::reduce_sum);
}

Traversal::Traversal(const KernelOp& op, const Architecture& arch)
    : op_(&op), ublock_depth_(arch.ofm_ublock.depth) {
    require_positive(op.ofm.height, "OFM height");
    require_positive(op.ofm.width, "OFM width");
    require_positive(op.ofm.depth, "OFM depth");
    require_positive(op.ifm.depth, "IFM depth");
    require_positive(op.block.height, "OFM block height");
    require_positive(op.block.width, "OFM block width");
    require_positive(op.block.depth, "OFM block depth");
    require_positive(op.kernel.height, "kernel height");
    require_positive(op.kernel.width, "kernel width");
    require_positive(op.kernel.stride_y, "kernel stride y");
    require_positive(op.kernel.stride_x, "kernel stride x");
    require_positive(op.kernel.dilation_y, "kernel dilation y");
    require_positive(op.kernel.dilation_x, "kernel dilation x");
    ny_ = static_cast<int>(ceil_div(op.ofm.height, op.block.height));
    nx_ = static_cast<int>(ceil_div(op.ofm.width, op.block.width));
    nz_ = static_cast<int>(ceil_div(op.ofm.depth, op.block.depth));
    if (op.kind != KernelKind::elementwise) {
        sub_height_ = std::max(1, 8 / op.kernel.dilation_y);
        sub_width_ = std::max(1, 8 / op.kernel.dilation_x);
        sub_y_ = static_cast<int>(ceil_div(op.kernel.height, sub_height_));
        sub_x_ = static_cast<int>(ceil_div(op.kernel.width, sub_width_));
    }
    if (reduces_depth(op)) {
        const int bytes = bytes_of(op.ifm.type);
        depth_block_size_ = bytes == 4                                                   ? 8
                            : bytes == 2                                                 ? 16
                            : op.kind == KernelKind::conv && op.kernel.part_kernel_first ? 16
                                                                                         : 32;
        depth_blocks_ = static_cast<int>(ceil_div(op.ifm.depth, depth_block_size_));
    }
    if (op.has_weights()) {
        // A volume is a product of what block, depth block and sub-kernel give: so is their sum.
        // Of each only the last one differs from the others.
        const auto volume = [&](int z, int d, int s) {
            return WideInteger{weight_volume(block(0, 0, z), d, sub_kernel(s))};
        };
        const WideInteger first = volume(0, 0, 0);
        const WideInteger over_z = (nz_ - 1) * first + volume(nz_ - 1, 0, 0);
        const WideInteger over_d = (depth_blocks_ - 1) * first + volume(0, depth_blocks_ - 1, 0);
        const int last_row = (sub_y_ - 1) * sub_x_;
        const WideInteger row = (sub_x_ - 1) * first + volume(0, 0, sub_x_ - 1);
        const WideInteger bottom =
            (sub_x_ - 1) * volume(0, 0, last_row) + volume(0, 0, last_row + sub_x_ - 1);
        const WideInteger over_s = (sub_y_ - 1) * row + bottom;
        pass_volume_ = static_cast<std::int64_t>(over_z * over_d / first * over_s / first);
    }
}

Box Traversal::block_at(int by, int bx, int bz, std::int64_t index) const {
    if (index >= 0) {
        bz = static_cast<int>(index % nz_);
        bx = static_cast<int>(index / nz_ % nx_);
        by = static_cast<int>(index / nz_ / nx_);
    }
    const BlockShape& size = op_->block;
    Box box{by * size.height, bx * size.width, bz * size.depth, 0, 0, 0};
    box.height = std::min(size.height, op_->ofm.height - box.y);
    box.width = std::min(size.width, op_->ofm.width - box.x);
    box.depth = std::min(size.depth, op_->ofm.depth - box.z);
    return box;
}

SubKernel Traversal::sub_kernel(int index) const {
    if (op_->kind == KernelKind::elementwise) return {};
    SubKernel sub{index / sub_x_ * sub_height_, index % sub_x_ * sub_width_, 0, 0};
    sub.height = std::min(sub_height_, op_->kernel.height - sub.y);
    sub.width = std::min(sub_width_, op_->kernel.width - sub.x);
    return sub;
}

Box Traversal::ifm_plane(const Box& ofm_block, const SubKernel& sub) const {
    const KernelOp& op = *op_;
    const int upscale = op.upscale == stream::Upscale::none ? 1 : 2;
    Box box;
    if (op.kind == KernelKind::elementwise) {
        box = ofm_block;
        box.y = std::min(box.y, std::max(op.ifm.height - 1, 0));
        box.x = std::min(box.x, std::max(op.ifm.width - 1, 0));
        box.height = std::min(box.height, op.ifm.height - box.y);
        box.width = std::min(box.width, op.ifm.width - box.x);
    } else {
        const Span rows =
            input_span(ofm_block.y, ofm_block.height, op.kernel.stride_y, op.pad.top, sub.y,
                       sub.height, op.kernel.dilation_y, upscale, op.ifm.height);
        const Span columns =
            input_span(ofm_block.x, ofm_block.width, op.kernel.stride_x, op.pad.left, sub.x,
                       sub.width, op.kernel.dilation_x, upscale, op.ifm.width);
        box = {rows.first, columns.first, 0, rows.count, columns.count, 0};
    }
    return box;
}

void Traversal::set_ifm_depth(Box& box, const Box& ofm_block, int depth_block) const {
    const int limit = op_->ifm.depth;
    if (depth_block_size_ > 0) {
        box.z = depth_block * depth_block_size_;
        box.depth = std::min(depth_block_size_, limit - box.z);
    } else {
        box.z = std::min(ofm_block.z, limit - 1);
        box.depth = std::min(ofm_block.depth, limit - box.z);
    }
}

Box Traversal::ifm2_box(const Box& ofm_block) const {
    const KernelOp& op = *op_;
    if (!op.is_binary() || op.broadcast.scalar) return {};
    Box box = ofm_block;
    const auto clip = [](bool broadcast, int limit, int& first, int& count) {
        if (broadcast) first = 0, count = 1;
        first = std::min(first, std::max(limit - 1, 0));
        count = std::min(count, limit - first);
    };
    clip(op.broadcast.height, op.ifm2.height, box.y, box.height);
    clip(op.broadcast.width, op.ifm2.width, box.x, box.width);
    clip(op.broadcast.depth, op.ifm2.depth, box.z, box.depth);
    return box;
}

std::int64_t Traversal::weight_volume(const Box& ofm_block, int depth_block,
                                      const SubKernel& sub) const {
    const KernelOp& op = *op_;
    if (!op.has_weights()) return 0;
    const std::int64_t outputs = round_up(ofm_block.depth, ublock_depth_);
    const std::int64_t elements = sub.elements();
    if (op.kind == KernelKind::depthwise) return round_up(elements, 4) * outputs;
    if (!op.kernel.part_kernel_first) return elements * outputs * depth_block_size_;
    const int left = op.ifm.depth - depth_block * depth_block_size_;
    const std::int64_t inputs = round_up(std::min(left, depth_block_size_), 8);
    return round_up(elements, bytes_of(op.ifm.type) == 1 ? 4 : 2) * outputs * inputs;
}

}  // namespace u65sim::timing
