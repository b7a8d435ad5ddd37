// Operators on 8 bits whose results depend on one map element by element become one look-up table:
// x * sigmoid(x), a rescaled activation, a hard sigmoid made of sums and clamps.
#include <algorithm>
#include <array>
#include <utility>

#include "arith/cpu_kernels.hpp"
#include "compile/lower/curves.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/operators.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

namespace {

constexpr std::size_t most_operators = 12;

std::size_t at(TensorId id) { return static_cast<std::size_t>(id); }

bool is_pair(OpType type) {
    return ir::info(type).family == ir::Family::arithmetic && npu_forms[type].lower != nullptr;
}

/// Grows the operators that follow one map and nothing else.
class Region {
public:
    Region(const Program& program, TensorId from) : program_(program), curve_{from, from, {}} {}

    /// The largest set of operators behind the map whose results all stay inside but one; the map
    /// itself may have other readers when it `may_escape`. Empty when there is none.
    FusedCurve grown(bool may_escape) {
        FusedCurve best;
        known_ = {curve_.from};
        while (curve_.operators.size() < most_operators) {
            const std::int32_t next = next_operator();
            if (next == no_operator) break;
            curve_.operators.push_back(next);
            curve_.to = program_.op(next).outputs[0];
            known_.push_back(curve_.to);
            if (is_closed(may_escape)) best = curve_;
        }
        return best;
    }

private:
    [[nodiscard]] bool is_known(TensorId id) const {
        return std::find(known_.begin(), known_.end(), id) != known_.end();
    }
    [[nodiscard]] bool is_inside(std::int32_t op) const {
        return std::find(curve_.operators.begin(), curve_.operators.end(), op) !=
               curve_.operators.end();
    }

    /// Operands are known maps or one constant element.
    [[nodiscard]] bool follows(const Operator& op) const {
        const Tensor& from = program_.tensor(curve_.from);
        const auto is_operand = [&](TensorId id) {
            if (is_known(id)) return true;
            if (id < 0) return false;
            const Tensor& t = program_.tensor(id);
            return t.data && t.data.model() == nullptr && t.type == from.type &&
                   element_count(t.shape) == 1 && t.shape.size() <= 4;
        };
        if (is_pair(op.type)) return std::all_of(op.inputs.begin(), op.inputs.end(), is_operand);
        const bool is_single = has_table(program_, op) || has_rescaling_table(program_, op) ||
                               op.type == OpType::quantize;
        return is_single && is_known(op.inputs[0]);
    }

    [[nodiscard]] std::int32_t next_operator() const {
        const Tensor& from = program_.tensor(curve_.from);
        std::int32_t next = no_operator;
        for (const TensorId id : known_) {
            for (const std::int32_t consumer : program_.consumers[at(id)]) {
                const auto c = static_cast<std::size_t>(consumer);
                const Operator& op = program_.op(consumer);
                if (is_inside(consumer) || (next != no_operator && consumer > next) ||
                    program_.decisions[c].fused_into != no_operator ||
                    !program_.decisions[c].on_npu || program_.curves.count(consumer) != 0) {
                    continue;
                }
                const Tensor& to = program_.tensor(op.outputs.at(0));
                if (op.outputs.size() == 1 && to.type == from.type && to.shape == from.shape &&
                    !to.is_variable && to.quantization.scales.size() == 1 && is_together(c) &&
                    follows(op)) {
                    next = consumer;
                }
            }
        }
        return next;
    }

    /// In the segment of the operators before it.
    [[nodiscard]] bool is_together(std::size_t op) const {
        return curve_.operators.empty() ||
               program_.segment_of[static_cast<std::size_t>(curve_.operators.front())] ==
                   program_.segment_of[op];
    }

    [[nodiscard]] bool is_closed(bool may_escape) const {
        return std::all_of(known_.begin(), known_.end(), [&](TensorId id) {
            if (id == curve_.to || (id == curve_.from && may_escape)) return true;
            const auto consumers = program_.consumers[at(id)];
            return !program_.bound[at(id)] &&
                   std::all_of(consumers.begin(), consumers.end(),
                               [&](std::int32_t op) { return is_inside(op); });
        });
    }

