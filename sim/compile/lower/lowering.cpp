#include "compile/lower/lowering.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "arith/rescale.hpp"
#include "compile/build_kernel.hpp"
#include "compile/lower/curves.hpp"
#include "compile/lower/elementwise.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/passes.hpp"
#include "ir/operator_info.hpp"
#include "stream/check.hpp"

namespace u65sim::compiler {

using stream::DataType;
using stream::KernelKind;

Extent extent_of(const Shape& shape) {
    Extent e;
    const std::size_t rank = shape.size();
    if (rank >= 1) e.c = shape[rank - 1];
    if (rank >= 2) e.w = shape[rank - 2];
    if (rank >= 3) e.h = shape[rank - 3];
    for (std::size_t i = 0; i + 3 < rank; ++i) {
        e.h = static_cast<std::int32_t>(
            std::min<std::int64_t>(std::int64_t{e.h} * shape[i], 1 << 30));
    }
    return e;
}

std::int64_t storage_bytes(const Extent& extent, DataType type, stream::Layout layout) {
    const std::int64_t depth =
        layout == stream::Layout::nhcwb16 ? round_up(extent.c, 16) : extent.c;
    return std::int64_t{extent.h} * extent.w * depth * stream::bytes_of(type);
}

stream::FeatureMap map_of(const View& view, int region, stream::Layout layout) {
    const std::int64_t element = stream::bytes_of(view.type);
    stream::FeatureMap map;
    map.region = region;
    map.layout = layout;
    map.type = view.type;
    map.zero_point = view.zero_point;
    map.height = map.height0 = map.height1 = view.extent.h;
    map.width = map.width0 = view.extent.w;
    map.depth = view.extent.c;
    if (view.row_again != Again::none) {
        map.height0 = map.height1 = view.row_again == Again::first ? 1 : view.extent.h - 1;
    }
    if (view.column_again != Again::none) {
        map.width0 = view.column_again == Again::first ? 1 : view.extent.w - 1;
    }
    if (layout == stream::Layout::nhcwb16) {
        map.stride_x = 16 * element;
        map.stride_c = map.stride_x * view.storage.w;
        map.stride_y =
            view.stride_y ? *view.stride_y * element : map.stride_c * ceil_div(view.storage.c, 16);
    } else {
        map.stride_x = view.stride_x.value_or(view.storage.c) * element;
        map.stride_y =
            view.stride_y.value_or(std::int64_t{view.storage.w} * view.storage.c) * element;
        map.stride_c = element;
    }
    return map;
}

stream::Layout layout_for(const Program& program, const Extent& map) {
    const bool is_deep = map.c >= program.rules.least_brick_channels;
    const bool is_pixel = map.h == 1 && map.w == 1;
    return is_deep && (!is_pixel || program.rules.cuts_pixels) ? stream::Layout::nhcwb16
                                                               : stream::Layout::nhwc;
}

stream::FeatureMap resolve(const Program& program, const View& view) {
    const Buffer& buffer = program.buffer(view);
    stream::FeatureMap map = map_of(view, buffer.region, buffer.layout);
    const std::int32_t rolling = buffer.rolling_rows;
    const std::int32_t row = rolling > 0 ? view.y % rolling : view.y;
    const std::int64_t part = buffer.layout == stream::Layout::nhcwb16 ? view.c / 16 : view.c;
    const std::int64_t origin = row * map.stride_y + view.x * map.stride_x + part * map.stride_c;
    const auto at = [&](std::int64_t offset) {
        return static_cast<std::uint64_t>(buffer.offset + origin + offset);
    };
    map.base[0] = at(0);
    if (view.row_again != Again::none || view.column_again != Again::none) {
        // The other tiles begin with what is stored first, or hold what is stored last.
        const bool last_row = view.row_again == Again::last;
        const bool last_column = view.column_again == Again::last;
        const std::int64_t down = last_row ? (view.extent.h - 2) * map.stride_y : 0;
        const std::int64_t right = last_column ? (view.extent.w - 2) * map.stride_x : 0;
        map.base[1] = at(right);
        map.base[2] = at(down);
        map.base[3] = at(down + right);
    }
    if (rolling > 0 && row + view.extent.h > rolling) {
        // The rows behind the wrap are tile 2, from the buffer's first row on.
        map.height0 = rolling - row;
        map.base[2] = static_cast<std::uint64_t>(buffer.offset + origin - row * map.stride_y);
    }
    return map;
}

Extent plane_of(std::int64_t positions, std::int32_t depth) {
    constexpr std::int64_t most = 65535;
    std::int64_t height = 1, least = 0;
    for (std::int64_t h = 1; h * h <= positions; ++h) {
        if (positions % h != 0 || positions / h > most) continue;
        const std::int64_t covered = round_up(h, 2) * round_up(positions / h, 2);
        if (least != 0 && covered > least) continue;
        height = h;
        least = covered;
    }
    return {static_cast<std::int32_t>(height), static_cast<std::int32_t>(positions / height),
            depth};
}

Clamp full_clamp(DataType type) {
    // The registers of a clamp have 16 bits.
    const bool is_wide = stream::bytes_of(type) > 2;
    const IntegerRange range = stream::range_of(is_wide ? DataType::s16 : type);
    return {static_cast<std::int32_t>(range.low), static_cast<std::int32_t>(range.high)};
}

Clamp clamp_of(Activation activation, const Tensor& output) {
    const Clamp whole = full_clamp(*data_type(output.type));
    const auto range = arith::activation_range(activation, scale(output), zero_point(output),
                                               {whole.min, whole.max});
    return {range.low, range.high};
}

namespace {

/// The registers' type of a tensor's elements; int64 is two int32, low half first.
DataType word_type(ElementType type) {
    return type == ElementType::int64 ? DataType::s32 : *data_type(type);
}

}  // namespace

TensorId Lowering::result() const {
    if (const auto blocks = program_.fused_blocks.find(index_);
        blocks != program_.fused_blocks.end()) {
        return program_.op(blocks->second).outputs[0];
    }
    if (const auto curve = program_.curves.find(index_); curve != program_.curves.end()) {
        return curve->second.to;
    }
    const std::int32_t fused = program_.fused_activation[static_cast<std::size_t>(index_)];
    return fused != no_operator ? program_.op(fused).outputs[0] : op().outputs.at(0);
}

View Lowering::view(TensorId id) {
    View& known = program_.views[static_cast<std::size_t>(id)];
    if (!known.valid()) {
        const View made = make(id);
        program_.views[static_cast<std::size_t>(id)] = made;
        return made;
    }
    return known;
}

View Lowering::make(TensorId id) {
    const Tensor& tensor = program_.tensor(id);
    const Slot& slot = program_.slots[static_cast<std::size_t>(id)];
    View v;
    if (slot.into != no_tensor) {
        v = part(view(slot.into), slot.y, slot.x, slot.c, extent_of(tensor.shape));
    } else {
        v.buffer = buffer_for(id);
        v.storage = v.extent = program_.buffer(v).extent;
    }
    v.type = word_type(tensor.type);
    v.zero_point = zero_point(tensor);
    v.scale = scale(tensor);
    return v;
}

int Lowering::buffer_for(TensorId id) {
    const Tensor& tensor = program_.tensor(id);
    Buffer buffer;
    buffer.name = tensor.name;
    buffer.extent = extent_of(tensor.shape);
    buffer.type = word_type(tensor.type);
    if (tensor.type == ElementType::int64) buffer.extent.c *= 2;
    if (tensor.data) {
        buffer.kind = Placement::Kind::constant;
        buffer.data = tensor.data.bytes();
        buffer.linear = true;
    }
    if (tensor.is_variable) {
        buffer.kind = Placement::Kind::variable;
        buffer.whole_life = buffer.pinned = buffer.linear = true;
    }
    if (program_.bound[static_cast<std::size_t>(id)]) buffer.pinned = buffer.linear = true;
    buffer.producer = program_.producers[static_cast<std::size_t>(id)];
    const auto consumers = program_.consumers[static_cast<std::size_t>(id)];
    buffer.consumers.assign(consumers.begin(), consumers.end());
    program_.buffers.push_back(std::move(buffer));
    return static_cast<int>(program_.buffers.size()) - 1;
}

View Lowering::output_view() {
    View v = view(result());
    const Tensor& own = output();
    v.zero_point = zero_point(own);
    v.scale = scale(own);
    v.type = word_type(own.type);
    return v;
}

View Lowering::part(const View& whole, std::int32_t y, std::int32_t x, std::int32_t c,
                    const Extent& extent) {
    View v = whole;
    v.y += y;
    v.x += x;
    v.c += c;
    v.extent = extent;
    if (v.c % 16 != 0) program_.buffer(v).linear = true;
    return v;
}

View Lowering::stepped(const View& view, std::int32_t y, std::int32_t x, std::int32_t c,
                       const Extent& extent, std::int32_t step_y, std::int32_t step_x) {
    if (step_y == 1 && step_x == 1) return part(view, y, x, c, extent);
    View v = view;
    // The origin in elements: strides of their own do not place it.
    const std::int64_t origin =
        (std::int64_t{view.y + y} * view.storage.w + view.x + x) * view.storage.c + view.c + c;
    v.y = v.x = 0;
    v.c = static_cast<std::int32_t>(origin);
    v.extent = extent;
    v.stride_y = std::int64_t{view.storage.w} * view.storage.c * step_y;
    v.stride_x = std::int64_t{view.storage.c} * step_x;
    program_.buffer(v).linear = true;
    return v;
}

View Lowering::spread(const View& view, const Extent& extent) {
    View v = view;
    if (view.extent.h != extent.h) v.stride_y = 0;
    if (view.extent.w != extent.w) v.stride_x = 0;
    if (v.stride_y || v.stride_x) program_.buffer(v).linear = true;
    v.extent.h = extent.h;
    v.extent.w = extent.w;
    return v;
}

View Lowering::packed(const View& view) {
    if (view.whole()) return view;
    View packed = temporary(view.extent, view.type, "packed");
    packed.zero_point = view.zero_point;
    packed.scale = view.scale;
    copy(view, packed, "pack");
    return packed;
}

View Lowering::reshaped(const View& view, const Extent& extent) {
    if (view.extent == extent) return view;
    View source = packed(view);
    program_.buffer(source).linear = true;
    source.storage = source.extent = extent;
    return source;
}

View Lowering::writable(const View& result, const Extent& extent) {
    if (result.extent == extent) return result;
    if (result.whole()) return reshaped(result, extent);
    View made = temporary(extent, result.type, "result");
    made.zero_point = result.zero_point;
    made.scale = result.scale;
    return made;
}

void Lowering::place(const View& made, const View& result) {
    if (made.buffer != result.buffer) copy(reshaped(made, result.extent), result, "place");
}

View Lowering::temporary(const Extent& extent, DataType type, std::string_view suffix) {
    Buffer buffer;
    buffer.name = fmt::format("{}/{}", op().name, suffix);
    buffer.extent = extent;
    buffer.type = type;
    buffer.producer = index_;
    buffer.consumers = {index_};
    program_.buffers.push_back(std::move(buffer));
    View v;
    v.buffer = static_cast<int>(program_.buffers.size()) - 1;
    v.storage = v.extent = extent;
    v.type = type;
    return v;
}

View Lowering::constant(const Extent& extent, DataType type, std::vector<std::uint8_t> bytes,
                        std::string_view suffix) {
    View v = temporary(extent, type, suffix);
    Buffer& buffer = program_.buffer(v);
    buffer.kind = Placement::Kind::constant;
    buffer.linear = true;
    buffer.data = std::move(bytes);
    return v;
}

std::string Lowering::unique_name(std::string_view suffix) {
    if (suffix.empty()) return named_++ == 0 ? op().name : fmt::format("{}/{}", op().name, named_);
    return fmt::format("{}/{}", op().name, suffix);
}

NpuOp& Lowering::add(KernelKind kind, const View& ifm, const View& ofm, std::string_view suffix) {
    NpuOp npu;
    npu.name = unique_name(suffix);
    npu.graph_operator = index_;
    npu.kernel.kind = kind;
    npu.ifm = ifm;
    npu.ofm = ofm;
    const Clamp range = full_clamp(ofm.type);
    npu.kernel.activation.min = range.min;
    npu.kernel.activation.max = range.max;
    segment_.ops.push_back(std::move(npu));
    return segment_.ops.back();
}

NpuOp Lowering::drop() {
    NpuOp last = std::move(segment_.ops.back());
    segment_.ops.pop_back();
    if (last.name == op().name) named_ = 0;
    return last;
}

void Lowering::activate(NpuOp& npu) {
    auto& activation = npu.kernel.activation;
    const auto narrow = [&](const Clamp& clamp) {
        activation.min = std::max(activation.min, clamp.min);
        activation.max = std::min(activation.max, clamp.max);
    };
    if (const auto curve = program_.curves.find(index_); curve != program_.curves.end()) {
        npu.lut = table_of(program_, curve->second, activation_of(op()));
        activation.function = 16;
        return;
    }
    narrow(clamp_of(activation_of(op()), output()));
    const std::int32_t fused = program_.fused_activation[static_cast<std::size_t>(index_)];
    if (fused == no_operator) return;
    const Operator& next = program_.op(fused);
    const Tensor& result_tensor = program_.tensor(next.outputs[0]);
    const auto clamp = ir::clamp_of(next.type);
    if (clamp && same_quantization(output(), result_tensor)) {
        narrow(clamp_of(*clamp, result_tensor));
        return;
    }
    npu.lut = table_of(program_, next);
    activation.function = 16;
}

NpuOp& Lowering::copy(const View& ifm, const View& ofm, std::string_view suffix) {
    NpuOp& npu = add(KernelKind::pool, ifm, ofm, suffix);
    npu.kernel.pool_mode = stream::PoolMode::average;
    npu.kernel.global_scale = true;
    npu.kernel.ofm_scale = {std::uint32_t{1} << 31, 31};
    npu.kernel.rounding = stream::Rounding::natural;
    npu.ifm.zero_point = npu.ofm.zero_point = 0;
    return npu;
}

NpuOp& Lowering::rescale(const View& ifm, const View& ofm, std::string_view suffix) {
    NpuOp& npu = add(KernelKind::pool, ifm, ofm, suffix);
    npu.kernel.pool_mode = stream::PoolMode::average;
    npu.kernel.global_scale = true;
    const auto m = arith::quantise(ifm.scale / ofm.scale);
    npu.kernel.ofm_scale = {m.multiplier, m.shift};
    return npu;
}

namespace {

/// Refuses the operators whose kernels the registers cannot hold, whatever their blocks and places.
void check_registers(Program& program, const Segment& segment) {
    for (const NpuOp& npu : segment.ops) {
        const stream::KernelOp kernel = build_kernel(
            npu, [](const View& view) { return map_of(view, region_arena, stream::Layout::nhwc); });
        const std::string problem = stream::problem_of_extents(kernel);
        if (!problem.empty()) program.refusals.try_emplace(npu.graph_operator, problem);
    }
}

}  // namespace

namespace {

/// The operator's own form, or the look-up that it and others have become.
void lower_operator(Lowering& lowering) {
    Program& program = lowering.program();
    const auto curve = program.curves.find(lowering.index());
    if (curve != program.curves.end() && curve->second.operators.front() == lowering.index()) {
        look_up_8(lowering, lowering.view(curve->second.from), lowering.view(curve->second.to),
                  table_of(program, curve->second, Activation::none));
    } else {
        npu_forms[lowering.op().type].lower(lowering);
    }
}

}  // namespace

void lower(Program& program) {
    program.views.assign(program.graph->tensors.size(), {});
    program.cpu_time.assign(program.graph->operators.size(), no_time);
    for (const auto& step : program.steps) {
        if (step.segment < 0) {
            program.cpu_time[static_cast<std::size_t>(step.graph_operator)] = program.times++;
            continue;
        }
        Segment& segment = program.segments[static_cast<std::size_t>(step.segment)];
        for (const auto op : segment.operators) {
            const Decision& decision = program.decision(op);
            if (decision.fused_into != no_operator || decision.folded) continue;
            const std::size_t before = segment.ops.size();
            Lowering lowering(program, op, segment);
            try {
                lower_operator(lowering);
            } catch (const InvalidModel& error) {
                program.refusals.try_emplace(op, error.what());
                segment.ops.resize(before);
                continue;
            }
            program.decision(op).folded = segment.ops.size() == before;
        }
        check_registers(program, segment);
        for (auto& npu : segment.ops) npu.time = program.times++;
    }
}

}  // namespace u65sim::compiler
