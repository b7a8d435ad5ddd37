
#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "compile/cache.hpp"
#include "compile/passes.hpp"
#include "compile/plan/block_search.hpp"
#include "compile/plan/choose_blocks.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// Share of useful multiplications of the two weight orders.
struct OrderUse {
    double depth_first, part_kernel;
};
OrderUse order_use(const NpuOp& op) {
    const bool wide = op.ifm_bits() == 16;
    const double c = op.ifm.extent.c;
    const auto depth = static_cast<double>(round_up(op.ifm.extent.c, wide ? 16 : 32));
    const auto groups = static_cast<double>(round_up(op.ifm.extent.c, 8));
    const std::int64_t elements = std::int64_t{op.kernel.kernel.height} * op.kernel.kernel.width;
    const auto steps = static_cast<double>(round_up(elements, wide ? 2 : 4));
    return {c / depth, c / groups * static_cast<double>(elements) / steps};
}

bool may_be_part_kernel(const NpuOp& op) {
    return op.kernel.kind == KernelKind::conv && !op.vector_product;
}

/// Which order the weights are stored in.
bool is_part_kernel(const NpuOp& op) {
    if (!may_be_part_kernel(op)) return false;
    const OrderUse use = order_use(op);
    return op.ifm.extent.c <= 8 || use.part_kernel >= use.depth_first;
}

}  // namespace

ShramUser shram_user(const NpuOp& op) {
    const stream::KernelOp& k = op.kernel;
    ShramUser user;
    user.kind = k.kind;
    user.reduces_depth =
        k.kind == KernelKind::conv ||
        (k.kind == KernelKind::pool && k.pool_mode == stream::PoolMode::reduce_sum);
    user.vector_product = op.vector_product;
    user.part_kernel = is_part_kernel(op);
    user.two_maps = op.binary() && !k.broadcast.scalar;
    user.lut = !op.lut.empty();
    user.ifm_bits = op.ifm_bits();
    const bool quantised = op.ifm.scale > 0 && op.ofm.scale > 0;
    user.acc_bits = user.ifm_bits == 16 && k.kind != KernelKind::pool && quantised ? 40 : 32;
    user.kernel_h = k.kernel.dilated_height();
    user.kernel_w = k.kernel.dilated_width();
    user.stride_y = k.kernel.stride_y;
    user.stride_x = k.kernel.stride_x;
    user.upscale = k.upscale;
    user.ofm_h = op.ofm.extent.h;
    user.ofm_w = op.ofm.extent.w;
    user.ofm_c = op.ofm.extent.c;
    user.ifm_h = op.ifm.extent.h;
    user.ifm_w = op.ifm.extent.w;
    user.ifm_c = op.ifm.extent.c;
    if (user.two_maps && op.ifm2.extent.elements() > op.ifm.extent.elements()) {
        user.ifm_h = op.ifm2.extent.h;
        user.ifm_w = op.ifm2.extent.w;
        user.ifm_c = op.ifm2.extent.c;
    }
    return user;
}

void choose_block(NpuOp& op, const CompileContext& context) {
    const Architecture& arch = context.arch;
    const Accelerator& accelerator = context.target->accelerator;
    ShramUser user = shram_user(op);
    user.single_precision = context.rules.finds_blocks_in_single_precision;
    const auto block = find_block(user, accelerator, arch, context.cache->blocks);
    if (!block) {
        throw InvalidModel(
            fmt::format("{}: no output block fits the shared buffer of {} banks (kernel {}x{}, "
                        "input {} bit)",
                        op.name, arch.shram_banks, user.kernel_h, user.kernel_w, user.ifm_bits));
    }
    lay_out(user, *block, arch)->apply(op.kernel, *block);
    op.kernel.acc_format =
        user.acc_bits == 40 ? stream::AccFormat::int40 : stream::AccFormat::int32;
    op.kernel.kernel.part_kernel_first = is_part_kernel(op);
    op.kernel.parallel_mode = accelerator.cores > 1 ? 1 : 0;
}

void choose_blocks(Program& program) {
    for (auto& segment : program.segments) {
        for (auto& op : segment.ops) {
            try {
                choose_block(op, program);
            } catch (const InvalidModel& error) {
                program.refusals.try_emplace(op.graph_operator, error.what());
            }
        }
    }
}

}  // namespace u65sim::compiler
