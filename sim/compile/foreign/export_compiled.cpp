#include <algorithm>
#include <iterator>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "ir/npu_operator.hpp"

namespace u65sim {
namespace {

using namespace ir;

std::int32_t extent_of(std::int64_t bytes) {
    if (bytes > std::numeric_limits<std::int32_t>::max()) {
        throw InvalidModel(fmt::format("{} bytes in one tensor: must be below 2 GiB", bytes));
    }
    return static_cast<std::int32_t>(bytes);
}

/// A network that was imported already has its operators: only changed streams are put back.
Graph update_compiled(const CompiledNetwork& network) {
    Graph graph = network.graph;
    std::size_t next = 0;
    for (Operator& op : graph.operators) {
        if (!is_npu_operator(op)) continue;
        if (next >= network.segments.size() || op.inputs.size() < first_map_operand) {
            throw InvalidModel(fmt::format("operator '{}': must belong to a segment", op.name));
        }
        const CommandStream& stream = network.segments[next++].stream;
        Tensor& tensor =
            graph.tensors.at(static_cast<std::size_t>(op.inputs[command_stream_operand]));
        if (tensor.data && parse_payload(tensor.data.bytes()).words == stream.words) continue;
        std::vector<std::uint8_t> payload = make_payload(stream);
        tensor.shape = {extent_of(static_cast<std::int64_t>(payload.size()))};
        tensor.data = ConstantData{std::move(payload)};
    }
    if (next != network.segments.size()) {
        throw InvalidModel(fmt::format("network '{}': has {} segments for {} {} operators",
                                       network.name, network.segments.size(), next,
                                       npu_operator_code));
    }
    return graph;
}

class Exporter {
public:
    explicit Exporter(const CompiledNetwork& network)
        : network_(network), new_id_(network.graph.tensors.size(), no_tensor) {}

    Graph run() {
        const Graph& source = network_.graph;
        graph_.name = source.name;
        graph_.description = fmt::format("u65sim {} compiled", version());
        for (const TensorId id : source.inputs) graph_.inputs.push_back(map(id));
        for (const CompiledNetwork::Step& step : network_.steps) {
            if (step.segment >= 0) {
                add_segment(network_.segments.at(static_cast<std::size_t>(step.segment)));
            } else {
                add_cpu_operator(
                    source.operators.at(static_cast<std::size_t>(step.graph_operator)));
            }
        }
        for (const TensorId id : source.outputs) graph_.outputs.push_back(map(id));
        graph_.subgraphs = source.subgraphs;
        for (const Metadata& each : source.metadata) {
            if (each.name != offsets_metadata && each.name != own_metadata) {
                graph_.metadata.push_back(each);
            }
        }
        add_metadata();
        return std::move(graph_);
    }

private:
    /// The exported tensor of a source tensor; only those that are still used are kept.
    TensorId map(TensorId id) {
        if (id == no_tensor) return no_tensor;
        TensorId& mapped = new_id_.at(static_cast<std::size_t>(id));
        if (mapped == no_tensor) {
            mapped = add(network_.graph.tensors[static_cast<std::size_t>(id)]);
        }
        return mapped;
    }

    TensorId add(Tensor tensor) {
        graph_.tensors.push_back(std::move(tensor));
        return static_cast<TensorId>(graph_.tensors.size() - 1);
    }

    TensorId add_bytes(const std::string& name, std::vector<std::uint8_t> bytes) {
        Tensor tensor;
        tensor.name = name;
        tensor.shape = {extent_of(static_cast<std::int64_t>(bytes.size()))};
        tensor.type = ElementType::uint8;
        tensor.data = ConstantData{std::move(bytes)};
        return add(std::move(tensor));
    }

    TensorId add_scratch(const std::string& name, Bytes size) {
        Tensor tensor;
        tensor.name = name;
        // Runtimes allocate it, so it must not be empty.
        tensor.shape = {extent_of(std::max<std::int64_t>(size.count(), 1))};
        tensor.type = ElementType::uint8;
        const TensorId id = add(std::move(tensor));
        at_arena_start_.insert(id);
        return id;
    }

