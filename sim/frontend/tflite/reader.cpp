// .tflite bytes -> Graph. Everything the file says is checked before it is used.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/network.hpp>
#include <u65sim/text.hpp>

#include "frontend/tflite/options.hpp"
#include "frontend/tflite/reader.hpp"
#include "ir/builtins.hpp"
#include "ir/constants.hpp"

namespace u65sim {
namespace frontend {
namespace {

constexpr std::size_t identifier_end = 8;  // root offset, then "TFL3"
constexpr std::size_t largest_tables = std::size_t{1} << 31U;
constexpr int deepest_nesting = 32;
constexpr int most_tables = 2'000'000;
constexpr std::size_t highest_rank = 16;
constexpr std::uint32_t known_schema_version = 3;

// Builtins that run another subgraph: CALL, IF, WHILE, CALL_ONCE and their StableHLO relatives.
constexpr std::array<std::int32_t, 11> calling_builtins{31,  118, 119, 129, 174, 190,
                                                        198, 199, 200, 206, 209};

class Reader {
public:
    Reader(std::span<const std::uint8_t> bytes, std::string_view name)
        : bytes_(bytes),
          name_(name),
          // Tables may share their bytes; a file that shares them to multiply itself is refused.
          copies_left_(16 * bytes.size() + 65536) {}

    Graph read() {
        verify_tables();
        const schema::ModelTable& model = *schema::GetModelTable(bytes_.data());
        if (model.version() != known_schema_version) {
            fail("schema version is {}, must be {}", model.version(), known_schema_version);
        }
        graph_.name = name_;
        graph_.description = text(model.description());
        read_buffers(model);
        const auto* subgraphs = model.subgraphs();
        if (subgraphs == nullptr || subgraphs->size() == 0) {
            fail("the file holds no subgraph, must hold one");
        }
        const schema::SubGraphTable& subgraph = *subgraphs->Get(0);
        read_tensors(subgraph);
        read_operators(model, subgraph);
        graph_.inputs = tensor_ids(subgraph.inputs(), "network input", false);
        graph_.outputs = tensor_ids(subgraph.outputs(), "network output", false);
        read_metadata(model);
        name_operators();
        return std::move(graph_);
    }

private:
    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
        throw InvalidModel(
            fmt::format("{}: {}", name_, fmt::format(format, std::forward<Args>(args)...)));
    }

    void verify_tables() const {
        if (bytes_.size() < identifier_end) {
            fail("the file ends after {} bytes, must have at least {}", bytes_.size(),
                 identifier_end);
        }
        if (bytes_.size() >= largest_tables) {
            fail("the file has {} bytes, must be below {}", bytes_.size(), largest_tables);
        }
        if (!schema::ModelTableBufferHasIdentifier(bytes_.data())) {
            const std::string found(bytes_.begin() + 4, bytes_.begin() + 8);
            fail("bytes 4 to 7 are '{}', must be '{}' (not a .tflite)", printable(found),
                 schema::ModelTableIdentifier());
        }
        flatbuffers::Verifier verifier(bytes_.data(), bytes_.size(), deepest_nesting, most_tables);
        if (!schema::VerifyModelTableBuffer(verifier)) {
            fail("an offset leaves the {} bytes of the file (truncated or damaged)", bytes_.size());
        }
    }

    void charge(std::size_t size) {
        if (size > copies_left_) {
            fail(
                "the tables refer to the same bytes over and over: they would unpack to more than "
                "16 times the file's {} bytes",
                bytes_.size());
        }
        copies_left_ -= size;
    }

    std::string text(const flatbuffers::String* string) {
        if (string == nullptr) return {};
        charge(string->size());
        return printable({string->data(), string->size()});
    }

    template <class Value>
    std::vector<Value> list(const flatbuffers::Vector<Value>* vector) {
        if (vector == nullptr) return {};
        charge(vector->size() * sizeof(Value));
        if constexpr (sizeof(Value) == 1) {
            return {vector->data(), vector->data() + vector->size()};
        } else {
            return {vector->begin(), vector->end()};
        }
    }

    std::vector<std::uint8_t> file_range(std::string_view what, std::uint64_t offset,
                                         std::uint64_t size) {
        if (offset > bytes_.size() || size > bytes_.size() - offset) {
            fail("{}: bytes {} to {} lie outside the file of {} bytes", what, offset,
                 static_cast<double>(offset) + static_cast<double>(size), bytes_.size());
        }
        charge(size);
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
        return {begin, begin + static_cast<std::ptrdiff_t>(size)};
    }

