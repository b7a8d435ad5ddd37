#include "bound/compulsory_work.hpp"

#include <algorithm>
#include <cstddef>

#include "base/rounding.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::bound {

using ir::Family;

namespace {

constexpr std::int64_t most_bytes = std::int64_t{1} << 50;

/// A PRELU that is the same curve for all channels.
bool has_one_slope(const Graph& graph, const Operator& op) {
    const Tensor& slopes = graph.tensors[static_cast<std::size_t>(op.inputs[1])];
    if (!slopes.data) return false;
    if (slopes.data.model() != nullptr) return true;
    const auto& bytes = slopes.data.bytes();
    const auto size = static_cast<std::ptrdiff_t>(element_bytes(slopes.type));
    return std::equal(bytes.begin() + std::min<std::ptrdiff_t>(size, std::ssize(bytes)),
                      bytes.end(), bytes.begin());
}

/// Cycles of a lane an element of the result, published rates of each kind's kernel.
std::int64_t lane_cycles(OpType type) {
    switch (type) {
        case OpType::max_pool_2d:
            return 1;
        case OpType::mul:
        case OpType::squared_difference:
            return 3;
        case OpType::add:
        case OpType::sub:
            return 6;
        default:
            return 2;
    }
}

/// Products of a filter with map elements for a part of the results, none with padding.
std::int64_t products_of(const Graph& graph, const Operator& op, const Region& part) {
    const auto& roles = ir::info(op.type).operands;
    const auto shape_of = [&](TensorId id) -> const Shape& {
        return graph.tensors[static_cast<std::size_t>(id)].shape;
    };
    const Shape& filter = shape_of(op.inputs[static_cast<std::size_t>(roles.weights)]);
    // Channels of a product of matrices come in whole groups: folding positions in makes zeros.
    const auto whole_inputs = [](std::int64_t channels) { return round_up(channels, 32); };
    if (op.type == OpType::fully_connected) {
        return elements_of(graph, op.outputs.front()) * whole_inputs(filter.back());
    }
    const auto axes = axes_of(graph, op);
    if (!axes) return 0;
    const Shape& result = shape_of(op.outputs.front());
    if (op.type == OpType::conv_2d && filter[1] * filter[2] == 1) {
        return part.area() * result.front() * filter[0] * whole_inputs(filter[3]);
    }
    const auto along = [&](std::size_t axis, const Range& range) {
        const Range all{0, (*axes)[axis].output};
        return pairs((*axes)[axis], op.type == OpType::transpose_conv ? all : range);
    };
    const std::int64_t all = along(0, part.rows) * along(1, part.columns) * result.front();
    return op.type == OpType::depthwise_conv_2d ? all * filter[3] : all * filter[0] * filter[3];
}

}  // namespace

bool is_transparent(const Graph& graph, const Operator& op) {
    const auto is_constant = [&](TensorId id) {
        return id == no_tensor ||
               static_cast<bool>(graph.tensors[static_cast<std::size_t>(id)].data);
    };
    if (op.type == OpType::prelu) return has_one_slope(graph, op);
    switch (ir::info(op.type).family) {
        case Family::clamp:
        case Family::curve:
        case Family::pointwise:
        case Family::reshape:
        case Family::part:
        case Family::joining:
        case Family::movement:
        case Family::resize:
            return true;
        case Family::arithmetic:
            return std::any_of(op.inputs.begin(), op.inputs.end(), is_constant) ||
                   (op.inputs.size() == 2 && op.inputs[0] == op.inputs[1]);
        default:
            return false;
    }
}

CompulsoryWork::CompulsoryWork(const Graph& graph, const std::vector<bool>& on_cpu,
                               const Accelerator& accelerator)
    : graph_(graph),
      accelerator_(accelerator),
      arch_(architecture(accelerator)),
      connections_(graph),
      order_(ir::topological_order(graph)),
      constant_(graph.tensors.size()),
      needed_(needed_regions(graph, order_, on_cpu)),
      least_bytes_(graph.tensors.size()),
      sources_(graph.tensors.size()),
      work_(graph.operators.size()) {
    find_constants();
    find_sources();
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
        const Operator& op = graph.operators[i];
        if (on_cpu[i] || op.outputs.size() != 1 || is_constant(op.outputs.front())) continue;
        const bool counts = !is_transparent(graph, op) && !follows_one_map(op);
        if (counts && is_needed(op.outputs.front())) work_[i] = work_of(op);
    }
}

