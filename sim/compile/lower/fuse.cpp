#include <algorithm>

#include "compile/lower/curves.hpp"
#include "compile/lower/lowering.hpp"
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

/// Whether a sum takes the output unit longer than a look-up of its results, as it does with few
/// lanes. Vela rescales in a kernel of its own all the same.
bool looks_up_for_free(const Program& program, const Operator& op) {
    constexpr int sum_lane_cycles = 6;  // one cycle a look-up
    return (op.type == OpType::add || op.type == OpType::sub) && !program.options.like_vela &&
           program.arch.output_lanes < sum_lane_cycles;
}

void fuse_activation(Program& program, std::int32_t index) {
    const Operator& op = program.op(index);
    if (!npu_forms[op.type].takes_activation || program.curves.count(index) != 0 ||
        program.decision(index).fused_into != no_operator) {
        return;
    }
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
    const bool table =
        (has_table(program, activation) ||
         (looks_up_for_free(program, op) && has_rescaling_table(program, activation))) &&
        between.type == result.type && activation_of(op) == Activation::none;
    if (!clamp && !table) return;
    program.fused_activation[static_cast<std::size_t>(index)] = next;
    program.decision(next).fused_into = index;
    if (between_them != no_operator) program.decision(between_them).fused_into = index;
}

/// Whether a convolution without padding of its own can have a PAD of height and width, whose
/// result is `padded`, as its padding.
bool is_window_of(const Program& program, const Operator& op, TensorId padded,
                  const std::vector<std::int64_t>& amounts) {
    const bool window = op.type == OpType::conv_2d || op.type == OpType::depthwise_conv_2d;
    if (!window || window_of(op).padding != Padding::valid || op.inputs[0] != padded) return false;
    if (amounts[0] || amounts[1] || amounts[6] || amounts[7]) return false;
    for (std::size_t i = 2; i < 6; ++i) {
        if (amounts[i] < 0 || amounts[i] > 127) return false;
    }
    // The first rows and columns of a window must still meet the map.
    const auto& filter = program.tensor(op.inputs[1]).shape;
    const auto w = window_of(op);
    return amounts[2] <= std::int64_t{filter[1] - 1} * w.dilation_h &&
           amounts[4] <= std::int64_t{filter[2] - 1} * w.dilation_w &&
           amounts[3] <= std::int64_t{filter[1] - 1} * w.dilation_h &&
           amounts[5] <= std::int64_t{filter[2] - 1} * w.dilation_w;
}

/// Whether a sum can leave out channels that a PAD adds behind those of one operand.
bool is_sum_of(const Program& program, const Operator& op, const Operator& pad,
               const std::vector<std::int64_t>& amounts) {
    if (op.type != OpType::add && op.type != OpType::sub) return false;
    // Vela adds the padded map.
    if (program.options.like_vela || amounts.empty() || amounts.back() <= 0) return false;
    if (std::any_of(amounts.begin(), amounts.end() - 1, [](auto amount) { return amount != 0; })) {
        return false;
    }
    // Off-chip, plain rows are better written in one piece.
    if (program.spilling() && program.bound[static_cast<std::size_t>(op.outputs[0])]) return false;
    const Tensor& padded = program.tensor(pad.outputs[0]);
    const TensorId other = op.inputs[op.inputs[0] == pad.outputs[0] ? 1 : 0];
    return is_8_bit(padded.type) && other != pad.outputs[0] &&
           extent_of(program.tensor(other).shape) == extent_of(padded.shape);
}

/// Who reads a padded map, itself or behind a reshape that keeps its extent: layers of one
/// dimension are convolutions between two of these.
struct PadReaders {
    std::vector<std::pair<std::int32_t, TensorId>> operators;  ///< and what each of them reads
    std::vector<std::int32_t> reshapes;
};

PadReaders pad_readers(Program& program, TensorId padded) {
    PadReaders result;
    for (const auto consumer : program.consumers[static_cast<std::size_t>(padded)]) {
        const Operator& op = program.op(consumer);
        const bool passes = program.decision(consumer).on_npu && keeps_extent(program, op) &&
                            !program.bound[static_cast<std::size_t>(op.outputs[0])];
        if (!passes) {
            result.operators.emplace_back(consumer, padded);
            continue;
        }
        result.reshapes.push_back(consumer);
        for (const auto behind : program.consumers[static_cast<std::size_t>(op.outputs[0])]) {
            result.operators.emplace_back(behind, op.outputs[0]);
        }
    }
    return result;
}

/// A PAD of zeros whose readers can all do without it: convolutions whose padding it becomes, and
/// sums that leave the new channels of one operand out.
void fuse_pad(Program& program, std::int32_t index) {
    const Operator& pad = program.op(index);
    const TensorId out = pad.outputs[0];
    if (pad.type != OpType::pad || program.bound[static_cast<std::size_t>(out)]) return;
    // Padding inside of a window is zero.
    if (pad.inputs.size() > 2 && pad.inputs[2] >= 0) return;
    const auto amounts = pad_amounts(program.tensor(pad.inputs[1]));
    const PadReaders readers = pad_readers(program, out);
    if (readers.operators.empty()) return;
    for (const auto& [reader, padded] : readers.operators) {
        const Operator& op = program.op(reader);
        const bool is_fused = program.fused_pad[static_cast<std::size_t>(reader)] != no_operator;
        const bool takes = is_window_of(program, op, padded, amounts) ||
                           (padded == out && is_sum_of(program, op, pad, amounts));
        if (is_fused || !program.decision(reader).on_npu || !takes) return;
    }
    for (const auto& [reader, padded] : readers.operators) {
        program.fused_pad[static_cast<std::size_t>(reader)] = index;
    }
    for (const auto reshape : readers.reshapes) program.decision(reshape).folded = true;
    program.decision(index).folded = true;
}

