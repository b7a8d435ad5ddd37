#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

#include "frontend/tflite/options.hpp"

namespace u65sim::frontend {
namespace {

class OptionsReader {
public:
    OptionsReader(const schema::OperatorTable& table, std::string_view place)
        : table_(table), place_(place) {}

    // Null when the file leaves the options out, or has another operator's: interpreters take the
    // defaults for both.
    template <class Table>
    const Table* get() const {
        if (table_.options_type() != schema::AnyOptionsTraits<Table>::enum_value) return nullptr;
        return static_cast<const Table*>(table_.options());
    }
    template <class Table>
    const Table& require() const {
        const Table* table = get<Table>();
        if (table == nullptr) {
            throw InvalidModel(
                fmt::format("{}: options are missing, must be of kind {}", place_,
                            static_cast<int>(schema::AnyOptionsTraits<Table>::enum_value)));
        }
        return *table;
    }

    [[nodiscard]] Activation activation(schema::ActivationKind kind) const {
        return in_range<Activation>("activation", static_cast<int>(kind),
                                    static_cast<int>(Activation::sign_bit));
    }
    [[nodiscard]] Padding padding(schema::PaddingKind kind) const {
        return in_range<Padding>("padding", static_cast<int>(kind),
                                 static_cast<int>(Padding::valid));
    }

    template <class Table>
    [[nodiscard]] WindowAttributes window() const {
        const Table& table = require<Table>();
        WindowAttributes window;
        window.padding = padding(table.padding());
        window.stride_h = table.stride_h();
        window.stride_w = table.stride_w();
        window.activation = activation(table.activation());
        if constexpr (requires { table.dilation_h(); }) {
            window.dilation_h = table.dilation_h();
            window.dilation_w = table.dilation_w();
        }
        if constexpr (requires { table.filter_h(); }) {
            window.filter_h = table.filter_h();
            window.filter_w = table.filter_w();
        }
        if constexpr (requires { table.depth_multiplier(); }) {
            window.depth_multiplier = table.depth_multiplier();
        }
        return window;
    }

    template <class Table>
    [[nodiscard]] ArithmeticAttributes arithmetic() const {
        ArithmeticAttributes attributes;
        if (const Table* table = get<Table>()) {
            attributes.activation = activation(table->activation());
            if constexpr (requires { table->pot_scale_int16(); }) {
                attributes.pot_scale_int16 = table->pot_scale_int16();
            }
        }
        return attributes;
    }

    template <class Table>
    [[nodiscard]] AxisAttributes axis() const {
        AxisAttributes attributes;
        if (const Table* table = get<Table>()) {
            if constexpr (requires { table->axis(); }) attributes.axis = table->axis();
            if constexpr (requires { table->count(); }) attributes.count = table->count();
            if constexpr (requires { table->batch_dims(); }) {
                attributes.batch_dims = table->batch_dims();
            }
            if constexpr (requires { table->activation(); }) {
                attributes.activation = activation(table->activation());
            }
        }
        return attributes;
    }

    template <class Table>
    [[nodiscard]] ResizeAttributes resize() const {
        ResizeAttributes attributes;
        if (const Table* table = get<Table>()) {
            attributes.align_corners = table->align_corners();
            attributes.half_pixel_centers = table->half_pixel_centers();
        }
        return attributes;
    }