    void read_buffers(const schema::ModelTable& model) {
        const auto* buffers = model.buffers();
        if (buffers == nullptr) return;
        buffers_.resize(buffers->size());
        for (flatbuffers::uoffset_t index = 0; index < buffers->size(); ++index) {
            const schema::BufferTable& buffer = *buffers->Get(index);
            // Offsets 0 and 1 mark data that stands in the table itself.
            if (buffer.offset() > 1) {
                buffers_[index] = ConstantData{
                    file_range(fmt::format("buffer {}", index), buffer.offset(), buffer.size())};
            } else if (buffer.data() != nullptr && buffer.data()->size() > 0) {
                buffers_[index] = ConstantData{list(buffer.data())};
            }
        }
    }

    Quantization read_quantization(const schema::QuantizationTable* table, std::string_view place) {
        Quantization quantization;
        if (table == nullptr) return quantization;
        quantization.scales = list(table->scale());
        // One scale of zero is how some converters write "not quantised".
        if (quantization.scales.size() == 1 && quantization.scales[0] == 0.0F) {
            quantization.scales.clear();
        }
        if (quantization.scales.empty()) return quantization;
        if (table->details_type() != schema::AnyQuantizationDetails::NONE) {
            fail("{}: quantisation of kind {}: only scale and zero point are known", place,
                 static_cast<int>(table->details_type()));
        }
        quantization.zero_points = list(table->zero_point());
        if (quantization.zero_points.size() <= 1) {
            const std::int64_t zero_point =
                quantization.zero_points.empty() ? 0 : quantization.zero_points.front();
            quantization.zero_points.assign(quantization.scales.size(), zero_point);
        }
        if (quantization.zero_points.size() != quantization.scales.size()) {
            fail("{}: {} scales but {} zero points, must be as many", place,
                 quantization.scales.size(), quantization.zero_points.size());
        }
        quantization.axis = table->quantized_dimension();
        return quantization;
    }

    void read_tensors(const schema::SubGraphTable& subgraph) {
        const auto* tensors = subgraph.tensors();
        if (tensors == nullptr) return;
        graph_.tensors.reserve(tensors->size());
        for (flatbuffers::uoffset_t index = 0; index < tensors->size(); ++index) {
            const schema::TensorTable& table = *tensors->Get(index);
            Tensor tensor;
            tensor.name = text(table.name());
            const std::string place = fmt::format("tensor {} '{}'", index, tensor.name);
            tensor.shape = list(table.shape());
            if (tensor.shape.size() > highest_rank) {
                fail("{}: rank is {}, must be at most {}", place, tensor.shape.size(),
                     highest_rank);
            }
            tensor.type = element_type(table.type());
            tensor.is_variable = table.is_variable();
            if (table.sparsity() != nullptr) {
                fail("{}: is stored sparse, must be dense", place);
            }
            tensor.quantization = read_quantization(table.quantization(), place);
            if (table.buffer() >= buffers_.size() && table.buffer() != 0) {
                fail("{}: buffer is {}, must be below {}", place, table.buffer(), buffers_.size());
            }
            if (table.buffer() < buffers_.size()) tensor.data = buffers_[table.buffer()];
            // A constant without elements has no bytes to tell it by.
            const bool is_void =
                std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
            if (is_void && !tensor.data && table.buffer() != 0) {
                tensor.data = ConstantData{std::vector<std::uint8_t>{}};
            }
            graph_.tensors.push_back(std::move(tensor));
        }
    }

    std::vector<TensorId> tensor_ids(const flatbuffers::Vector<std::int32_t>* ids,
                                     std::string_view place, bool may_be_left_out) {
        std::vector<TensorId> result = list(ids);
        for (std::size_t position = 0; position < result.size(); ++position) {
            const TensorId id = result[position];
            if (id == no_tensor && may_be_left_out) continue;
            if (id < 0 || static_cast<std::size_t>(id) >= graph_.tensors.size()) {
                fail("{} {} is tensor {}, must be below {}", place, position, id,
                     graph_.tensors.size());
            }
        }
        return result;
    }

    void read_operators(const schema::ModelTable& model, const schema::SubGraphTable& subgraph) {
        const auto* codes = model.operator_codes();
        const std::size_t code_count = codes == nullptr ? 0 : codes->size();
        const auto* operators = subgraph.operators();
        if (operators == nullptr) return;
        graph_.operators.reserve(operators->size());
        for (flatbuffers::uoffset_t index = 0; index < operators->size(); ++index) {
            const schema::OperatorTable& table = *operators->Get(index);
            if (table.opcode_index() >= code_count) {
                fail("operator {}: operator code is {}, must be below {}", index,
                     table.opcode_index(), code_count);
            }
            graph_.operators.push_back(
                read_operator(table, *codes->Get(table.opcode_index()), index));
        }
    }

