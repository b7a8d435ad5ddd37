// Which options the operator kinds have in a file.
#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "frontend/tflite/movement_options.hpp"
#include "frontend/tflite/number_options.hpp"
#include "ir/builtins.hpp"
#include "ir/operator_table.hpp"

namespace u65sim::frontend {
namespace {

/// Options of an operator kind. Without `read` there are no attributes.
class OptionsForm {
public:
    using Read = Attributes (*)(Reader options);
    using Write = WrittenOptions (*)(Writer out);

    constexpr OptionsForm(OpType kind, Read reader, Write writer)
        : type(kind), read(reader), write(writer), has_attributes(true) {}
    constexpr OptionsForm(OpType kind, std::nullptr_t, Write writer) : type(kind), write(writer) {}

    OpType type = OpType::other;
    Read read = nullptr;
    Write write = nullptr;
    /// Whether `read` is one. (GCC's -fsanitize=undefined lets no function be compared with null
    /// where a constant is asked for.)
    bool has_attributes = false;
};

// clang-format off
constexpr std::array forms{
    OptionsForm{OpType::conv_2d, read_window<schema::Conv2DTable>, write_conv_2d},
    OptionsForm{OpType::depthwise_conv_2d, read_window<schema::DepthwiseTable>, write_depthwise},
    OptionsForm{OpType::transpose_conv, read_window<schema::TransposeConvTable>,
                write_transpose_conv},
    OptionsForm{OpType::average_pool_2d, read_window<schema::PoolTable>, write_pool},
    OptionsForm{OpType::max_pool_2d, read_window<schema::PoolTable>, write_pool},
    OptionsForm{OpType::l2_pool_2d, read_window<schema::PoolTable>, write_pool},
    OptionsForm{OpType::fully_connected, read_fully_connected, write_fully_connected},
    OptionsForm{OpType::add, read_arithmetic<schema::AddTable>,
                write_arithmetic<schema::CreateAddTable>},
    OptionsForm{OpType::sub, read_arithmetic<schema::SubTable>,
                write_arithmetic<schema::CreateSubTable>},
    OptionsForm{OpType::mul, read_arithmetic<schema::MulTable>,
                write_arithmetic<schema::CreateMulTable>},
    OptionsForm{OpType::div, read_arithmetic<schema::DivTable>,
                write_arithmetic<schema::CreateDivTable>},
    OptionsForm{OpType::mean, read_reducer, write_reducer},
    OptionsForm{OpType::sum, read_reducer, write_reducer},
    OptionsForm{OpType::reduce_max, read_reducer, write_reducer},
    OptionsForm{OpType::reduce_min, read_reducer, write_reducer},
    OptionsForm{OpType::reduce_prod, read_reducer, write_reducer},
    OptionsForm{OpType::reduce_any, read_reducer, write_reducer},
    OptionsForm{OpType::reduce_all, read_reducer, write_reducer},
    OptionsForm{OpType::cumsum, read_cumsum, write_cumsum},
    OptionsForm{OpType::batch_matmul, read_batch_matmul, write_batch_matmul},
    OptionsForm{OpType::softmax, read_softmax, write_softmax},
    OptionsForm{OpType::leaky_relu, read_leaky_relu, write_leaky_relu},
    OptionsForm{OpType::gelu, read_gelu, write_gelu},
    OptionsForm{OpType::l2_normalization, read_l2_norm, write_l2_norm},
    OptionsForm{OpType::local_response_normalization, read_local_response, write_local_response},
    OptionsForm{OpType::reverse_sequence, read_reverse_sequence, write_reverse_sequence},
    OptionsForm{OpType::cast, nullptr, write_cast},
    OptionsForm{OpType::concatenation, read_axis<schema::ConcatenationTable>, write_concatenation},
    OptionsForm{OpType::pack, read_axis<schema::PackTable>,
                write_count_and_axis<schema::CreatePackTable>},
    OptionsForm{OpType::unpack, read_axis<schema::UnpackTable>,
                write_count_and_axis<schema::CreateUnpackTable>},
    OptionsForm{OpType::split, read_axis<schema::SplitTable>,
                write_count<schema::CreateSplitTable>},
    OptionsForm{OpType::split_v, read_axis<schema::SplitVTable>,
                write_count<schema::CreateSplitVTable>},
    OptionsForm{OpType::gather, read_axis<schema::GatherTable>, write_gather},
    OptionsForm{OpType::one_hot, read_axis<schema::OneHotTable>, write_one_hot},
    OptionsForm{OpType::arg_max, read_axis<schema::ArgMaxTable>,
                write_output_kind<schema::CreateArgMaxTable>},
    OptionsForm{OpType::arg_min, read_axis<schema::ArgMinTable>,
                write_output_kind<schema::CreateArgMinTable>},
    OptionsForm{OpType::shape, nullptr, write_output_kind<schema::CreateShapeTable>},
    OptionsForm{OpType::reshape, read_reshape, write_reshape},
    OptionsForm{OpType::squeeze, read_squeeze, write_squeeze},
    OptionsForm{OpType::strided_slice, read_strided_slice, write_strided_slice},
    OptionsForm{OpType::resize_bilinear, read_resize<schema::ResizeBilinearTable>,
                write_resize<schema::CreateResizeBilinearTable>},
    OptionsForm{OpType::resize_nearest_neighbor, read_resize<schema::ResizeNearestTable>,
                write_resize<schema::CreateResizeNearestTable>},
    OptionsForm{OpType::mirror_pad, read_mirror_pad, write_mirror_pad},
    OptionsForm{OpType::space_to_depth, read_block<schema::SpaceToDepthTable>,
                write_block<schema::CreateSpaceToDepthTable>},
    OptionsForm{OpType::depth_to_space, read_block<schema::DepthToSpaceTable>,
                write_block<schema::CreateDepthToSpaceTable>},
    OptionsForm{OpType::unidirectional_sequence_lstm, read_lstm, write_lstm},
    OptionsForm{OpType::svdf, read_svdf, write_svdf},
    OptionsForm{OpType::var_handle, read_variable, write_variable},
    OptionsForm{OpType::call_once, read_call_once, write_call_once},
    OptionsForm{OpType::if_else, read_if, write_if},
    OptionsForm{OpType::while_loop, read_while, write_while},
};
// clang-format on

constexpr const OptionsForm* form_of(OpType type) {
    for (const OptionsForm& form : forms) {
        if (form.type == type) return &form;
    }
    return nullptr;
}

/// Kinds with attributes are read and written; the rest has none to read.
consteval bool agrees_with_attributes() {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        const OptionsForm* form = form_of(row.type);
        const bool has_attributes = row.attributes != ir::no_attributes;
        if (has_attributes != (form != nullptr && form->has_attributes)) return false;
    }
    return true;
}
static_assert(agrees_with_attributes(), "a kind's options disagree with its attributes");

// Builtins without a kind of their own whose options are an empty table or none at all.
constexpr auto builtins_without_options = std::to_array<std::string_view>(
    {"ATAN2", "MATRIX_DIAG", "MATRIX_SET_DIAG", "HASHTABLE_LOOKUP", "SEGMENT_SUM"});

/// Throws InvalidModel for a builtin of kind `other` whose options the graph does not hold.
void check_kept(const Operator& op) {
    const auto& names = builtins_without_options;
    const OpType kind = ir::op_type_of_builtin(op.builtin_code);
    const bool has_own_kind = ir::info(kind).family != ir::Family::opaque;
    if (has_own_kind && form_of(kind) == nullptr) return;
    if (std::find(names.begin(), names.end(), ir::builtin_name(op.builtin_code)) != names.end()) {
        return;
    }
    throw InvalidModel(
        fmt::format("operator '{}' ({}): cannot be written, its options are not kept", op.name,
                    ir::kind_name(op)));
}

}  // namespace

Attributes read_options(const schema::OperatorTable& table, OpType type, std::string_view place) {
    const OptionsForm* form = form_of(type);
    if (form == nullptr || !form->has_attributes) return std::monostate{};
    return form->read(OptionsReader{table, place});
}

WrittenOptions write_options(flatbuffers::FlatBufferBuilder& builder, const Graph& graph,
                             const Operator& op) {
    if (op.type == OpType::other) check_kept(op);
    const OptionsForm* form = form_of(op.type);
    if (form == nullptr) return {};
    return form->write(OptionsWriter{builder, graph, op});
}

}  // namespace u65sim::frontend
