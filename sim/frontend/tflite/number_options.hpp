// Options of operators that compute: how a file's table becomes attributes, and back.
#pragma once

#include "frontend/tflite/options_reader.hpp"
#include "frontend/tflite/options_writer.hpp"

namespace u65sim::frontend {

// Windows.

template <class Table>
Attributes read_window(Reader options) {
    const Table& table = options.require<Table>();
    WindowAttributes window;
    window.padding = options.padding(table.padding());
    window.stride_h = table.stride_h();
    window.stride_w = table.stride_w();
    window.activation = options.activation(table.activation());
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

inline WrittenOptions write_conv_2d(Writer out) {
    const auto& a = out.get<WindowAttributes>();
    return written(schema::CreateConv2DTable(out.builder(), padding_kind(a.padding), a.stride_w,
                                             a.stride_h, activation_kind(a.activation),
                                             a.dilation_w, a.dilation_h));
}
inline WrittenOptions write_depthwise(Writer out) {
    const auto& a = out.get<WindowAttributes>();
    return written(schema::CreateDepthwiseTable(
        out.builder(), padding_kind(a.padding), a.stride_w, a.stride_h, a.depth_multiplier,
        activation_kind(a.activation), a.dilation_w, a.dilation_h));
}
inline WrittenOptions write_transpose_conv(Writer out) {
    const auto& a = out.get<WindowAttributes>();
    return written(schema::CreateTransposeConvTable(out.builder(), padding_kind(a.padding),
                                                    a.stride_w, a.stride_h,
                                                    activation_kind(a.activation)));
}
inline WrittenOptions write_pool(Writer out) {
    const auto& a = out.get<WindowAttributes>();
    return written(schema::CreatePoolTable(out.builder(), padding_kind(a.padding), a.stride_w,
                                           a.stride_h, a.filter_w, a.filter_h,
                                           activation_kind(a.activation)));
}

inline Attributes read_fully_connected(Reader options) {
    FullyConnectedAttributes attributes;
    if (const auto* table = options.get<schema::FullyConnectedTable>()) {
        attributes.activation = options.activation(table->activation());
        attributes.keep_num_dims = table->keep_num_dims();
    }
    return attributes;
}
inline WrittenOptions write_fully_connected(Writer out) {
    const auto& a = out.get<FullyConnectedAttributes>();
    return written(schema::CreateFullyConnectedTable(out.builder(), activation_kind(a.activation),
                                                     schema::WeightLayout::plain, a.keep_num_dims));
}

// Arithmetic.

template <class Table>
Attributes read_arithmetic(Reader options) {
    ArithmeticAttributes attributes;
    if (const Table* table = options.get<Table>()) {
        attributes.activation = options.activation(table->activation());
        if constexpr (requires { table->pot_scale_int16(); }) {
            attributes.pot_scale_int16 = table->pot_scale_int16();
        }
    }
    return attributes;
}
template <auto Create>
WrittenOptions write_arithmetic(Writer out) {
    const auto& a = out.get<ArithmeticAttributes>();
    if constexpr (requires { Create(out.builder(), activation_kind(a.activation), true); }) {
        return written(Create(out.builder(), activation_kind(a.activation), a.pot_scale_int16));
    } else {
        return written(Create(out.builder(), activation_kind(a.activation)));
    }
}

inline Attributes read_reducer(Reader options) {
    const auto* reducer = options.get<schema::ReducerTable>();
    return ReduceAttributes{reducer != nullptr && reducer->keep_dims()};
}
inline WrittenOptions write_reducer(Writer out) {
    return written(
        schema::CreateReducerTable(out.builder(), out.get<ReduceAttributes>().keep_dims));
}

inline Attributes read_cumsum(Reader options) {
    const auto* sum = options.get<schema::CumsumTable>();
    return CumsumAttributes{sum != nullptr && sum->exclusive(), sum != nullptr && sum->reverse()};
}
inline WrittenOptions write_cumsum(Writer out) {
    const auto& a = out.get<CumsumAttributes>();
    return written(schema::CreateCumsumTable(out.builder(), a.exclusive, a.reverse));
}

inline Attributes read_batch_matmul(Reader options) {
    const auto* matmul = options.get<schema::BatchMatmulTable>();
    return BatchMatmulAttributes{matmul != nullptr && matmul->adjoint_x(),
                                 matmul != nullptr && matmul->adjoint_y()};
}
inline WrittenOptions write_batch_matmul(Writer out) {
    const auto& a = out.get<BatchMatmulAttributes>();
    return written(schema::CreateBatchMatmulTable(out.builder(), a.adjoint_x, a.adjoint_y));
}

// Element by element.

inline Attributes read_softmax(Reader options) {
    const auto* softmax = options.get<schema::SoftmaxTable>();
    return SoftmaxAttributes{softmax == nullptr ? 1.0F : softmax->beta()};
}
inline WrittenOptions write_softmax(Writer out) {
    return written(schema::CreateSoftmaxTable(out.builder(), out.get<SoftmaxAttributes>().beta));
}

inline Attributes read_leaky_relu(Reader options) {
    const auto* leaky = options.get<schema::LeakyReluTable>();
    return LeakyReluAttributes{leaky == nullptr ? 0.0F : leaky->alpha()};
}
inline WrittenOptions write_leaky_relu(Writer out) {
    return written(
        schema::CreateLeakyReluTable(out.builder(), out.get<LeakyReluAttributes>().alpha));
}

inline Attributes read_gelu(Reader options) {
    const auto* gelu = options.get<schema::GeluTable>();
    return GeluAttributes{gelu != nullptr && gelu->approximate()};
}
inline WrittenOptions write_gelu(Writer out) {
    return written(schema::CreateGeluTable(out.builder(), out.get<GeluAttributes>().approximate));
}

inline Attributes read_l2_norm(Reader options) {
    const auto* norm = options.get<schema::L2NormTable>();
    return NormalizationAttributes{norm == nullptr ? Activation::none
                                                   : options.activation(norm->activation())};
}
inline WrittenOptions write_l2_norm(Writer out) {
    return written(schema::CreateL2NormTable(
        out.builder(), activation_kind(out.get<NormalizationAttributes>().activation)));
}

/// CAST repeats the types of its tensors.
inline WrittenOptions write_cast(Writer out) {
    return written(schema::CreateCastTable(out.builder(), out.operand_kind(), out.output_kind()));
}

}  // namespace u65sim::frontend
