#include "frontend/tflite/read_subgraph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include <fmt/ranges.h>

#include "frontend/tflite/densify.hpp"
#include "ir/builtins.hpp"
#include "ir/constants.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::frontend {
namespace {

constexpr std::size_t highest_rank = 16;
constexpr std::int64_t far_position = 1 << 30;  ///< beyond it, no extent reaches

class SubgraphReader {
public:
    SubgraphReader(FileBytes& file, const schema::ModelTable& model,
                   const schema::SubGraphTable& subgraph, const std::vector<ConstantData>& buffers)
        : file_(file), model_(model), subgraph_(subgraph), buffers_(buffers) {}

    Graph read() {
        read_tensors();
        read_operators();
        graph_.inputs = tensor_ids(subgraph_.inputs(), "network input", false);
        graph_.outputs = tensor_ids(subgraph_.outputs(), "network output", false);
        name_operators();
        note_unknown_extents();
        return std::move(graph_);
    }

private:
    template <class... Args>
    void note(fmt::format_string<Args...> format, Args&&... args) {
        graph_.notes.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    Quantization read_quantization(const schema::QuantizationTable* table, std::string_view place,
                                   std::size_t rank) {
        Quantization quantization;
        if (table == nullptr) return quantization;
        if (table->details_type() != schema::AnyQuantizationDetails::NONE) {
            note("{}: quantisation of kind {} is not known; only scale and zero point are taken",
                 place, static_cast<int>(table->details_type()));
        }
        quantization.scales = file_.list(table->scale());
        // One scale of zero is how some converters write "not quantised".
        if (quantization.scales.size() == 1 && quantization.scales[0] == 0.0F) {
            quantization.scales.clear();
        }
        if (quantization.scales.empty()) return quantization;
        quantization.zero_points = file_.list(table->zero_point());
        if (quantization.zero_points.size() <= 1) {
            const std::int64_t zero_point =
                quantization.zero_points.empty() ? 0 : quantization.zero_points.front();
            quantization.zero_points.assign(quantization.scales.size(), zero_point);
        }
        if (quantization.zero_points.size() != quantization.scales.size()) {
            file_.fail("{}: {} scales but {} zero points, must be as many", place,
                       quantization.scales.size(), quantization.zero_points.size());
        }
        // A tensor of one dimension has one axis, whatever the file says.
        quantization.axis = rank == 1 ? 0 : table->quantized_dimension();
        return quantization;
    }

    void read_tensors() {
        const auto* tensors = subgraph_.tensors();
        if (tensors == nullptr) return;
        file_tensors_ = tensors->size();
        graph_.tensors.reserve(file_tensors_);
        for (flatbuffers::uoffset_t index = 0; index < tensors->size(); ++index) {
            graph_.tensors.push_back(read_tensor(*tensors->Get(index), index));
        }
    }

    Tensor read_tensor(const schema::TensorTable& table, std::size_t index) {
        Tensor tensor;
        tensor.name = file_.text(table.name());
        const std::string place = fmt::format("tensor {} '{}'", index, tensor.name);
        tensor.shape = file_.list(table.shape());
        if (tensor.shape.size() > highest_rank) {
            file_.fail("{}: rank is {}, must be at most {}", place, tensor.shape.size(),
                       highest_rank);
        }
        tensor.type = element_type(table.type());
        tensor.is_variable = table.is_variable();
        tensor.quantization = read_quantization(table.quantization(), place, tensor.shape.size());
        drop_idle_quantization(tensor, place);
        if (table.external_buffer() != 0) {
            file_.fail("{}: its values stand in another file: only this one is read", place);
        }
        tensor.data = data_of(table, tensor, place);
        return tensor;
    }

    // Sums are scaled by what they are sums of: a bias' own scales serve nobody.
    void drop_idle_quantization(Tensor& tensor, std::string_view place) {
        if (tensor.type != ElementType::int32 && tensor.type != ElementType::int64) return;
        const auto& [scales, zero_points, axis] = tensor.quantization;
        const bool fits = scales.size() <= 1 ||
                          (axis >= 0 && static_cast<std::size_t>(axis) < tensor.shape.size() &&
                           static_cast<std::int64_t>(scales.size()) ==
                               tensor.shape[static_cast<std::size_t>(axis)]);
        const bool usable = std::all_of(scales.begin(), scales.end(), [](float scale) {
            return std::isfinite(scale) && scale >= 0.0F;
        });
        if (fits && usable) return;
        note("{}: its quantisation cannot be used and is left out", place);
        tensor.quantization = {};
    }

    ConstantData data_of(const schema::TensorTable& table, const Tensor& tensor,
                         const std::string& place) {
        if (table.buffer() != 0 && table.buffer() >= buffers_.size()) {
            file_.fail("{}: buffer is {}, must be below {}", place, table.buffer(),
                       buffers_.size());
        }
        // Buffer 0 stands for none.
        ConstantData data;
        if (table.buffer() != 0) data = buffers_[table.buffer()];
        if (data && table.sparsity() != nullptr) {
            return densify(file_, *table.sparsity(), tensor, data.bytes(), place);
        }
        if (auto narrow = narrowed(data, tensor)) {
            note("{}: its values of 64 bits are read as int32", place);
            return ConstantData{std::move(*narrow)};
        }
        // A constant without elements has no bytes to tell it by.
        const bool is_void =
            std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
        if (is_void && !data && table.buffer() != 0) {
            data = ConstantData{std::vector<std::uint8_t>{}};
        }
        return data;
    }

    // Vela 4 writes shapes that it has folded in 64 bits, and calls them int32.
    static std::optional<std::vector<std::uint8_t>> narrowed(const ConstantData& data,
                                                             const Tensor& tensor) {
        constexpr std::size_t wide = 8, narrow = 4;
        if (!data || tensor.type != ElementType::int32 || data.size() % wide != 0) return {};
        const std::vector<std::uint8_t>& bytes = data.bytes();
        std::uint64_t elements = 1;
        for (const std::int32_t extent : tensor.shape) {
            if (extent < 1 || elements > bytes.size()) return {};
            elements *= static_cast<std::uint64_t>(extent);
        }
        if (elements != bytes.size() / wide) return {};
        std::vector<std::uint8_t> result;
        result.reserve(bytes.size() / 2);
        for (std::size_t at = 0; at < bytes.size(); at += wide) {
            const std::uint8_t sign = (bytes[at + narrow - 1] & 0x80) != 0 ? 0xFF : 0;
            for (std::size_t i = 0; i < wide; ++i) {
                if (i < narrow) result.push_back(bytes[at + i]);
                if (i >= narrow && bytes[at + i] != sign) return {};
            }
        }
        return result;
    }

    std::vector<TensorId> tensor_ids(const flatbuffers::Vector<std::int32_t>* ids,
                                     std::string_view place, bool may_be_left_out) {
        std::vector<TensorId> result = file_.list(ids);
        for (std::size_t position = 0; position < result.size(); ++position) {
            const TensorId id = result[position];
            if (id == no_tensor && may_be_left_out) continue;
            if (id < 0 || static_cast<std::size_t>(id) >= file_tensors_) {
                file_.fail("{} {} is tensor {}, must be below {}", place, position, id,
                           file_tensors_);
            }
        }
        return result;
    }

    void read_operators() {
        const auto* codes = model_.operator_codes();
        const std::size_t code_count = codes == nullptr ? 0 : codes->size();
        const auto* operators = subgraph_.operators();
        if (operators == nullptr) return;
        graph_.operators.reserve(operators->size());
        for (flatbuffers::uoffset_t index = 0; index < operators->size(); ++index) {
            const schema::OperatorTable& table = *operators->Get(index);
            if (table.opcode_index() >= code_count) {
                file_.fail("operator {}: operator code is {}, must be below {}", index,
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
        if (number < 0) {
            file_.fail("operator {}: builtin number is {}, must not be negative", index, number);
        }
        op.type = ir::op_type_of_builtin(number);
        op.version = code.version();
        if (has_shuffled_weights(table)) {
            note(
                "operator {}: its weights are in the shuffled format, which is not known: it is "
                "left to the CPU and cannot be executed",
                index);
            op.type = OpType::other;
        }
        if (op.type == OpType::other) op.builtin_code = number;
        if (op.type == OpType::custom) {
            op.custom_code = file_.text(code.custom_code());
            read_custom_options(table, op, index);
        }
        const std::string place = fmt::format("operator {} ({})", index, ir::kind_name(op));
        op.inputs = tensor_ids(table.inputs(), fmt::format("{}: input", place), true);
        op.outputs = tensor_ids(table.outputs(), fmt::format("{}: output", place), false);
        op.intermediates =
            tensor_ids(table.intermediates(), fmt::format("{}: intermediate", place), true);
        op.attributes = read_options(table, op.type, fmt::format("{}: {}", file_.name(), place));
        repeat_axis(op);
        if (op.type == OpType::strided_slice) place_end(op, table, place);
        return op;
    }

    static bool has_shuffled_weights(const schema::OperatorTable& table) {
        const auto* options = table.options_as_fully_connected();
        return options != nullptr && options->weight_layout() != schema::WeightLayout::plain;
    }

    // STRIDED_SLICE may give its end as an offset from begin: a constant of positions replaces it.
    void place_end(Operator& op, const schema::OperatorTable& table, std::string_view place) {
        const auto* options = table.options_as_strided_slice();
        if (options == nullptr || !options->is_offset() || op.inputs.size() < 3) return;
        const auto begin = ir::constant_integers(graph_, op.inputs[1]);
        const auto offset = ir::constant_integers(graph_, op.inputs[2]);
        if (!begin || !offset || begin->size() != offset->size()) {
            file_.fail("{}: its end is an offset from begin, and both are not constant", place);
        }
        if (op.inputs[0] == no_tensor) return;
        const Shape& shape = graph_.tensors[static_cast<std::size_t>(op.inputs[0])].shape;
        std::vector<std::int32_t> end;
        for (std::size_t axis = 0; axis < begin->size() && axis < shape.size(); ++axis) {
            const std::int64_t extent = std::max(shape[axis], 0);
            const std::int64_t first = (*begin)[axis] + ((*begin)[axis] < 0 ? extent : 0);
            end.push_back(static_cast<std::int32_t>(
                std::clamp<std::int64_t>(first, 0, extent) +
                std::clamp<std::int64_t>((*offset)[axis], -far_position, far_position)));
        }
        if (end.size() != begin->size()) return;
        Tensor tensor = graph_.tensors[static_cast<std::size_t>(op.inputs[2])];
        tensor.type = ElementType::int32;
        tensor.data = ir::int32_data(end);
        op.inputs[2] = static_cast<TensorId>(graph_.tensors.size());
        graph_.tensors.push_back(std::move(tensor));
    }

    void repeat_axis(Operator& op) const {
        const int position = ir::info(op.type).operands.axis;
        if (position < 0 || static_cast<std::size_t>(position) >= op.inputs.size()) return;
        const auto axis =
            ir::constant_integers(graph_, op.inputs[static_cast<std::size_t>(position)]);
        if (!axis || axis->size() != 1) return;
        const std::int64_t limit = static_cast<std::int64_t>(highest_rank);
        if (axis->front() < -limit || axis->front() >= limit) {
            file_.fail("operator of kind {}: axis is {}, must be between {} and {}",
                       ir::kind_name(op), axis->front(), -limit, limit - 1);
        }
        std::get<AxisAttributes>(op.attributes).axis = static_cast<std::int32_t>(axis->front());
    }

    void read_custom_options(const schema::OperatorTable& table, Operator& op, std::size_t index) {
        if (table.large_custom_options_offset() > 1) {
            op.custom_options =
                file_.range(fmt::format("custom options of operator {}", index),
                            table.large_custom_options_offset(), table.large_custom_options_size());
        } else {
            op.custom_options = file_.list(table.custom_options());
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
            file_.charge(base.size());
            op.name = base;
            while (!taken.insert(op.name).second) {
                op.name = fmt::format("{}#{}", base, ++repeats[base] + 1);
            }
        }
    }

    // A network for images of any size says 1 for what it does not know. Any batch is no matter.
    void note_unknown_extents() {
        static constexpr std::array<std::string_view, 4> image{"batch", "height", "width", "depth"};
        for (const TensorId id : graph_.inputs) {
            const auto* table = subgraph_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(id));
            const std::vector<std::int32_t> signature = file_.list(table->shape_signature());
            const Tensor& tensor = graph_.tensors[static_cast<std::size_t>(id)];
            if (signature.size() != tensor.shape.size()) continue;
            std::vector<std::string> unknown;
            for (std::size_t axis = signature.size() > 1 ? 1 : 0; axis < signature.size(); ++axis) {
                if (signature[axis] >= 0) continue;
                unknown.push_back(signature.size() == 4 ? std::string{image[axis]}
                                                        : fmt::format("extent {}", axis));
            }
            if (unknown.empty()) continue;
            note("{} of input '{}' {} not known: {} was taken", fmt::join(unknown, " and "),
                 tensor.name, unknown.size() == 1 ? "is" : "are", to_string(tensor.shape));
        }
    }

    FileBytes& file_;
    const schema::ModelTable& model_;
    const schema::SubGraphTable& subgraph_;
    const std::vector<ConstantData>& buffers_;
    Graph graph_;
    std::size_t file_tensors_ = 0;  ///< those of the file: place_end() adds others
};

}  // namespace

Graph read_subgraph(FileBytes& file, const schema::ModelTable& model,
                    const schema::SubGraphTable& subgraph,
                    const std::vector<ConstantData>& buffers) {
    return SubgraphReader{file, model, subgraph, buffers}.read();
}

}  // namespace u65sim::frontend
