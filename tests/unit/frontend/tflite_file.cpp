#include "tflite_file.hpp"

namespace u65sim::test {
namespace {

class FileWriter {
public:
    std::vector<std::uint8_t> write(const std::vector<FileGraph>& graphs,
                                    const std::vector<std::string>& signatures) {
        buffers_.push_back(schema::CreateBufferTable(builder_));
        std::vector<flatbuffers::Offset<schema::SubGraphTable>> subgraphs;
        for (const FileGraph& graph : graphs) subgraphs.push_back(subgraph(graph));
        std::vector<flatbuffers::Offset<schema::SignatureTable>> keys;
        for (std::size_t i = 0; i < signatures.size(); ++i) {
            keys.push_back(schema::CreateSignatureTable(
                builder_, builder_.CreateString(signatures[i]), static_cast<std::uint32_t>(i)));
        }
        const auto codes = builder_.CreateVector(codes_);
        const auto tables = builder_.CreateVector(subgraphs);
        const auto buffers = builder_.CreateVector(buffers_);
        const auto signature_tables = builder_.CreateVector(keys);
        schema::FinishModelTableBuffer(
            builder_, schema::CreateModelTable(builder_, 3, codes, tables, 0, buffers, 0, 0,
                                               signature_tables));
        return {builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize()};
    }

private:
    flatbuffers::Offset<flatbuffers::Vector<std::int64_t>> misaligned(
        const std::vector<std::int64_t>& values) {
        // The vector's length stands right in front of it: align that to 8 bytes.
        while ((builder_.GetSize() + values.size() * 8 + 4) % 8 != 0) {
            builder_.PushElement<std::uint32_t>(0);
        }
        builder_.StartVector(values.size() * 2, 4);
        for (auto it = values.rbegin(); it != values.rend(); ++it) {
            const auto bits = static_cast<std::uint64_t>(*it);
            builder_.PushElement(static_cast<std::uint32_t>(bits >> 32));
            builder_.PushElement(static_cast<std::uint32_t>(bits));
        }
        return flatbuffers::Offset<flatbuffers::Vector<std::int64_t>>{
            builder_.EndVector(values.size())};
    }

    flatbuffers::Offset<schema::TensorTable> tensor(const FileTensor& tensor) {
        std::uint32_t buffer = 0;
        if (!tensor.data.empty()) {
            buffer = static_cast<std::uint32_t>(buffers_.size());
            buffers_.push_back(
                schema::CreateBufferTable(builder_, builder_.CreateVector(tensor.data)));
        }
        flatbuffers::Offset<schema::QuantizationTable> quantization;
        if (!tensor.scales.empty() || !tensor.zero_points.empty()) {
            const auto scales = builder_.CreateVector(tensor.scales);
            const auto zero_points = tensor.misaligned ? misaligned(tensor.zero_points)
                                                       : builder_.CreateVector(tensor.zero_points);
            quantization = schema::CreateQuantizationTable(builder_, 0, 0, scales, zero_points,
                                                           schema::AnyQuantizationDetails::NONE, 0,
                                                           tensor.axis);
        }
        flatbuffers::Offset<schema::SparsityTable> sparsity;
        if (tensor.sparsity) sparsity = tensor.sparsity(builder_);
        const auto name = builder_.CreateString(tensor.name);
        const auto shape = builder_.CreateVector(tensor.shape);
        const auto signature = builder_.CreateVector(tensor.signature);
        return schema::CreateTensorTable(builder_, shape, tensor.kind, buffer, name, quantization,
                                         false, sparsity, signature, true, tensor.external_buffer);
    }

    flatbuffers::Offset<schema::OperatorTable> op(const FileOperator& op) {
        const auto custom = builder_.CreateString(op.custom_code);
        const auto old = static_cast<std::int8_t>(std::min(op.builtin, 127));
        const auto index = static_cast<std::uint32_t>(codes_.size());
        codes_.push_back(schema::CreateOperatorCodeTable(builder_, old, custom, 1,
                                                         op.old_field_only ? 0 : op.builtin));
        const auto inputs = builder_.CreateVector(op.inputs);
        const auto outputs = builder_.CreateVector(op.outputs);
        const auto intermediates = builder_.CreateVector(op.intermediates);
        flatbuffers::Offset<void> options;
        if (op.options) options = op.options(builder_);
        return schema::CreateOperatorTable(builder_, index, inputs, outputs, op.options_kind,
                                           options, 0, 0, 0, intermediates);
    }

    flatbuffers::Offset<schema::SubGraphTable> subgraph(const FileGraph& graph) {
        std::vector<flatbuffers::Offset<schema::TensorTable>> tensors;
        for (const FileTensor& each : graph.tensors) tensors.push_back(tensor(each));
        std::vector<flatbuffers::Offset<schema::OperatorTable>> operators;
        for (const FileOperator& each : graph.operators) operators.push_back(op(each));
        const auto tensor_tables = builder_.CreateVector(tensors);
        const auto operator_tables = builder_.CreateVector(operators);
        const auto inputs = builder_.CreateVector(graph.inputs);
        const auto outputs = builder_.CreateVector(graph.outputs);
        return schema::CreateSubGraphTable(builder_, tensor_tables, inputs, outputs,
                                           operator_tables, builder_.CreateString(graph.name));
    }

    flatbuffers::FlatBufferBuilder builder_;
    std::vector<flatbuffers::Offset<schema::BufferTable>> buffers_;
    std::vector<flatbuffers::Offset<schema::OperatorCodeTable>> codes_;
};

}  // namespace

std::vector<std::uint8_t> tflite_file(const std::vector<FileGraph>& graphs,
                                      const std::vector<std::string>& signatures) {
    return FileWriter{}.write(graphs, signatures);
}

}  // namespace u65sim::test
