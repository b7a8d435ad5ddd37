// The members of a kernel operation, and what each means for its time, in one place: keys and
// digests take their words from here. Structured bindings take the values apart: a member that is
// added to one of them does not compile until it stands here too.
#pragma once

#include <array>
#include <cstdint>

#include "stream/operation.hpp"

namespace u65sim::timing {

/// Whether blocks of `op` read an IFM2.
inline bool has_second_map(const stream::KernelOp& op) {
    return op.is_binary() && !op.broadcast.scalar;
}

// A visitor has, each with the member's name:
//   counts(name, value)         blocks, jobs, rates or accesses depend on it
//   address(name, bases)        counts by its place in a burst
//   region(name, value)         counts by its port
//   ranges(name, region, range) bytes of each core in a region: length, port and place in a burst
//   between(name, value)        decides how long neighbours wait for each other, alone it does not
//   ignored(name, value, why)   does not count
//   part(name, value)           has members of its own; it visits them
//   absent(name, value, why)    as ignored, for a whole part that this operation does not use
// All is inlined, so that a visitor that packs bits knows when it is compiled which of them go
// where.

[[gnu::always_inline]] inline void visit_members(const stream::FeatureMap& map, auto&& visit) {
    const auto& [region, base, width0, height0, height1, height, width, depth, stride_y, stride_x,
                 stride_c, type, layout, zero_point] = map;
    visit.region("region", region);
    visit.address("base", base);
    visit.counts("width0", width0);
    visit.counts("height0", height0);
    visit.counts("height1", height1);
    visit.counts("height", height);
    visit.counts("width", width);
    visit.counts("depth", depth);
    visit.counts("stride_y", stride_y);
    visit.counts("stride_x", stride_x);
    visit.counts("stride_c", stride_c);
    visit.counts("type", type);
    visit.counts("layout", layout);
    visit.ignored("zero_point", zero_point, "a value: subtracted from each element alike");
}

[[gnu::always_inline]] inline void visit_members(const stream::Kernel& kernel, auto&& visit) {
    const auto& [height, width, stride_y, stride_x, dilation_y, dilation_x, part_kernel_first,
                 decompose_4x4] = kernel;
    visit.counts("height", height);
    visit.counts("width", width);
    visit.counts("stride_y", stride_y);
    visit.counts("stride_x", stride_x);
    visit.counts("dilation_y", dilation_y);
    visit.counts("dilation_x", dilation_x);
    visit.counts("part_kernel_first", part_kernel_first);
    visit.ignored("decompose_4x4", decompose_4x4, "no rate of the model knows it");
}

[[gnu::always_inline]] inline void visit_members(const stream::Pad& pad, auto&& visit) {
    const auto& [top, left, right, bottom] = pad;
    visit.counts("top", top);
    visit.counts("left", left);
    visit.ignored("right", right, "the map's width says where it ends");
    visit.ignored("bottom", bottom, "the map's height says where it ends");
}

[[gnu::always_inline]] inline void visit_members(const stream::Broadcast& broadcast, auto&& visit) {
    const auto& [height, width, depth, swap_operands, scalar] = broadcast;
    visit.counts("height", height);
    visit.counts("width", width);
    visit.counts("depth", depth);
    visit.ignored("swap_operands", swap_operands, "a value: both operands pass the same stages");
    visit.counts("scalar", scalar);
}

[[gnu::always_inline]] inline void visit_members(const stream::ActivationSpec& activation,
                                                 auto&& visit) {
    const auto& [function, clip_range, min, max] = activation;
    visit.counts("function", function != 0);  // any table or curve costs the same
    visit.ignored("clip_range", clip_range, "a value");
    visit.ignored("min", min, "a value");
    visit.ignored("max", max, "a value");
}

[[gnu::always_inline]] inline void visit_members(const BlockShape& block, auto&& visit) {
    const auto& [height, width, depth] = block;
    visit.counts("height", height);
    visit.counts("width", width);
    visit.counts("depth", depth);
}

[[gnu::always_inline]] inline void visit_members(const stream::KernelOp& op, auto&& visit) {
    const auto& [kind, pool_mode, elementwise_mode, ifm, ofm, ifm2, ifm2_scalar, broadcast, upscale,
                 kernel, pad, weight_region, scale_region, weights, scales, global_scale, ofm_scale,
                 opa_scale, opb_scale, operand_scaling, rounding, activation, block, ib_end,
                 ab_start, ifm2_ib_start, acc_format, blockdep, parallel_mode] = op;
    visit.counts("kind", kind);
    visit.counts("pool_mode", pool_mode);
    visit.counts("elementwise_mode", elementwise_mode);
    visit.part("ifm", ifm);
    visit.part("ofm", ofm);
    if (has_second_map(op)) {
        visit.part("ifm2", ifm2);
    } else {
        visit.absent("ifm2", ifm2, "nothing reads it");
    }
    visit.ignored("ifm2_scalar", ifm2_scalar, "a value");
    visit.part("broadcast", broadcast);
    visit.counts("upscale", upscale);
    visit.part("kernel", kernel);
    visit.part("pad", pad);
    if (op.has_weights()) {
        visit.ranges("weights", weight_region, weights);
        visit.ranges("scales", scale_region, scales);
    } else {
        visit.absent("weights", weights, "nothing reads them");
        visit.absent("scales", scales, "nothing reads them");
    }
    visit.ignored("global_scale", global_scale, "the scales' length says whether they are read");
    visit.ignored("ofm_scale", ofm_scale, "a value");
    visit.ignored("opa_scale", opa_scale, "a value");
    visit.ignored("opb_scale", opb_scale, "a value");
    visit.ignored("operand_scaling", operand_scaling, "a value: a lane takes as long either way");
    visit.ignored("rounding", rounding, "a value");
    visit.part("activation", activation);
    visit.part("block", block);
    visit.counts("ib_end", ib_end);
    visit.between("ab_start", ab_start);
    visit.between("ifm2_ib_start", ifm2_ib_start);
    visit.counts("acc_format", acc_format);
    visit.between("blockdep", blockdep);
    visit.ignored("parallel_mode", parallel_mode, "the target says how many cores there are");
}

}  // namespace u65sim::timing