    [[nodiscard]] FullyConnectedAttributes fully_connected() const {
        FullyConnectedAttributes attributes;
        if (const auto* table = get<schema::FullyConnectedTable>()) {
            attributes.activation = activation(table->activation());
            attributes.keep_num_dims = table->keep_num_dims();
            attributes.asymmetric_inputs = table->asymmetric_inputs();
        }
        return attributes;
    }
    [[nodiscard]] StridedSliceAttributes strided_slice() const {
        StridedSliceAttributes attributes;
        if (const auto* table = get<schema::StridedSliceTable>()) {
            attributes.begin_mask = table->begin_mask();
            attributes.end_mask = table->end_mask();
            attributes.ellipsis_mask = table->ellipsis_mask();
            attributes.new_axis_mask = table->new_axis_mask();
            attributes.shrink_axis_mask = table->shrink_axis_mask();
        }
        return attributes;
    }
    [[nodiscard]] VariableAttributes variable() const {
        const auto& table = require<schema::VarHandleTable>();
        const auto text = [](const flatbuffers::String* string) {
            return string == nullptr ? std::string{} : printable({string->data(), string->size()});
        };
        return {text(table.container()), text(table.shared_name())};
    }
    [[nodiscard]] LstmAttributes lstm() const {
        LstmAttributes attributes;
        if (const auto* table = get<schema::LstmTable>()) {
            attributes.activation = activation(table->activation());
            attributes.cell_clip = table->cell_clip();
            attributes.projection_clip = table->projection_clip();
            attributes.time_major = table->time_major();
            attributes.asymmetric_inputs = table->asymmetric_inputs();
        }
        return attributes;
    }

private:
    template <class Enum>
    Enum in_range(std::string_view what, int value, int last) const {
        if (value < 0 || value > last) {
            throw InvalidModel(
                fmt::format("{}: {} is {}, must be between 0 and {}", place_, what, value, last));
        }
        return static_cast<Enum>(value);
    }