/// A DEPTH_TO_SPACE whose blocks the convolution before it writes: rows of each place in a block
/// are filters of their own, which must not take more of the array's columns than all together.
void fuse_blocks(Program& program, std::int32_t index) {
    const Operator& op = program.op(index);
    if (op.type != OpType::conv_2d || program.decision(index).fused_into != no_operator) return;
    // What is made once activations are fused.
    TensorId made = op.outputs[0];
    const std::int32_t activation = program.fused_activation[static_cast<std::size_t>(index)];
    if (activation != no_operator) made = program.op(activation).outputs[0];
    if (const auto curve = program.curves.find(index); curve != program.curves.end()) {
        made = curve->second.to;
    }
    const std::int32_t next = only_consumer(program, made);
    if (next == no_operator || program.op(next).type != OpType::depth_to_space ||
        !program.decision(next).on_npu ||
        program.tensor(made).shape != program.tensor(op.outputs[0]).shape) {
        return;
    }
    const auto* attributes = std::get_if<BlockAttributes>(&program.op(next).attributes);
    const std::int32_t block = attributes == nullptr ? 0 : attributes->block_size;
    const Shape& shape = program.tensor(made).shape;
    const bool grouped =
        program.tensor(op.inputs[0]).shape[3] != program.tensor(op.inputs[1]).shape[3];
    if (block < 2 || shape[3] % (block * block) != 0 || grouped) return;
    const std::int64_t unit = program.arch.ofm_ublock.depth;
    if (block * round_up(std::int64_t{shape[3] / block}, unit) >
        round_up(std::int64_t{shape[3]}, unit)) {
        return;
    }
    program.fused_blocks.emplace(index, next);
    program.decision(next).fused_into = index;
}

/// Whether a map's place may be part of another one: its producer writes it, and no reader but
/// `except` wants its bytes in a row.
bool is_written_anywhere(const Program& program, TensorId id, std::int32_t except) {
    const auto t = static_cast<std::size_t>(id);
    // A nested concatenation moves as a whole: its operands follow it.
    const std::int32_t producer = program.producers[t];
    const OpType made = program.op(producer).type;
    if (npu_forms[made].in_place || made == OpType::pack) return false;
    // Blocks are written into rows of their own.
    const bool in_blocks =
        made == OpType::depth_to_space &&
        program.decisions[static_cast<std::size_t>(producer)].fused_into != no_operator;
    if (in_blocks) return false;
    return std::none_of(
        program.consumers[t].begin(), program.consumers[t].end(), [&](std::int32_t consumer) {
            return consumer != except && npu_forms[program.op(consumer).type].reads_reshaped;
        });
}

/// Operands of a concatenation that can be written straight into its result.
void fuse_concatenation(Program& program, std::int32_t index) {
    const Operator& op = program.op(index);
    if (op.type != OpType::concatenation && op.type != OpType::pack) return;
    const InPlace in_place = program.rules.concatenation;
    if (in_place == InPlace::none) return;
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
            in.type != out.type || activation_of(op) != Activation::none ||
            (in_place == InPlace::unshared && program.consumers[t].size() > 1)) {
            continue;
        }
        if (op.type == OpType::pack || !is_written_anywhere(program, id, index)) continue;
        const std::int32_t axis4 = axis + static_cast<std::int32_t>(4 - rank);
        const std::int32_t rows = rank == 4 ? in.shape[1] : 1;
        const std::int32_t y = axis4 == 0 ? before * rows : axis4 == 1 ? before : 0;
        program.slots[t] = {op.outputs[0], y, axis4 == 2 ? before : 0, axis4 == 3 ? before : 0};
    }
}

/// A map that is padded can be written straight into the padded one.
void fuse_padded(Program& program, std::int32_t index) {
    const Operator& op = program.op(index);
    if (op.type != OpType::pad || program.decision(index).folded || program.options.like_vela) {
        return;
    }
    const TensorId id = op.inputs[0];
    const auto t = static_cast<std::size_t>(id);
    if (program.tensor(id).data || program.bound[t] || program.producers[t] == no_operator ||
        program.slots[t].into != no_tensor || !is_written_anywhere(program, id, index)) {
        return;
    }
    const auto amounts = pad_amounts(program.tensor(op.inputs[1]));
    const auto before = [&](std::size_t axis) {
        return static_cast<std::int32_t>(amounts[2 * axis]);
    };
    program.slots[t] = {op.outputs[0], before(1), before(2), before(3)};
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
        if (program.rules.fuses_curves) fuse_curves(program, i);
        fuse_activation(program, i);
        if (program.rules.writes_blocks) fuse_blocks(program, i);
        fuse_pad(program, i);
    }
    for (std::int32_t i = count - 1; wanted && i >= 0; --i) {
        if (!program.decision(i).on_npu) continue;
        fuse_concatenation(program, i);
        fuse_padded(program, i);
    }
}

}  // namespace u65sim::compiler
