#include <algorithm>

#include "compile/lower/npu_forms.hpp"
#include "compile/lower/operators.hpp"
#include "compile/passes.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

namespace {

/// The only operator reading `id` in its producer's segment, or no_operator.
std::int32_t only_consumer(const Program& program, TensorId id) {
    const auto t = static_cast<std::size_t>(id);
    if (program.bound[t] || program.consumers[t].size() != 1) return no_operator;
    return program.consumers[t][0];
}

/// A reshape that leaves height, width and depth as they are.
bool keeps_extent(const Program& program, const Operator& op) {
    if (ir::info(op.type).family != ir::Family::reshape) return false;
    const Tensor& from = program.tensor(op.inputs[0]);
    const Tensor& to = program.tensor(op.outputs[0]);
    return extent_of(from.shape) == extent_of(to.shape) && same_quantization(from, to);
}

void fuse_activation(Program& program, std::int32_t index) {
    const Operator& op = program.op(index);
    if (!npu_forms[op.type].takes_activation) return;
    TensorId made = op.outputs[0];
    std::int32_t next = only_consumer(program, made);
    std::int32_t between_them = no_operator;
    if (next != no_operator && program.decision(next).on_npu &&
        keeps_extent(program, program.op(next))) {
        between_them = next;
        made = program.op(next).outputs[0];
        next = only_consumer(program, made);
    }
    if (next == no_operator || !program.decision(next).on_npu) return;
    const Operator& activation = program.op(next);
    const Tensor& between = program.tensor(op.outputs[0]);
    const Tensor& result = program.tensor(activation.outputs[0]);
    if (activation.inputs[0] != made) return;
    const bool clamp = ir::clamp_of(activation.type) && same_quantization(between, result) &&
                       between.type == result.type;
    const bool table = ir::info(activation.type).family == ir::Family::curve &&
                       is_8_bit(between.type) && between.type == result.type &&
                       activation_of(op) == Activation::none;
    if (!clamp && !table) return;
    program.fused_activation[static_cast<std::size_t>(index)] = next;
    program.decision(next).fused_into = index;
    if (between_them != no_operator) program.decision(between_them).fused_into = index;
}

/// A PAD whose readers are all convolutions without padding of their own becomes their padding.
void fuse_pad(Program& program, std::int32_t index) {
    const Operator& pad = program.op(index);
    const auto out = static_cast<std::size_t>(pad.outputs[0]);
    if (pad.type != OpType::pad || program.bound[out] || program.consumers[out].empty()) return;
    // Padding inside of a window is zero.
    if (pad.inputs.size() > 2 && pad.inputs[2] >= 0) return;
    const auto amounts = integers(program.tensor(pad.inputs[1]));
    if (amounts.size() != 8 || amounts[6] || amounts[7]) return;
    for (std::size_t i = 2; i < 6; ++i) {
        if (amounts[i] < 0 || amounts[i] > 127) return;
    }
    for (const auto consumer : program.consumers[out]) {
        const Operator& op = program.op(consumer);
        const bool window = op.type == OpType::conv_2d || op.type == OpType::depthwise_conv_2d;
        if (!window || window_of(op).padding != Padding::valid || op.inputs[0] != pad.outputs[0]) {
            return;
        }
        // The first rows and columns of a window must still meet the map.
        const auto& filter = program.tensor(op.inputs[1]).shape;
        const auto w = window_of(op);
        if (amounts[2] > std::int64_t{filter[1] - 1} * w.dilation_h ||
            amounts[4] > std::int64_t{filter[2] - 1} * w.dilation_w ||
            amounts[3] > std::int64_t{filter[1] - 1} * w.dilation_h ||
            amounts[5] > std::int64_t{filter[2] - 1} * w.dilation_w) {
            return;
        }
    }
    for (const auto consumer : program.consumers[out]) {
        program.fused_pad[static_cast<std::size_t>(consumer)] = index;
    }
    program.decision(index).folded = true;
}

/// Operands of a concatenation that can be written straight into its result.
void fuse_concatenation(Program& program, std::int32_t index) {
    const Operator& op = program.op(index);
    if (op.type != OpType::concatenation && op.type != OpType::pack) return;
    if (!program.rules.concatenates_in_place) return;
    const Tensor& out = program.tensor(op.outputs[0]);
    const auto* attributes = std::get_if<AxisAttributes>(&op.attributes);
    const std::size_t rank = out.shape.size();
    const std::int32_t axis = normalise_axis(attributes ? attributes->axis : 0, rank);
    std::int32_t position = 0;
    for (const auto id : op.inputs) {
        const auto t = static_cast<std::size_t>(id);
        const Tensor& in = program.tensor(id);
        const std::int32_t before = position;
        position += op.type == OpType::pack ? 1 : in.shape[static_cast<std::size_t>(axis)];
        const std::int32_t producer = program.producers[t];
        const bool once = std::count(op.inputs.begin(), op.inputs.end(), id) == 1;
        if (in.data || program.bound[t] || !once || producer == no_operator ||
            program.slots[t].into != no_tensor || !same_quantization(in, out) ||
            in.type != out.type || activation_of(op) != Activation::none) {
            continue;
        }
        // A nested concatenation moves as a whole: its operands follow it.
        const OpType made = program.op(producer).type;
        if (npu_forms[made].in_place || made == OpType::pack || op.type == OpType::pack) continue;
        const bool reshaped = std::any_of(
            program.consumers[t].begin(), program.consumers[t].end(), [&](std::int32_t consumer) {
                return consumer != index && npu_forms[program.op(consumer).type].reads_reshaped;
            });
        if (reshaped) continue;
        program.slots[t] = {op.outputs[0], axis + static_cast<std::int32_t>(4 - rank), before};
    }
}

}  // namespace

void fuse(Program& program) {
    const auto count = static_cast<std::int32_t>(program.graph->operators.size());
    const bool wanted = program.takes(Pass::fuse);
    program.fused_activation.assign(program.graph->operators.size(), no_operator);
    program.fused_pad.assign(program.graph->operators.size(), no_operator);
    program.slots.assign(program.graph->tensors.size(), {});
    for (std::int32_t i = 0; wanted && i < count; ++i) {
        if (!program.decision(i).on_npu) continue;
        fuse_activation(program, i);
        fuse_pad(program, i);
    }
    for (std::int32_t i = count - 1; wanted && i >= 0; --i) {
        if (program.decision(i).on_npu) fuse_concatenation(program, i);
    }
}

}  // namespace u65sim::compiler