void CompulsoryWork::find_constants() {
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
        constant_[i] = static_cast<bool>(graph_.tensors[i].data);
    }
    for (const ir::OperatorIndex index : order_) {
        const Operator& op = graph_.operators[static_cast<std::size_t>(index)];
        const bool folds = op.type == OpType::shape || op.type == OpType::rank ||
                           std::all_of(op.inputs.begin(), op.inputs.end(),
                                       [&](TensorId input) { return is_constant(input); });
        if (!folds) continue;
        for (const TensorId output : op.outputs) constant_[static_cast<std::size_t>(output)] = true;
    }
}

void CompulsoryWork::find_sources() {
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
        const auto id = static_cast<TensorId>(i);
        sources_[i] = id;
        least_bytes_[i] =
            is_constant(id) ? 0 : elements_of(graph_, id) * element_bytes(tensor(id).type);
    }
    for (const ir::OperatorIndex index : order_) {
        const Operator& op = graph_.operators[static_cast<std::size_t>(index)];
        if (!is_transparent(graph_, op) && !follows_one_map(op)) continue;
        std::int64_t made_of = 0;
        TensorId only = no_tensor;
        bool is_one = true;
        for (const TensorId input : op.inputs) {
            if (is_constant(input)) continue;
            made_of = std::min(made_of + least_bytes(input), most_bytes);
            is_one = is_one && (only == no_tensor || source_of(only) == source_of(input));
            only = input;
        }
        for (const TensorId output : op.outputs) {
            const auto place = static_cast<std::size_t>(output);
            if (is_constant(output)) continue;
            least_bytes_[place] = std::min(least_bytes_[place], made_of);
            const bool holds_it = is_one && only != no_tensor && op.outputs.size() == 1 &&
                                  elements_of(graph_, only) == elements_of(graph_, output);
            if (holds_it) sources_[place] = source_of(only);
        }
    }
}

bool CompulsoryWork::follows_one_map(const Operator& op) const {
    if (ir::info(op.type).family != Family::arithmetic || op.outputs.size() != 1) return false;
    return std::all_of(op.inputs.begin(), op.inputs.end(), [&](TensorId input) {
        return !is_constant(input) && source_of(input) == source_of(op.inputs.front()) &&
               elements_of(graph_, input) == elements_of(graph_, op.outputs.front());
    });
}

std::int64_t CompulsoryWork::share_of(TensorId id, std::int64_t whole_tensor) const {
    const Region all = whole(tensor(id).shape);
    return all.area() == 0
               ? 0
               : whole_tensor / all.area() * needed_[static_cast<std::size_t>(id)].area();
}

/// Types may change on the way to the consumers, without a kernel for it.
std::int64_t CompulsoryWork::written_bytes(TensorId output) const {
    const auto& consumers = connections_.consumers_of(output);
    const bool may_change =
        std::any_of(consumers.begin(), consumers.end(), [&](ir::OperatorIndex index) {
            return is_transparent(graph_, graph_.operators[static_cast<std::size_t>(index)]);
        });
    return share_of(output, elements_of(graph_, output)) *
           (may_change ? 1 : element_bytes(tensor(output).type));
}

std::int64_t CompulsoryWork::beside_padding(TensorId id) const {
    while (true) {
        const ir::OperatorIndex index = connections_.producer_of(id);
        if (index == ir::no_operator) break;
        const Operator& op = graph_.operators[static_cast<std::size_t>(index)];
        if (op.type == OpType::pad) return elements_of(graph_, op.inputs.front());
        if (!ir::is_pointwise(op.type)) break;
        id = op.inputs.front();
    }
    return elements_of(graph_, id);
}

