// Graph -> .tflite bytes.
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "frontend/tflite/options.hpp"
#include "ir/builtins.hpp"

namespace u65sim {
namespace frontend {
namespace {

constexpr std::uint32_t schema_version = 3;
constexpr std::int32_t largest_old_builtin = 127;  // stands for "see the newer field"
constexpr std::int64_t most_constants = std::int64_t{2'000} * 1024 * 1024;  ///< bytes

template <class Table>
using Offsets = std::vector<flatbuffers::Offset<Table>>;

/// Each call writes one object: which of two comes first moves bytes, and of arguments the compiler
/// chooses.
class Writer {
public:
    /// What `sized` writes has the right size, and constants without values.
    explicit Writer(const Graph& graph, bool sized = false)
        : graph_(graph),
          sized_(sized),
          builder_{static_cast<std::size_t>(check_size(graph)) + first_room} {}

    std::vector<std::uint8_t> write() {
        build();
        return {builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize()};
    }
    std::size_t size() {
        build();
        return builder_.GetSize();
    }

private:
    void build() {
        buffers_.push_back(schema::CreateBufferTable(builder_));  // buffer 0 is the empty one
        Offsets<schema::SubGraphTable> subgraphs{write_subgraph(graph_)};
        for (const Graph& further : graph_.subgraphs) subgraphs.push_back(write_subgraph(further));
        Offsets<schema::MetadataTable> metadata;
        for (const Metadata& entry : graph_.metadata) {
            const std::uint32_t buffer = write_buffer(entry.bytes);
            metadata.push_back(
                schema::CreateMetadataTable(builder_, builder_.CreateString(entry.name), buffer));
        }
        const auto codes = write_codes();
        flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<schema::MetadataTable>>>
            metadata_vector;
        if (!metadata.empty()) metadata_vector = builder_.CreateVector(metadata);
        const auto buffer_vector = builder_.CreateVector(buffers_);
        const auto description = builder_.CreateString(graph_.description);
        const auto subgraph_vector = builder_.CreateVector(subgraphs);
        const auto code_vector = builder_.CreateVector(codes);
        schema::FinishModelTableBuffer(
            builder_,
            schema::CreateModelTable(builder_, schema_version, code_vector, subgraph_vector,
                                     description, buffer_vector, 0, metadata_vector));
    }

    flatbuffers::Offset<schema::SubGraphTable> write_subgraph(const Graph& graph) {
        Offsets<schema::TensorTable> tensors;
        for (const Tensor& tensor : graph.tensors) tensors.push_back(write_tensor(tensor));
        Offsets<schema::OperatorTable> operators;
        for (const Operator& op : graph.operators) operators.push_back(write_operator(graph, op));
        const auto name = builder_.CreateString(graph.name);
        const auto operator_vector = builder_.CreateVector(operators);
        const auto outputs = builder_.CreateVector(graph.outputs);
        const auto inputs = builder_.CreateVector(graph.inputs);
        const auto tensor_vector = builder_.CreateVector(tensors);
        return schema::CreateSubGraphTable(builder_, tensor_vector, inputs, outputs,
                                           operator_vector, name);
    }

    // Bytes of all constants. The builder aborts when it outgrows its 32-bit offsets.
    static std::int64_t check_size(const Graph& graph) {
        const std::int64_t size = constant_bytes(graph);
        if (size > most_constants) {
            throw InvalidModel(fmt::format("{}: {} bytes of constants, a .tflite holds at most {}",
                                           graph.name, size, most_constants));
        }
        return size;
    }
    static std::int64_t constant_bytes(const Graph& graph) {
        std::int64_t size = 0;
        for (const Tensor& tensor : graph.tensors) {
            if (tensor.data) size += static_cast<std::int64_t>(tensor.data.bytes().size());
        }
        for (const Metadata& entry : graph.metadata) {
            size += static_cast<std::int64_t>(entry.bytes.size());
        }
        for (const Operator& op : graph.operators) {
            size += static_cast<std::int64_t>(op.custom_options.size());
        }
        for (const Graph& further : graph.subgraphs) size += constant_bytes(further);
        return size;
    }

    std::uint32_t write_buffer(const std::vector<std::uint8_t>& bytes) {
        builder_.ForceVectorAlignment(bytes.size(), 1, 16);
        flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> data;
        if (sized_) {
            std::uint8_t* unwritten = nullptr;
            data = builder_.CreateUninitializedVector(bytes.size(), &unwritten);
        } else {
            data = builder_.CreateVector(bytes);
        }
        buffers_.push_back(schema::CreateBufferTable(builder_, data));
        return static_cast<std::uint32_t>(buffers_.size() - 1);
    }

    // Tensors that share their data share a buffer.
    std::uint32_t buffer_of(const Tensor& tensor) {
        if (!tensor.data) return 0;
        const std::vector<std::uint8_t>& bytes = tensor.data.bytes();
        const auto [entry, is_new] = buffer_numbers_.try_emplace(&bytes, 0);
        if (is_new) entry->second = write_buffer(bytes);
        return entry->second;
    }

    flatbuffers::Offset<schema::TensorTable> write_tensor(const Tensor& tensor) {
        const std::uint32_t buffer = buffer_of(tensor);
        flatbuffers::Offset<schema::QuantizationTable> quantization;
        if (!tensor.quantization.empty()) {
            const Quantization& source = tensor.quantization;
            const auto zero_points = builder_.CreateVector(source.zero_points);
            const auto scales = builder_.CreateVector(source.scales);
            quantization = schema::CreateQuantizationTable(builder_, 0, 0, scales, zero_points,
                                                           schema::AnyQuantizationDetails::NONE, 0,
                                                           source.axis);
        }
        const auto name = builder_.CreateString(tensor.name);
        const auto shape = builder_.CreateVector(tensor.shape);
        return schema::CreateTensorTable(builder_, shape, element_kind(tensor.type, tensor.name),
                                         buffer, name, quantization, tensor.is_variable);
    }

    std::uint32_t code_of(const Operator& op) {
        const bool padv2 = op.type == OpType::pad && op.inputs.size() > 2;
        const std::int32_t number = padv2                      ? ir::builtin_padv2
                                    : op.type == OpType::other ? op.builtin_code
                                                               : ir::builtin_code(op.type);
        const auto [entry, is_new] =
            code_numbers_.try_emplace(Code{number, op.custom_code, op.version}, 0);
        if (is_new) {
            entry->second = static_cast<std::uint32_t>(codes_.size());
            codes_.push_back(entry->first);
        }
        return entry->second;
    }

    Offsets<schema::OperatorCodeTable> write_codes() {
        Offsets<schema::OperatorCodeTable> tables;
        for (const auto& [number, custom_code, version] : codes_) {
            flatbuffers::Offset<flatbuffers::String> custom;
            if (number == ir::builtin_custom) custom = builder_.CreateString(custom_code);
            tables.push_back(schema::CreateOperatorCodeTable(
                builder_, static_cast<std::int8_t>(std::min(number, largest_old_builtin)), custom,
                version, number));
        }
        return tables;
    }

    flatbuffers::Offset<schema::OperatorTable> write_operator(const Graph& graph,
                                                              const Operator& op) {
        const WrittenOptions options = write_options(builder_, graph, op);
        const auto inputs = builder_.CreateVector(op.inputs);
        const auto outputs = builder_.CreateVector(op.outputs);
        flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> custom;
        if (op.type == OpType::custom) custom = builder_.CreateVector(op.custom_options);
        flatbuffers::Offset<flatbuffers::Vector<std::int32_t>> intermediates;
        if (!op.intermediates.empty()) intermediates = builder_.CreateVector(op.intermediates);
        return schema::CreateOperatorTable(builder_, code_of(op), inputs, outputs, options.kind,
                                           options.table, custom, 0, 0, intermediates);
    }

    using Code = std::tuple<std::int32_t, std::string, std::int32_t>;

    static constexpr std::size_t first_room = std::size_t{1} << 20U;  ///< beside the constants

    const Graph& graph_;
    bool sized_;
    flatbuffers::FlatBufferBuilder builder_;
    Offsets<schema::BufferTable> buffers_;
    std::map<const std::vector<std::uint8_t>*, std::uint32_t> buffer_numbers_;
    std::map<Code, std::uint32_t> code_numbers_;
    std::vector<Code> codes_;
};

}  // namespace
}  // namespace frontend

std::vector<std::uint8_t> write_tflite(const Graph& graph) {
    verify(graph);
    return frontend::Writer{graph}.write();
}

Bytes tflite_size(const Graph& graph) {
    verify(graph);
    return Bytes{static_cast<std::int64_t>(frontend::Writer{graph, true}.size())};
}

}  // namespace u65sim
