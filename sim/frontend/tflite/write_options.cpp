#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "frontend/tflite/options.hpp"
#include "ir/builtins.hpp"

namespace u65sim::frontend {
namespace {

schema::ActivationKind activation_kind(Activation activation) {
    if (activation == Activation::relu_0_to_1) {
        throw InvalidModel("activation relu_0_to_1: cannot be fused in a .tflite");
    }
    return static_cast<schema::ActivationKind>(activation);
}
schema::PaddingKind padding_kind(Padding padding) {
    return static_cast<schema::PaddingKind>(padding);
}

// Builtins of kind `other` whose options are an empty table or none at all.
constexpr auto builtins_without_options = std::to_array<std::string_view>({"SIN",
                                                                           "COS",
                                                                           "POW",
                                                                           "FILL",
                                                                           "TOPK_V2",
                                                                           "PADV2",
                                                                           "ZEROS_LIKE",
                                                                           "FLOOR_DIV",
                                                                           "FLOOR_MOD",
                                                                           "RANGE",
                                                                           "RANK",
                                                                           "GATHER_ND",
                                                                           "LOG_SOFTMAX",
                                                                           "SCATTER_ND",
                                                                           "SIGN",
                                                                           "ATAN2",
                                                                           "BROADCAST_ARGS",
                                                                           "DYNAMIC_UPDATE_SLICE",
                                                                           "MATRIX_DIAG",
                                                                           "MATRIX_SET_DIAG",
                                                                           "EMBEDDING_LOOKUP",
                                                                           "HASHTABLE_LOOKUP",
                                                                           "SEGMENT_SUM"});

class OptionsWriter {
public:
    OptionsWriter(flatbuffers::FlatBufferBuilder& builder, const Graph& graph, const Operator& op)
        : builder_(builder), graph_(graph), op_(op) {}

    WrittenOptions window() {
        const auto& a = get<WindowAttributes>();
        const auto padding = padding_kind(a.padding);
        const auto activation = activation_kind(a.activation);
        switch (op_.type) {
            case OpType::conv_2d:
                return done(schema::CreateConv2DTable(builder_, padding, a.stride_w, a.stride_h,
                                                      activation, a.dilation_w, a.dilation_h));
            case OpType::depthwise_conv_2d:
                return done(schema::CreateDepthwiseTable(builder_, padding, a.stride_w, a.stride_h,
                                                         a.depth_multiplier, activation,
                                                         a.dilation_w, a.dilation_h));
            case OpType::transpose_conv:
                return done(schema::CreateTransposeConvTable(builder_, padding, a.stride_w,
                                                             a.stride_h, activation));
            default:
                return done(schema::CreatePoolTable(builder_, padding, a.stride_w, a.stride_h,
                                                    a.filter_w, a.filter_h, activation));
        }
    }

    WrittenOptions arithmetic() {
        const auto& a = get<ArithmeticAttributes>();
        const auto activation = activation_kind(a.activation);
        switch (op_.type) {
            case OpType::add:
                return done(schema::CreateAddTable(builder_, activation, a.pot_scale_int16));
            case OpType::sub:
                return done(schema::CreateSubTable(builder_, activation, a.pot_scale_int16));
            case OpType::mul:
                return done(schema::CreateMulTable(builder_, activation));
            default:
                return done(schema::CreateDivTable(builder_, activation));
        }
    }

    WrittenOptions axis() {
        const auto& a = get<AxisAttributes>();
        switch (op_.type) {
            case OpType::concatenation:
                return done(schema::CreateConcatenationTable(builder_, a.axis,
                                                             activation_kind(a.activation)));
            case OpType::pack:
                return done(schema::CreatePackTable(builder_, a.count, a.axis));
            case OpType::unpack:
                return done(schema::CreateUnpackTable(builder_, a.count, a.axis));
            case OpType::split:
                return done(schema::CreateSplitTable(builder_, a.count));
            case OpType::split_v:
                return done(schema::CreateSplitVTable(builder_, a.count));
            case OpType::gather:
                return done(schema::CreateGatherTable(builder_, a.axis, a.batch_dims));
            case OpType::one_hot:
                return done(schema::CreateOneHotTable(builder_, a.axis));
            case OpType::arg_min:
                return done(schema::CreateArgMinTable(builder_, output_kind()));
            default:
                return done(schema::CreateArgMaxTable(builder_, output_kind()));
        }
    }

