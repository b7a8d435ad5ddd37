// Small operations and a target for tests of time.
#pragma once

#include <cstdint>

#include <u65sim/target.hpp>

#include "stream/operation.hpp"

namespace timing_test {

using namespace u65sim;
using stream::FeatureMap;
using stream::KernelOp;

inline FeatureMap brick_map(int height, int width, int depth, std::uint64_t base) {
    FeatureMap map;
    map.region = 2;
    map.base[0] = base;
    map.height0 = map.height1 = map.height = height;
    map.width0 = map.width = width;
    map.depth = depth;
    map.layout = stream::Layout::nhcwb16;
    map.stride_x = 16;
    map.stride_c = 16 * width;
    map.stride_y = static_cast<std::int64_t>((depth + 15) / 16 * 16) * width;
    return map;
}

inline KernelOp convolution(int kernel, int blockdep) {
    KernelOp op;
    op.kind = stream::KernelKind::conv;
    op.ifm = brick_map(24, 24, 48, 0);
    op.ofm = brick_map(24, 24, 48, 65536);
    op.kernel.height = op.kernel.width = kernel;
    const int pad = kernel / 2;
    op.pad = {pad, pad, pad, pad};
    op.block = {8, 8, 16};
    op.ib_end = 18;
    op.ab_start = 30;
    op.weight_region = op.scale_region = 0;
    op.weights[0] = {0, static_cast<std::uint32_t>(kernel * kernel * 48 * 48)};
    op.scales[0] = {0, 480};
    op.blockdep = blockdep;
    return op;
}

inline KernelOp addition() {
    KernelOp op = convolution(1, 0);
    op.kind = stream::KernelKind::elementwise;
    op.elementwise_mode = stream::ElementwiseMode::add;
    op.ifm2 = brick_map(24, 24, 48, 32768);
    op.weights = op.scales = {};
    op.ib_end = op.ab_start = 46;
    op.ifm2_ib_start = 24;
    return op;
}

/// High-end memories of the U65, written out so that the test stands alone.
inline Target target() {
    Target result;
    result.sram.read_latency = result.sram.write_latency = Cycles{32};
    result.sram.max_outstanding_reads = result.sram.max_outstanding_writes = 16;
    result.sram.bandwidth = BytesPerCycle{16, 1};
    result.sram.bandwidth_period = Cycles{4000};
    result.off_chip.read_latency = Cycles{500};
    result.off_chip.write_latency = Cycles{250};
    result.off_chip.max_outstanding_reads = 24;
    result.off_chip.max_outstanding_writes = 12;
    result.off_chip.bandwidth = BytesPerCycle{15, 4};
    result.off_chip.bandwidth_period = Cycles{5000};
    return result;
}

}  // namespace timing_test