    const schema::OperatorTable& table_;
    std::string_view place_;
};

std::vector<std::int32_t> list(const flatbuffers::Vector<std::int32_t>* vector) {
    if (vector == nullptr) return {};
    return {vector->begin(), vector->end()};
}

}  // namespace

Attributes read_options(const schema::OperatorTable& table, OpType type, std::string_view place) {
    const OptionsReader options{table, place};
    switch (type) {
        case OpType::conv_2d:
            return options.window<schema::Conv2DTable>();
        case OpType::depthwise_conv_2d:
            return options.window<schema::DepthwiseTable>();
        case OpType::transpose_conv:
            return options.window<schema::TransposeConvTable>();
        case OpType::average_pool_2d:
        case OpType::max_pool_2d:
        case OpType::l2_pool_2d:
            return options.window<schema::PoolTable>();
        case OpType::fully_connected:
            return options.fully_connected();
        case OpType::add:
            return options.arithmetic<schema::AddTable>();
        case OpType::sub:
            return options.arithmetic<schema::SubTable>();
        case OpType::mul:
            return options.arithmetic<schema::MulTable>();
        case OpType::div:
            return options.arithmetic<schema::DivTable>();
        case OpType::softmax: {
            const auto* softmax = options.get<schema::SoftmaxTable>();
            return SoftmaxAttributes{softmax == nullptr ? 1.0F : softmax->beta()};
        }
        case OpType::leaky_relu: {
            const auto* leaky = options.get<schema::LeakyReluTable>();
            return LeakyReluAttributes{leaky == nullptr ? 0.0F : leaky->alpha()};
        }
        case OpType::mean:
        case OpType::sum:
        case OpType::reduce_max:
        case OpType::reduce_min:
        case OpType::reduce_prod:
        case OpType::reduce_any:
        case OpType::reduce_all: {
            const auto* reducer = options.get<schema::ReducerTable>();
            return ReduceAttributes{reducer != nullptr && reducer->keep_dims()};
        }
        case OpType::concatenation:
            return options.axis<schema::ConcatenationTable>();
        case OpType::pack:
            return options.axis<schema::PackTable>();
        case OpType::unpack:
            return options.axis<schema::UnpackTable>();
        case OpType::split:
            return options.axis<schema::SplitTable>();
        case OpType::split_v:
            return options.axis<schema::SplitVTable>();
        case OpType::gather:
            return options.axis<schema::GatherTable>();
        case OpType::arg_max:
            return options.axis<schema::ArgMaxTable>();
        case OpType::arg_min:
            return options.axis<schema::ArgMinTable>();
        case OpType::reshape: {
            const auto* reshape = options.get<schema::ReshapeTable>();
            return ReshapeAttributes{reshape == nullptr ? Shape{} : list(reshape->new_shape())};
        }
        case OpType::squeeze: {
            const auto* squeeze = options.get<schema::SqueezeTable>();
            return SqueezeAttributes{squeeze == nullptr ? std::vector<std::int32_t>{}
                                                        : list(squeeze->dims())};
        }
        case OpType::strided_slice:
            return options.strided_slice();
        case OpType::resize_bilinear:
            return options.resize<schema::ResizeBilinearTable>();
        case OpType::resize_nearest_neighbor:
            return options.resize<schema::ResizeNearestTable>();
        case OpType::batch_matmul: {
            const auto* matmul = options.get<schema::BatchMatmulTable>();
            if (matmul == nullptr) return BatchMatmulAttributes{};
            return BatchMatmulAttributes{matmul->adjoint_x(), matmul->adjoint_y(),
                                         matmul->asymmetric_inputs()};
        }
        case OpType::unidirectional_sequence_lstm:
            return options.lstm();
        case OpType::var_handle:
            return options.variable();
        case OpType::call_once:
            return SubgraphAttributes{{options.require<schema::CallOnceTable>().setup()}};
        case OpType::if_else: {
            const auto& branches = options.require<schema::IfTable>();
            return SubgraphAttributes{{branches.then_graph(), branches.else_graph()}};
        }
        case OpType::while_loop: {
            const auto& loop = options.require<schema::WhileTable>();
            return SubgraphAttributes{{loop.condition(), loop.body()}};
        }
        case OpType::gelu: {
            const auto* gelu = options.get<schema::GeluTable>();
            return GeluAttributes{gelu != nullptr && gelu->approximate()};
        }
        case OpType::mirror_pad: {
            const auto* pad = options.get<schema::MirrorPadTable>();
            return MirrorPadAttributes{pad != nullptr &&
                                       pad->mode() == schema::MirrorKind::symmetric};
        }
        case OpType::space_to_depth:
            return BlockAttributes{options.require<schema::SpaceToDepthTable>().block_size()};
        case OpType::depth_to_space:
            return BlockAttributes{options.require<schema::DepthToSpaceTable>().block_size()};
        case OpType::one_hot:
            return options.axis<schema::OneHotTable>();
        case OpType::svdf: {
            const auto* svdf = options.get<schema::SvdfTable>();
            if (svdf == nullptr) return SvdfAttributes{};
            return SvdfAttributes{svdf->rank(), options.activation(svdf->activation()),
                                  svdf->asymmetric_inputs()};
        }
        case OpType::cumsum: {
            const auto* sum = options.get<schema::CumsumTable>();
            return CumsumAttributes{sum != nullptr && sum->exclusive(),
                                    sum != nullptr && sum->reverse()};
        }
        case OpType::local_response_normalization: {
            const auto* local = options.get<schema::LocalResponseTable>();
            if (local == nullptr) return LocalResponseAttributes{0, 0.0F, 0.0F, 0.0F};
            return LocalResponseAttributes{local->radius(), local->bias(), local->alpha(),
                                           local->beta()};
        }
        case OpType::reverse_sequence: {
            const auto* reverse = options.get<schema::ReverseSequenceTable>();
            if (reverse == nullptr) return ReverseSequenceAttributes{};
            return ReverseSequenceAttributes{reverse->sequence_axis(), reverse->batch_axis()};
        }
        case OpType::l2_normalization: {
            const auto* norm = options.get<schema::L2NormTable>();
            return NormalizationAttributes{
                norm == nullptr ? Activation::none : options.activation(norm->activation())};
        }
        default:
            return std::monostate{};
    }
}

}  // namespace u65sim::frontend