    void add_shared_tensors() {
        if (constants_ != no_tensor) return;
        constants_ = add_bytes("npu_constants", network_.constants);
        arena_ = add_scratch("npu_arena", network_.arena_size);
        // Readers tell the memory mode by whether arena and fast memory are one tensor.
        const bool dedicated = network_.target.memory_mode == MemoryMode::dedicated_sram;
        fast_ = dedicated || network_.fast_size.count() > 0
                    ? add_scratch("npu_fast", network_.fast_size)
                    : arena_;
    }

    void add_segment(const NpuSegment& segment) {
        add_shared_tensors();
        Operator op;
        op.name = segment.name;
        op.type = OpType::custom;
        op.custom_code = npu_operator_code;
        op.custom_options.assign(std::begin(npu_custom_options), std::end(npu_custom_options));
        op.inputs = {add_bytes(segment.name + "_command_stream", make_payload(segment.stream)),
                     constants_, arena_, fast_};
        for (const TensorId id : segment.inputs) op.inputs.push_back(map(id));
        for (const TensorId id : segment.outputs) op.outputs.push_back(map(id));
        add_operator(std::move(op));
    }

    void add_cpu_operator(Operator op) {
        for (auto* ids : {&op.inputs, &op.outputs, &op.intermediates}) {
            for (TensorId& id : *ids) id = map(id);
        }
        add_operator(std::move(op));
    }

    void add_operator(Operator op) {
        while (!names_.insert(op.name).second) op.name += "_";
        graph_.operators.push_back(std::move(op));
    }

    void add_metadata() {
        std::vector<std::int32_t> offsets(graph_.tensors.size(), -1);
        for (const TensorId id : at_arena_start_) offsets[static_cast<std::size_t>(id)] = 0;
        for (const Binding& binding : network_.bindings) {
            const TensorId id = new_id_.at(static_cast<std::size_t>(binding.tensor));
            if (id == no_tensor) continue;
            if (binding.region != region_arena) {
                throw InvalidModel(
                    fmt::format("tensor '{}': lies in region {}, but a file can only say where in "
                                "the arena (region {}) it lies",
                                graph_.tensors[static_cast<std::size_t>(id)].name, binding.region,
                                region_arena));
            }
            std::int32_t& offset = offsets[static_cast<std::size_t>(id)];
            const std::int32_t wanted = extent_of(binding.offset.count());
            if (offset >= 0 && offset != wanted) {
                throw InvalidModel(
                    fmt::format("tensor '{}': must lie at one place of the arena, not at {} and {}",
                                graph_.tensors[static_cast<std::size_t>(id)].name, offset, wanted));
            }
            offset = wanted;
        }
        // Tensors of all subgraphs stand in one list; only ours have places.
        for (const Graph& subgraph : graph_.subgraphs) {
            offsets.insert(offsets.end(), subgraph.tensors.size(), -1);
        }
        std::vector<std::int32_t> words{0, static_cast<std::int32_t>(1 + graph_.subgraphs.size()),
                                        static_cast<std::int32_t>(offsets.size())};
        words.insert(words.end(), offsets.begin(), offsets.end());
        std::vector<std::uint8_t> bytes;
        for (const std::int32_t word : words) {
            for (int shift = 0; shift < 32; shift += 8) {
                bytes.push_back(
                    static_cast<std::uint8_t>(static_cast<std::uint32_t>(word) >> shift));
            }
        }
        graph_.metadata.push_back({std::string(offsets_metadata), std::move(bytes)});
        const std::string_view made_by = version();
        graph_.metadata.push_back(
            {std::string(own_metadata), std::vector<std::uint8_t>(made_by.begin(), made_by.end())});
    }

    const CompiledNetwork& network_;
    Graph graph_;
    std::vector<TensorId> new_id_;
    TensorId constants_ = no_tensor, arena_ = no_tensor, fast_ = no_tensor;
    std::set<TensorId> at_arena_start_;
    std::set<std::string> names_;
};

}  // namespace

Graph export_compiled(const CompiledNetwork& network) {
    if (is_compiled(network.graph)) return update_compiled(network);
    if (network.modelled_constants.count() > 0) {
        throw InvalidModel(fmt::format(
            "{}: its weights are a model without values: draw_weights() before compiling",
            network.name));
    }
    return Exporter(network).run();
}

}  // namespace u65sim