std::int64_t CompulsoryWork::elements_to_compute(const Operator& op) const {
    const TensorId result = op.outputs.front();
    const std::int64_t all = elements_of(graph_, result);
    std::int64_t least = share_of(result, all);
    if (ir::info(op.type).family != Family::arithmetic) return least;
    for (const TensorId input : op.inputs) {
        const bool is_like_it = !is_constant(input) && elements_of(graph_, input) == all;
        if (is_like_it) least = std::min(least, beside_padding(input));
    }
    return least;
}

void CompulsoryWork::add_reads(const Operator& op, std::int64_t outputs, OperatorWork& work) const {
    const Region& part = needed(op.outputs.front());
    for (const std::size_t position : ir::map_operands(op)) {
        const TensorId input = op.inputs[position];
        if (is_constant(input)) continue;
        const Region read = needed_of(graph_, op, position, part);
        const std::int64_t area = whole(tensor(input).shape).area();
        if (read.area() == 0 || area == 0) continue;
        // The bytes outside of what is read may be all there is beside padding.
        const std::int64_t own = elements_of(graph_, input) * element_bytes(tensor(input).type);
        const std::int64_t part_bytes =
            std::max<std::int64_t>(0, least_bytes(input) - own / area * (area - read.area()));
        const bool is_summed = ir::info(op.type).family == Family::arithmetic;
        const std::int64_t bytes =
            is_summed ? std::min(part_bytes, outputs * element_bytes(tensor(input).type))
                      : part_bytes;
        work.reads += bytes;
        work.sources.push_back({source_of(input), bytes});
    }
}

OperatorWork CompulsoryWork::work_of(const Operator& op) const {
    const ir::OperatorInfo& row = ir::info(op.type);
    const std::int64_t cores = accelerator_.cores;
    const std::int64_t peak = accelerator_.macs_per_cycle * cores;
    const std::int64_t channel_rate = peak / 8;  // where channels are separate: 4 elements at once
    constexpr std::int64_t store_bytes = 8;      // a cycle and core
    OperatorWork work;
    const TensorId map = op.inputs[static_cast<std::size_t>(row.operands.map)];
    const bool wide = tensor(map).type == ElementType::int16;
    const TensorId result = op.outputs.front();
    const Region& part = needed_[static_cast<std::size_t>(result)];
    const std::int64_t outputs = elements_to_compute(op);
    bool is_dense = false;
    switch (row.family) {
        case Family::convolution: {
            const TensorId filter = op.inputs[static_cast<std::size_t>(row.operands.weights)];
            if (!is_constant(filter)) return {};
            const std::int64_t products = products_of(graph_, op, part);
            const std::int64_t weights = elements_of(graph_, filter);
            const std::int64_t floor = 32 * arch_.ofm_ublock.depth / 8;  // cycles a step, decoding
            is_dense = op.type != OpType::depthwise_conv_2d;
            const std::int32_t filter_depth =
                tensor(map).shape.empty() ? 1 : tensor(map).shape.back();
            const std::int64_t depth = is_dense ? 1 : std::min(8, filter_depth);
            work.mac = std::max(products * depth * (wide ? 2 : 1) / peak,
                                is_dense ? weights / (8 * cores) : weights / 8 / cores);
            work.steps = floor;
            break;
        }
        case Family::pool:
        case Family::reduction:
            work.mac = share_of(map, elements_of(graph_, map)) / channel_rate;
            work.steps = 4;
            break;
        case Family::arithmetic:
        case Family::normalization:
            break;
        default:
            return {};
    }
    work.output = ceil_div(outputs * lane_cycles(op.type), arch_.output_lanes * cores);
    add_reads(op, outputs, work);
    work.store = work.reads / (store_bytes * (is_dense ? 1 : cores));
    work.writes = std::min(written_bytes(result), outputs * element_bytes(tensor(result).type));
    return work;
}

}  // namespace u65sim::bound
