#include "compile/lower/joined_maps.hpp"

#include <algorithm>
#include <cstddef>
#include <variant>

#include "compile/plan/lifetimes.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

namespace {

/// What an operator takes to read a map, as a pool over the same windows does.
std::int64_t cycles_to_read(Lowering& lowering, const Operator& reader, const View& map) {
    stream::Kernel window;
    if (const auto* form = std::get_if<WindowAttributes>(&reader.attributes)) {
        window = {form->filter_h, form->filter_w, form->stride_h, form->stride_w};
        const int filter = ir::filter_operand(reader.type);
        if (filter >= 0) {
            const Shape& shape =
                lowering.program().tensor(reader.inputs[static_cast<std::size_t>(filter)]).shape;
            window.height = shape[1];
            window.width = shape[2];
        }
    }
    const auto windows = [](std::int32_t extent, int size, int stride) {
        return std::max(1, (extent - size) / stride + 1);
    };
    const Extent result{windows(map.extent.h, window.height, window.stride_y),
                        windows(map.extent.w, window.width, window.stride_x), map.extent.c};
    NpuOp& npu =
        lowering.add(stream::KernelKind::pool, map, lowering.temporary(result, map.type, "read"));
    npu.kernel.pool_mode = stream::PoolMode::max;
    npu.kernel.kernel = window;
    return cycles_of_last(lowering, 1);
}

}  // namespace

bool spoils_joined_map(Lowering& lowering, const View& from, const View& to) {
    Program& program = lowering.program();
    const auto result = static_cast<std::size_t>(lowering.result());
    if (program.slots[result].into == no_tensor || !program.spilling() || program.options.like_vela)
        return false;
    const Buffer& joined = program.buffer(to);
    const std::int64_t bytes =
        (joined.extent.elements() + from.extent.elements()) * stream::bytes_of(joined.type);
    if (to.extent == joined.extent || must_be_linear(to, joined) || joined.linear ||
        joined.extent.c < brick_channels) {
        return false;
    }
    if (bytes > program.sram) return true;
    program.largest_hoped_for = std::max(program.largest_hoped_for,
                                         joined.extent.elements() * stream::bytes_of(joined.type));
    return false;
}

std::int64_t cycles_of_others(Lowering& lowering) {
    Program& program = lowering.program();
    const auto index = [](TensorId id) { return static_cast<std::size_t>(id); };
    const TensorId joined = program.slots[index(lowering.result())].into;
    const std::int32_t join = program.producers[index(joined)];
    std::int64_t cycles = 0;
    const auto read = [&](TensorId id, std::int32_t except) {
        for (const std::int32_t reader : program.consumers[index(id)]) {
            if (reader == except) continue;
            cycles += cycles_to_read(lowering, program.op(reader), lowering.view(id));
        }
    };
    read(joined, no_operator);
    for (const TensorId part : program.op(join).inputs) {
        if (part < 0 || part == lowering.result() || program.slots[index(part)].into != joined)
            continue;
        const View map = lowering.view(part);
        lowering.copy(lowering.temporary(map.extent, map.type, "written"), map, {});
        cycles += cycles_of_last(lowering, 1);
        read(part, join);
    }
    return cycles;
}

View like(Lowering& lowering, const View& map, std::string_view suffix) {
    View other = lowering.temporary(map.extent, map.type, suffix);
    other.zero_point = map.zero_point;
    other.scale = map.scale;
    return other;
}

}  // namespace u65sim::compiler