    Operator read_operator(const schema::OperatorTable& table,
                           const schema::OperatorCodeTable& code, std::size_t index) {
        Operator op;
        // Numbers above 126 only fit the newer field; old files only have the older one.
        const std::int32_t number =
            std::max<std::int32_t>(code.builtin_code(), code.deprecated_builtin_code());
        if (number < 0)
            fail("operator {}: builtin number is {}, must not be negative", index, number);
        op.type = ir::op_type_of_builtin(number);
        op.version = code.version();
        if (op.type == OpType::other) op.builtin_code = number;
        if (op.type == OpType::custom) {
            op.custom_code = text(code.custom_code());
            read_custom_options(table, op, index);
        }
        const std::string place = fmt::format("operator {} ({})", index, ir::kind_name(op));
        if (std::find(calling_builtins.begin(), calling_builtins.end(), number) !=
            calling_builtins.end()) {
            fail("{}: runs another subgraph; only networks of one subgraph can be read", place);
        }
        op.inputs = tensor_ids(table.inputs(), fmt::format("{}: input", place), true);
        op.outputs = tensor_ids(table.outputs(), fmt::format("{}: output", place), false);
        op.intermediates =
            tensor_ids(table.intermediates(), fmt::format("{}: intermediate", place), true);
        op.attributes = read_options(table, op.type, fmt::format("{}: {}", name_, place));
        repeat_axis(op);
        return op;
    }

    void repeat_axis(Operator& op) const {
        const int position = ir::axis_operand(op.type);
        if (position < 0 || static_cast<std::size_t>(position) >= op.inputs.size()) return;
        const auto axis =
            ir::constant_integers(graph_, op.inputs[static_cast<std::size_t>(position)]);
        if (!axis || axis->size() != 1) return;
        const std::int64_t limit = static_cast<std::int64_t>(highest_rank);
        if (axis->front() < -limit || axis->front() >= limit) {
            fail("operator of kind {}: axis is {}, must be between {} and {}", ir::kind_name(op),
                 axis->front(), -limit, limit - 1);
        }
        std::get<AxisAttributes>(op.attributes).axis = static_cast<std::int32_t>(axis->front());
    }

    void read_custom_options(const schema::OperatorTable& table, Operator& op, std::size_t index) {
        if (table.large_custom_options_offset() > 1) {
            op.custom_options =
                file_range(fmt::format("custom options of operator {}", index),
                           table.large_custom_options_offset(), table.large_custom_options_size());
        } else {
            op.custom_options = list(table.custom_options());
        }
    }

    void read_metadata(const schema::ModelTable& model) {
        if (model.metadata() == nullptr) return;
        for (const schema::MetadataTable* table : *model.metadata()) {
            Metadata metadata;
            metadata.name = text(table->name());
            if (table->buffer() >= buffers_.size()) {
                fail("metadata '{}': buffer is {}, must be below {}", metadata.name,
                     table->buffer(), buffers_.size());
            }
            if (const ConstantData& data = buffers_[table->buffer()]) {
                charge(data.bytes().size());
                metadata.bytes = data.bytes();
            }
            graph_.metadata.push_back(std::move(metadata));
        }
    }

    // The format has no operator names: the first output names the operator, made unique.
    void name_operators() {
        std::unordered_set<std::string> taken;
        std::unordered_map<std::string, int> repeats;
        for (std::size_t index = 0; index < graph_.operators.size(); ++index) {
            Operator& op = graph_.operators[index];
            std::string base;
            if (!op.outputs.empty()) {
                base = graph_.tensors[static_cast<std::size_t>(op.outputs[0])].name;
            }
            if (base.empty()) base = fmt::format("{}_{}", ir::kind_name(op), index);
            charge(base.size());
            op.name = base;
            while (!taken.insert(op.name).second) {
                op.name = fmt::format("{}#{}", base, ++repeats[base] + 1);
            }
        }
    }

    std::span<const std::uint8_t> bytes_;
    std::string name_;
    std::size_t copies_left_;
    std::vector<ConstantData> buffers_;
    Graph graph_;
};

}  // namespace
}  // namespace frontend

Graph read_tflite(const std::vector<std::uint8_t>& bytes, std::string_view name) {
    return frontend::read_tflite(std::span{bytes}, name);
}

Graph frontend::read_tflite(std::span<const std::uint8_t> bytes, std::string_view name) {
    Graph graph = Reader{bytes, name}.read();
    try {
        verify(graph);
    } catch (const InvalidModel& error) {
        throw InvalidModel(fmt::format("{}: {}", name, error.what()));
    }
    return graph;
}

}  // namespace u65sim
