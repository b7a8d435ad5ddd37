// Operators that move data: most vanish into addresses, the rest are copies.
#include <algorithm>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

namespace {

using stream::DataType;

void move(Lowering& lowering, const View& from, const View& to, std::string_view suffix) {
    if (from.scale == to.scale && from.zero_point == to.zero_point) {
        lowering.copy(from, to, suffix);
    } else {
        // The reference rounds once, halves away from zero.
        NpuOp& npu = lowering.rescale(from, to, suffix);
        constexpr std::int64_t largest = 255;
        const auto m = arith::multiplier_for_halves(from.scale / to.scale, largest);
        npu.kernel.ofm_scale = {m.multiplier, m.shift};
        npu.kernel.rounding = stream::Rounding::natural;
    }
}

}  // namespace

std::string support_concatenation(const Candidate& candidate) {
    for (const auto i : ir::map_operands(candidate.op())) {
        if (candidate.input(i).type != candidate.output().type) {
            return fmt::format("input {} is {} and the output {}", i,
                               to_string(candidate.input(i).type),
                               to_string(candidate.output().type));
        }
    }
    const auto* attributes = std::get_if<AxisAttributes>(&candidate.op().attributes);
    const std::size_t rank = candidate.output().shape.size();
    const std::int32_t axis = normalise_axis(attributes ? attributes->axis : 0, rank);
    if (axis < 0 || axis >= static_cast<std::int32_t>(rank)) return "axis is out of range";
    if (rank == 4 && candidate.output().shape[0] != 1 && axis == 1)
        return "rows of a batch are joined";
    return {};
}

void lower_concatenation(Lowering& lowering) {
    const Operator& op = lowering.op();
    const Tensor& out = lowering.output();
    const View ofm = lowering.output_view();
    const auto* attributes = std::get_if<AxisAttributes>(&op.attributes);
    const std::size_t rank = out.shape.size();
    const std::int32_t axis = normalise_axis(attributes ? attributes->axis : 0, rank);
    const std::int32_t axis4 = axis + static_cast<std::int32_t>(4 - rank);
    std::int32_t position = 0;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
        const auto id = op.inputs[i];
        Shape shape = lowering.input(i).shape;
        if (op.type == OpType::pack) shape.insert(shape.begin() + axis, 1);
        const std::int32_t at = position;
        position += shape[static_cast<std::size_t>(axis)];
        if (lowering.program().slots[static_cast<std::size_t>(id)].into == op.outputs[0]) continue;
        const Extent extent = extent_of(shape);
        const std::int32_t rows = rank == 4 ? shape[1] : 1;
        const View to = lowering.part(ofm,
                                      axis4 == 0   ? at * rows
                                      : axis4 == 1 ? at
                                                   : 0,
                                      axis4 == 2 ? at : 0, axis4 == 3 ? at : 0, extent);
        View from = lowering.input_view(i);
        if (from.extent != extent) from = lowering.reshaped(from, extent);
        move(lowering, from, to, {});
    }
}

std::string support_slices(const Candidate& candidate) {
    std::int32_t position = 0;
    for (std::size_t i = 0; i < candidate.op().outputs.size(); ++i) {
        const Tensor& out = candidate.output(i);
        if (out.type != candidate.map().type) return "input and output types differ";
        if (!same_quantization(out, candidate.map())) return "input and output scales differ";
        const auto found = slice_box(candidate.graph(), candidate.op(), i, position);
        if (!found) return "begin and end must be constant";
        const SliceBox& box = *found;
        position = box.next;
        if (candidate.map().shape.size() == 4 && candidate.map().shape[0] != 1 &&
            box.size[1] != candidate.map().shape[1]) {
            return "rows of a batch are cut";
        }
    }
    return {};
}

void lower_slices(Lowering& lowering) {
    const Operator& op = lowering.op();
    Program& program = lowering.program();
    const std::size_t map = ir::map_operands(op).front();
    const View ifm = lowering.input_view(map);
    std::int32_t position = 0;
    for (std::size_t i = 0; i < op.outputs.size(); ++i) {
        const auto id = op.outputs[i];
        const SliceBox box = *slice_box(*program.graph, op, i, position);
        position = box.next;
        Shape begin(4, 0);
        std::copy(box.begin.rbegin(), box.begin.rend(), begin.rbegin());
        const std::int32_t rows = box.size.size() == 4 ? lowering.input(map).shape[1] : 1;
        const Extent extent = extent_of(box.size);
        View from = lowering.part(ifm, begin[0] * rows + begin[1], begin[2], begin[3], extent);
        const Extent wanted = extent_of(lowering.output(i).shape);
        const auto t = static_cast<std::size_t>(id);
        const bool in_place = !program.bound[t] && program.slots[t].into == no_tensor &&
                              program.buffer(ifm).kind != Placement::Kind::constant;
        if (in_place && extent == wanted) {
            program.views[t] = from;
            continue;
        }
        const View to = lowering.view(id);
        lowering.copy(lowering.reshaped(from, wanted), to, {});
    }
}

std::string support_strided_slice(const Candidate& candidate) {
    return slice_box(candidate.graph(), candidate.op(), 0, 0) ? support_slices(candidate)
                                                              : support_rearranged(candidate);
}

void lower_strided_slice(Lowering& lowering) {
    if (slice_box(*lowering.program().graph, lowering.op(), 0, 0)) {
        lower_slices(lowering);
    } else {
        lower_rearranged(lowering);
    }
}

std::string support_reshape(const Candidate& candidate) { return candidate.same_type_and_scale(); }

