// One change of every member of a kernel operation, and what the change has to mean for time: the
// tests' own opinion, beside the list in sim/timing/kernel_fields.hpp.
#pragma once

#include <string>
#include <vector>

#include "stream/operation.hpp"

namespace timing_test {

using u65sim::stream::FeatureMap;
using u65sim::stream::KernelOp;

enum class Means {
    key,      ///< the kernel alone takes another time, or may
    place,    ///< the time of its transfers differs: port, length, place in a burst
    between,  ///< neighbours wait otherwise
    nothing,
};

struct Change {
    std::string member;
    Means means;
    void (*apply)(KernelOp&);
};

/// Changes of a map's members; `Map` is the pointer to it in the operation.
template <FeatureMap KernelOp::*Map>
void add_map_changes(std::vector<Change>& all, const std::string& name) {
    namespace stream = u65sim::stream;
    const std::vector<Change> changes{
        {"region", Means::place, [](KernelOp& op) { (op.*Map).region = 1; }},
        {"base", Means::key, [](KernelOp& op) { (op.*Map).base[0] += 16; }},
        {"base", Means::key, [](KernelOp& op) { (op.*Map).base[1] += 16; }},
        {"base", Means::key, [](KernelOp& op) { (op.*Map).base[2] += 16; }},
        {"base", Means::key, [](KernelOp& op) { (op.*Map).base[3] += 16; }},
        {"width0", Means::key, [](KernelOp& op) { --(op.*Map).width0; }},
        {"height0", Means::key, [](KernelOp& op) { --(op.*Map).height0; }},
        {"height1", Means::key, [](KernelOp& op) { --(op.*Map).height1; }},
        {"height", Means::key, [](KernelOp& op) { ++(op.*Map).height; }},
        {"width", Means::key, [](KernelOp& op) { ++(op.*Map).width; }},
        {"depth", Means::key, [](KernelOp& op) { ++(op.*Map).depth; }},
        {"stride_y", Means::key, [](KernelOp& op) { (op.*Map).stride_y += 16; }},
        {"stride_x", Means::key, [](KernelOp& op) { (op.*Map).stride_x += 16; }},
        {"stride_c", Means::key, [](KernelOp& op) { (op.*Map).stride_c += 16; }},
        {"type", Means::key, [](KernelOp& op) { (op.*Map).type = stream::DataType::s16; }},
        {"layout", Means::key, [](KernelOp& op) { (op.*Map).layout = stream::Layout::nhwc; }},
        {"zero_point", Means::nothing, [](KernelOp& op) { (op.*Map).zero_point += 3; }},
    };
    for (const Change& change : changes) {
        all.push_back({name + "." + change.member, change.means, change.apply});
    }
}

inline std::vector<Change> part_changes() {
    return {
        {"broadcast.height", Means::key, [](KernelOp& op) { op.broadcast.height = true; }},
        {"broadcast.width", Means::key, [](KernelOp& op) { op.broadcast.width = true; }},
        {"broadcast.depth", Means::key, [](KernelOp& op) { op.broadcast.depth = true; }},
        {"broadcast.swap_operands", Means::nothing,
         [](KernelOp& op) { op.broadcast.swap_operands = true; }},
        {"broadcast.scalar", Means::key, [](KernelOp& op) { op.broadcast.scalar = true; }},
        {"kernel.height", Means::key, [](KernelOp& op) { ++op.kernel.height; }},
        {"kernel.width", Means::key, [](KernelOp& op) { ++op.kernel.width; }},
        {"kernel.stride_y", Means::key, [](KernelOp& op) { ++op.kernel.stride_y; }},
        {"kernel.stride_x", Means::key, [](KernelOp& op) { ++op.kernel.stride_x; }},
        {"kernel.dilation_y", Means::key, [](KernelOp& op) { ++op.kernel.dilation_y; }},
        {"kernel.dilation_x", Means::key, [](KernelOp& op) { ++op.kernel.dilation_x; }},
        {"kernel.part_kernel_first", Means::key,
         [](KernelOp& op) { op.kernel.part_kernel_first = true; }},
        {"kernel.decompose_4x4", Means::nothing,
         [](KernelOp& op) { op.kernel.decompose_4x4 = true; }},
        {"pad.top", Means::key, [](KernelOp& op) { ++op.pad.top; }},
        {"pad.left", Means::key, [](KernelOp& op) { ++op.pad.left; }},
        {"pad.right", Means::nothing, [](KernelOp& op) { ++op.pad.right; }},
        {"pad.bottom", Means::nothing, [](KernelOp& op) { ++op.pad.bottom; }},
        {"activation.function", Means::key, [](KernelOp& op) { op.activation.function = 16; }},
        {"activation.clip_range", Means::nothing,
         [](KernelOp& op) { op.activation.clip_range = 3; }},
        {"activation.min", Means::nothing, [](KernelOp& op) { op.activation.min = -7; }},
        {"activation.max", Means::nothing, [](KernelOp& op) { op.activation.max = 7; }},
        {"block.height", Means::key, [](KernelOp& op) { op.block.height = 4; }},
        {"block.width", Means::key, [](KernelOp& op) { op.block.width = 4; }},
        {"block.depth", Means::key, [](KernelOp& op) { op.block.depth = 8; }},
    };
}

inline std::vector<Change> own_changes() {
    namespace stream = u65sim::stream;
    return {
        {"kind", Means::key, [](KernelOp& op) { op.kind = stream::KernelKind::pool; }},
        {"pool_mode", Means::key,
         [](KernelOp& op) { op.pool_mode = stream::PoolMode::reduce_sum; }},
        {"elementwise_mode", Means::key,
         [](KernelOp& op) { op.elementwise_mode = stream::ElementwiseMode::mul; }},
        {"ifm2_scalar", Means::nothing, [](KernelOp& op) { op.ifm2_scalar = 5; }},
        {"upscale", Means::key, [](KernelOp& op) { op.upscale = stream::Upscale::nearest; }},
        {"weights", Means::place, [](KernelOp& op) { op.weight_region = 2; }},
        {"weights", Means::place, [](KernelOp& op) { op.weights[0].base += 16; }},
        {"weights", Means::place, [](KernelOp& op) { op.weights[0].length += 16; }},
        {"weights", Means::place, [](KernelOp& op) { op.weights[1].base += 16; }},
        {"weights", Means::place, [](KernelOp& op) { op.weights[1].length += 16; }},
        {"scales", Means::place, [](KernelOp& op) { op.scale_region = 2; }},
        {"scales", Means::place, [](KernelOp& op) { op.scales[0].base += 16; }},
        {"scales", Means::place, [](KernelOp& op) { op.scales[0].length += 10; }},
        {"scales", Means::place, [](KernelOp& op) { op.scales[1].base += 16; }},
        {"scales", Means::place, [](KernelOp& op) { op.scales[1].length += 10; }},
        {"global_scale", Means::nothing, [](KernelOp& op) { op.global_scale = true; }},
        {"ofm_scale", Means::nothing, [](KernelOp& op) { op.ofm_scale.multiplier = 99; }},
        {"opa_scale", Means::nothing, [](KernelOp& op) { op.opa_scale.shift = 9; }},
        {"opb_scale", Means::nothing, [](KernelOp& op) { op.opb_scale.multiplier = 9; }},
        {"operand_scaling", Means::nothing,
         [](KernelOp& op) { op.operand_scaling = stream::OperandScaling::a32; }},
        {"rounding", Means::nothing, [](KernelOp& op) { op.rounding = stream::Rounding::natural; }},
        {"ib_end", Means::key, [](KernelOp& op) { op.ib_end -= 2; }},
        {"ab_start", Means::between, [](KernelOp& op) { op.ab_start += 2; }},
        {"ifm2_ib_start", Means::between, [](KernelOp& op) { op.ifm2_ib_start += 2; }},
        {"acc_format", Means::key, [](KernelOp& op) { op.acc_format = stream::AccFormat::int40; }},
        {"blockdep", Means::between, [](KernelOp& op) { op.blockdep ^= 1; }},
        {"parallel_mode", Means::nothing, [](KernelOp& op) { op.parallel_mode = 1; }},
    };
}

/// Every member at least once. Changes of `ifm2` count in binary operations, of weights and scales
/// in operations that have them.
inline std::vector<Change> kernel_changes() {
    std::vector<Change> all = own_changes();
    for (const Change& change : part_changes()) all.push_back(change);
    add_map_changes<&KernelOp::ifm>(all, "ifm");
    add_map_changes<&KernelOp::ifm2>(all, "ifm2");
    add_map_changes<&KernelOp::ofm>(all, "ofm");
    return all;
}

}  // namespace timing_test