    const Program& program_;
    FusedCurve curve_;
    std::vector<TensorId> known_;
};

/// Cycles the output unit takes for an element in a pass of its own.
double pass_cycles(const Program& program, const Operator& op) {
    constexpr double look_up = 1, rescale = 2, product = 3, sum = 6, extremum = 2;
    const double lanes = program.arch.output_lanes;
    switch (op.type) {
        case OpType::mul:
            return product / lanes;
        case OpType::add:
        case OpType::sub:
            return sum / lanes;
        default:
            break;
    }
    if (has_table(program, op)) return look_up;
    return (is_pair(op.type) ? extremum : rescale) / lanes;
}

/// Cycles an element takes in its producer before a look-up holds it up.
double producer_cycles(const Program& program, const Operator& op) {
    const double elements = static_cast<double>(element_count(program.tensor(op.outputs[0]).shape));
    const double macs = static_cast<double>(count_macs(*program.graph, op).count());
    // A depthwise filter or a pool has one channel's products where others have eight.
    const bool is_deep = op.type == OpType::conv_2d || op.type == OpType::fully_connected ||
                         op.type == OpType::transpose_conv;
    const double rate = program.target->accelerator.macs_per_cycle / (is_deep ? 1.0 : 8.0);
    return std::max(macs / elements / rate, pass_cycles(program, op));
}

/// Whether one look-up takes no longer than the passes it is made of; it is the producer's, or
/// without one in a pass of its own.
bool pays(const Program& program, const FusedCurve& curve, const Operator* producer) {
    const double before = producer == nullptr ? 0 : producer_cycles(program, *producer);
    const bool is_clamped = producer != nullptr && activation_of(*producer) != Activation::none;
    constexpr double look_up = 1;
    constexpr double kernel_cycles = 200;  // of the smallest pass
    constexpr double table_cycles = 400;   // until a table is there
    const auto elements = static_cast<double>(element_count(program.tensor(curve.from).shape));
    // Few channels are read and written in short runs.
    constexpr std::int32_t few_channels = 16;
    const bool is_shallow = extent_of(program.tensor(curve.from).shape).c < few_channels;
    double apart = 0;
    bool has_tables = false;
    for (const std::int32_t index : curve.operators) {
        const Operator& op = program.op(index);
        has_tables = has_tables || has_table(program, op);
        apart +=
            kernel_cycles + elements * std::max(pass_cycles(program, op), is_shallow ? 1.0 : 0.0);
    }
    double as_one = elements * std::max(0.0, look_up - before) + (has_tables ? 0 : table_cycles);
    if (producer != nullptr) {
        // The first of them would be the producer's activation anyway.
        const Operator& first = program.op(curve.operators.front());
        const bool is_clamp = ir::clamp_of(first.type).has_value();
        if (is_clamp) apart -= kernel_cycles + elements * pass_cycles(program, first);
        if (has_table(program, first) && !is_clamped)
            apart -= kernel_cycles + elements * std::min(look_up, before);
    } else {
        as_one += kernel_cycles;
    }
    return as_one <= apart;
}

void take(Program& program, std::int32_t maker, FusedCurve curve) {
    for (const std::int32_t op : curve.operators) {
        if (op != maker) program.decision(op).fused_into = maker;
    }
    program.curves.emplace(maker, std::move(curve));
}

/// Whether a producer, followed by one operator, is left to fuse_activation(): a table there wants
/// a producer without a clamp of its own.
bool is_activation(const Program& program, const Operator& producer, const FusedCurve& curve) {
    if (curve.operators.size() != 1) return false;
    const Operator& op = program.op(curve.operators.front());
    return ir::clamp_of(op.type) ||
           (has_table(program, op) && activation_of(producer) == Activation::none);
}

}  // namespace

void fuse_curves(Program& program, std::int32_t index) {
    const Operator& op = program.op(index);
    if (program.decision(index).fused_into != no_operator || op.outputs.size() != 1 ||
        program.curves.count(index) != 0) {
        return;
    }
    const TensorId made = op.outputs[0];
    if (!is_8_bit(program.tensor(made).type)) return;
    if (npu_forms[op.type].takes_activation && !program.bound[at(made)]) {
        FusedCurve curve = Region{program, made}.grown(false);
        if (!curve.operators.empty() && !is_activation(program, op, curve) &&
            pays(program, curve, &op)) {
            take(program, index, std::move(curve));
            return;
        }
    }
    // A pass of its own.
    FusedCurve curve = Region{program, made}.grown(true);
    if (curve.operators.size() < 2 || !pays(program, curve, nullptr)) return;
    const std::int32_t maker = curve.operators.front();
    take(program, maker, std::move(curve));
}

namespace {

/// One operator's values where its map operands have those in `known`.
std::vector<std::uint8_t> values_of(
    const Program& program, const Operator& op,
    const std::vector<std::pair<TensorId, std::vector<std::uint8_t>>>& known) {
    const auto find = [&](TensorId id) {
        return std::find_if(known.begin(), known.end(),
                            [&](const auto& each) { return each.first == id; });
    };
    if (has_table(program, op) || has_rescaling_table(program, op)) {
        const bool is_signed = program.tensor(op.inputs[0]).type == ElementType::int8;
        const auto table = table_of(program, op);
        std::vector<std::uint8_t> values = find(op.inputs[0])->second;
        for (std::uint8_t& value : values) value = table[is_signed ? value ^ 0x80U : value];
        return values;
    }
    const Shape shape{1, 1, 1, 256};
    std::vector<Tensor> tensors(op.inputs.size());
    std::vector<arith::CpuOperand> operands(op.inputs.size());
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
        tensors[i] = program.tensor(op.inputs[i]);
        const auto map = find(op.inputs[i]);
        operands[i].tensor = &tensors[i];
        if (map == known.end()) {
            operands[i].bytes = tensors[i].data.bytes();
        } else {
            tensors[i].shape = shape;
            operands[i].bytes = map->second;
        }
    }
    Tensor output = program.tensor(op.outputs[0]);
    output.shape = shape;
    const std::array<const Tensor*, 1> outputs{&output};
    return std::move(arith::run_cpu_operator(op, operands, outputs).front());
}

}  // namespace

std::vector<std::uint8_t> table_of(const Program& program, const FusedCurve& curve,
                                   Activation before) {
    const Tensor& from = program.tensor(curve.from);
    const int low = from.type == ElementType::int8 ? -128 : 0;
    const Clamp clamp = clamp_of(before, from);
    std::vector<std::uint8_t> values(256);
    for (int i = 0; i < 256; ++i) {
        values[static_cast<std::size_t>(i)] =
            static_cast<std::uint8_t>(std::clamp(low + i, clamp.min, clamp.max));
    }
    std::vector<std::pair<TensorId, std::vector<std::uint8_t>>> known;
    known.emplace_back(curve.from, std::move(values));
    for (const std::int32_t index : curve.operators) {
        const Operator& op = program.op(index);
        auto made = values_of(program, op, known);
        known.emplace_back(op.outputs[0], std::move(made));
    }
    return std::move(known.back().second);
}

}  // namespace u65sim::compiler