/// A copy of a map that others than its reshape read, too, as Vela makes it; all who come later
/// read the copy.
View copied(Lowering& lowering, const View& ifm) {
    Program& program = lowering.program();
    const auto input = static_cast<std::size_t>(lowering.op().inputs[0]);
    if (program.consumers[input].size() < 2) return ifm;
    View copy = lowering.temporary(ifm.extent, ifm.type, "reshaped");
    copy.zero_point = ifm.zero_point;
    copy.scale = ifm.scale;
    lowering.copy(ifm, copy, "copy");
    const auto consumers = program.consumers[input];
    program.buffer(copy).consumers.assign(consumers.begin(), consumers.end());
    program.views[input] = copy;
    return copy;
}

void lower_reshape(Lowering& lowering) {
    Program& program = lowering.program();
    const auto id = lowering.op().outputs[0];
    const auto t = static_cast<std::size_t>(id);
    const Extent wanted = extent_of(lowering.output().shape);
    View ifm = lowering.input_view(0);
    if (program.rules.copies_before_reshape && !program.bound[t]) ifm = copied(lowering, ifm);
    const bool constant = program.buffer(ifm).kind == Placement::Kind::constant;
    if (program.slots[t].into == no_tensor && !(constant && program.bound[t])) {
        // Never turn an input of the segment into its output at another address.
        View v = lowering.reshaped(ifm, wanted);
        Buffer& buffer = program.buffer(v);
        if (program.bound[t]) buffer.pinned = buffer.linear = true;
        const auto consumers = program.consumers[t];
        buffer.consumers.insert(buffer.consumers.end(), consumers.begin(), consumers.end());
        v.zero_point = zero_point(lowering.output());
        v.scale = scale(lowering.output());
        program.views[t] = v;
        return;
    }
    lowering.copy(lowering.reshaped(ifm, wanted), lowering.view(id), {});
}

std::string support_pad(const Candidate& candidate) {
    if (auto text = candidate.same_type_and_scale(); !text.empty()) return text;
    if (!candidate.parameter(1)) return "paddings are not constant";
    const auto values = integers(candidate.input(1));
    if (values.size() != 2 * candidate.map().shape.size()) return "paddings do not match the shape";
    if (candidate.map().shape.size() == 4 && (values[0] || values[1])) return "the batch is padded";
    if (candidate.present(2) &&
        (!candidate.constant(2) || candidate.input(2).type != candidate.output().type ||
         element_count(candidate.input(2).shape) != 1 ||
         !same_quantization(candidate.input(2), candidate.output()))) {
        return "the value to pad with must be one constant, quantised as the map";
    }
    return {};
}

void lower_pad(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View ofm = lowering.output_view();
    const Extent in = ifm.extent;
    const Extent out = ofm.extent;
    const auto amounts = pad_amounts(lowering.input(1));
    const auto before = [&](std::size_t axis) {
        return static_cast<std::int32_t>(amounts[2 * axis]);
    };
    const std::int32_t y = before(1), x = before(2), c = before(3);
    const auto input = static_cast<std::size_t>(lowering.op().inputs[0]);
    const bool is_there = lowering.program().slots[input].into == lowering.op().outputs[0];
    if (!is_there) lowering.copy(ifm, lowering.part(ofm, y, x, c, in), {});
    // Fills read one run of zero points again and again: strides of zero.
    const auto element = static_cast<std::size_t>(stream::bytes_of(ofm.type));
    std::vector<std::uint8_t> zeros(static_cast<std::size_t>(out.c) * element);
    const auto signed_value = lowering.has_input(2)
                                  ? static_cast<std::int32_t>(integers(lowering.input(2)).at(0))
                                  : ofm.zero_point;
    const auto value = static_cast<std::uint32_t>(signed_value);
    for (std::size_t i = 0; i < zeros.size(); ++i) {
        zeros[i] = static_cast<std::uint8_t>(value >> (8 * (i % element)));
    }
    View source;
    const auto fill = [&](std::int32_t fy, std::int32_t fx, std::int32_t fc, const Extent& e) {
        if (e.elements() == 0) return;
        if (!source.valid()) {
            source = lowering.constant({1, 1, out.c}, ofm.type, std::move(zeros), "zeros");
        }
        View from = lowering.part(source, 0, 0, 0, e);
        from.stride_y = from.stride_x = 0;
        lowering.copy(from, lowering.part(ofm, fy, fx, fc, e), {});
    };
    fill(0, 0, 0, {y, out.w, out.c});
    fill(y + in.h, 0, 0, {out.h - y - in.h, out.w, out.c});
    fill(y, 0, 0, {in.h, x, out.c});
    fill(y, x + in.w, 0, {in.h, out.w - x - in.w, out.c});
    // Channels come quicker from the map, whatever it holds: the clamp leaves one value.
    const auto fill_channels = [&](std::int32_t fc, const Extent& e) {
        const bool fits = e.c <= in.c && stream::bytes_of(ofm.type) <= 2;
        if (!fits) return fill(y, x, fc, e);
        if (e.elements() == 0) return;
        NpuOp& npu =
            lowering.copy(lowering.part(ifm, 0, 0, 0, e), lowering.part(ofm, y, x, fc, e), {});
        npu.kernel.activation.min = npu.kernel.activation.max = signed_value;
    };
    fill_channels(0, {in.h, in.w, c});
    fill_channels(c + in.c, {in.h, in.w, out.c - c - in.c});
}

}  // namespace u65sim::compiler