    WrittenOptions write() {
        switch (op_.type) {
            case OpType::conv_2d:
            case OpType::depthwise_conv_2d:
            case OpType::transpose_conv:
            case OpType::average_pool_2d:
            case OpType::max_pool_2d:
            case OpType::l2_pool_2d:
                return window();
            case OpType::add:
            case OpType::sub:
            case OpType::mul:
            case OpType::div:
                return arithmetic();
            case OpType::concatenation:
            case OpType::pack:
            case OpType::unpack:
            case OpType::split:
            case OpType::split_v:
            case OpType::gather:
            case OpType::arg_max:
            case OpType::arg_min:
            case OpType::one_hot:
                return axis();
            case OpType::fully_connected: {
                const auto& a = get<FullyConnectedAttributes>();
                return done(schema::CreateFullyConnectedTable(
                    builder_, activation_kind(a.activation), schema::WeightLayout::plain,
                    a.keep_num_dims, a.asymmetric_inputs));
            }
            case OpType::softmax:
                return done(schema::CreateSoftmaxTable(builder_, get<SoftmaxAttributes>().beta));
            case OpType::leaky_relu:
                return done(
                    schema::CreateLeakyReluTable(builder_, get<LeakyReluAttributes>().alpha));
            case OpType::mean:
            case OpType::sum:
            case OpType::reduce_max:
            case OpType::reduce_min:
            case OpType::reduce_prod:
            case OpType::reduce_any:
            case OpType::reduce_all:
                return done(
                    schema::CreateReducerTable(builder_, get<ReduceAttributes>().keep_dims));
            case OpType::reshape:
                return done(
                    schema::CreateReshapeTable(builder_, list(get<ReshapeAttributes>().new_shape)));
            case OpType::squeeze:
                return done(
                    schema::CreateSqueezeTable(builder_, list(get<SqueezeAttributes>().dims)));
            case OpType::strided_slice: {
                const auto& a = get<StridedSliceAttributes>();
                return done(schema::CreateStridedSliceTable(builder_, a.begin_mask, a.end_mask,
                                                            a.ellipsis_mask, a.new_axis_mask,
                                                            a.shrink_axis_mask));
            }
            case OpType::resize_bilinear: {
                const auto& a = get<ResizeAttributes>();
                return done(schema::CreateResizeBilinearTable(builder_, a.align_corners,
                                                              a.half_pixel_centers));
            }
            case OpType::resize_nearest_neighbor: {
                const auto& a = get<ResizeAttributes>();
                return done(schema::CreateResizeNearestTable(builder_, a.align_corners,
                                                             a.half_pixel_centers));
            }
            case OpType::batch_matmul: {
                const auto& a = get<BatchMatmulAttributes>();
                return done(schema::CreateBatchMatmulTable(builder_, a.adjoint_x, a.adjoint_y,
                                                           a.asymmetric_inputs));
            }
            case OpType::unidirectional_sequence_lstm: {
                const auto& a = get<LstmAttributes>();
                return done(schema::CreateLstmTable(builder_, activation_kind(a.activation),
                                                    a.cell_clip, a.projection_clip, a.time_major,
                                                    a.asymmetric_inputs));
            }
            case OpType::gelu:
                return done(schema::CreateGeluTable(builder_, get<GeluAttributes>().approximate));
            case OpType::mirror_pad:
                return done(schema::CreateMirrorPadTable(
                    builder_, get<MirrorPadAttributes>().symmetric ? schema::MirrorKind::symmetric
                                                                   : schema::MirrorKind::reflect));
            case OpType::space_to_depth:
                return done(
                    schema::CreateSpaceToDepthTable(builder_, get<BlockAttributes>().block_size));
            case OpType::depth_to_space:
                return done(
                    schema::CreateDepthToSpaceTable(builder_, get<BlockAttributes>().block_size));
            case OpType::svdf: {
                const auto& a = get<SvdfAttributes>();
                return done(schema::CreateSvdfTable(builder_, a.rank, activation_kind(a.activation),
                                                    a.asymmetric_inputs));
            }
            case OpType::cumsum: {
                const auto& a = get<CumsumAttributes>();
                return done(schema::CreateCumsumTable(builder_, a.exclusive, a.reverse));
            }
            case OpType::local_response_normalization: {
                const auto& a = get<LocalResponseAttributes>();
                return done(
                    schema::CreateLocalResponseTable(builder_, a.radius, a.bias, a.alpha, a.beta));
            }
            case OpType::reverse_sequence: {
                const auto& a = get<ReverseSequenceAttributes>();
                return done(
                    schema::CreateReverseSequenceTable(builder_, a.sequence_axis, a.batch_axis));
            }
            case OpType::l2_normalization:
                return done(schema::CreateL2NormTable(
                    builder_, activation_kind(get<NormalizationAttributes>().activation)));
            case OpType::var_handle: {
                const auto& a = get<VariableAttributes>();
                const auto container = builder_.CreateString(a.container);
                return done(schema::CreateVarHandleTable(builder_, container,
                                                         builder_.CreateString(a.name)));
            }
            case OpType::call_once:
                return done(schema::CreateCallOnceTable(builder_, subgraph(0)));
            case OpType::if_else:
                return done(schema::CreateIfTable(builder_, subgraph(0), subgraph(1)));
            case OpType::while_loop:
                return done(schema::CreateWhileTable(builder_, subgraph(0), subgraph(1)));
            case OpType::cast:
                return done(schema::CreateCastTable(builder_, operand_kind(), output_kind()));
            case OpType::shape:
                return done(schema::CreateShapeTable(builder_, output_kind()));
            case OpType::other: {
                const auto& known = builtins_without_options;
                if (std::find(known.begin(), known.end(), ir::builtin_name(op_.builtin_code)) ==
                    known.end()) {
                    throw InvalidModel(fmt::format(
                        "operator '{}' ({}): cannot be written, its options are not kept", op_.name,
                        ir::kind_name(op_)));
                }
                return {};
            }
            default:
                return {};
        }
    }

private:
    template <class Kind>
    const Kind& get() const {
        const auto* attributes = std::get_if<Kind>(&op_.attributes);
        if (attributes == nullptr) {
            throw InvalidModel(fmt::format("operator '{}' ({}): attributes are of another kind",
                                           op_.name, ir::kind_name(op_)));
        }
        return *attributes;
    }
    template <class Table>
    WrittenOptions done(flatbuffers::Offset<Table> table) {
        return {schema::AnyOptionsTraits<Table>::enum_value, table.Union()};
    }
    flatbuffers::Offset<flatbuffers::Vector<std::int32_t>> list(
        const std::vector<std::int32_t>& values) {
        return builder_.CreateVector(values);
    }
    [[nodiscard]] std::int32_t subgraph(std::size_t position) const {
        const auto& numbers = get<SubgraphAttributes>().subgraphs;
        return position < numbers.size() ? numbers[position] : 0;
    }
    [[nodiscard]] schema::ElementKind kind_of(const std::vector<TensorId>& ids) const {
        if (ids.empty() || ids.front() < 0 ||
            static_cast<std::size_t>(ids.front()) >= graph_.tensors.size()) {
            throw InvalidModel(fmt::format("operator '{}' ({}): an operand is missing", op_.name,
                                           ir::kind_name(op_)));
        }
        return element_kind(graph_.tensors[static_cast<std::size_t>(ids.front())].type, op_.name);
    }
    [[nodiscard]] schema::ElementKind operand_kind() const { return kind_of(op_.inputs); }
    [[nodiscard]] schema::ElementKind output_kind() const { return kind_of(op_.outputs); }

    flatbuffers::FlatBufferBuilder& builder_;
    const Graph& graph_;
    const Operator& op_;
};

}  // namespace

WrittenOptions write_options(flatbuffers::FlatBufferBuilder& builder, const Graph& graph,
                             const Operator& op) {
    return OptionsWriter{builder, graph, op}.write();
}

}  // namespace u65sim::frontend
