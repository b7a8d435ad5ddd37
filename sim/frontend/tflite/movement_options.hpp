// Options of operators that move elements, keep state or run subgraphs: how a file's table becomes
// attributes, and back.
#pragma once

#include <string>

#include <u65sim/text.hpp>

#include "frontend/tflite/options_reader.hpp"
#include "frontend/tflite/options_writer.hpp"

namespace u65sim::frontend {

// Moves.

template <class Table>
Attributes read_axis(Reader options) {
    AxisAttributes attributes;
    if (const Table* table = options.get<Table>()) {
        if constexpr (requires { table->axis(); }) attributes.axis = table->axis();
        if constexpr (requires { table->count(); }) attributes.count = table->count();
        if constexpr (requires { table->batch_dims(); }) {
            attributes.batch_dims = table->batch_dims();
        }
        if constexpr (requires { table->activation(); }) {
            attributes.activation = options.activation(table->activation());
        }
    }
    return attributes;
}
inline WrittenOptions write_concatenation(Writer out) {
    const auto& a = out.get<AxisAttributes>();
    return written(
        schema::CreateConcatenationTable(out.builder(), a.axis, activation_kind(a.activation)));
}
/// PACK and UNPACK.
template <auto Create>
WrittenOptions write_count_and_axis(Writer out) {
    const auto& a = out.get<AxisAttributes>();
    return written(Create(out.builder(), a.count, a.axis));
}
/// SPLIT and SPLIT_V, whose axis is an operand.
template <auto Create>
WrittenOptions write_count(Writer out) {
    return written(Create(out.builder(), out.get<AxisAttributes>().count));
}
inline WrittenOptions write_gather(Writer out) {
    const auto& a = out.get<AxisAttributes>();
    return written(schema::CreateGatherTable(out.builder(), a.axis, a.batch_dims));
}
inline WrittenOptions write_one_hot(Writer out) {
    return written(schema::CreateOneHotTable(out.builder(), out.get<AxisAttributes>().axis));
}
/// ARG_MAX, ARG_MIN and SHAPE repeat the type of their result.
template <auto Create>
WrittenOptions write_output_kind(Writer out) {
    return written(Create(out.builder(), out.output_kind()));
}

inline Attributes read_reshape(Reader options) {
    const auto* reshape = options.get<schema::ReshapeTable>();
    return ReshapeAttributes{reshape == nullptr ? Shape{} : list(reshape->new_shape())};
}
inline WrittenOptions write_reshape(Writer out) {
    return written(schema::CreateReshapeTable(out.builder(),
                                              out.list(out.get<ReshapeAttributes>().new_shape)));
}

inline Attributes read_squeeze(Reader options) {
    const auto* squeeze = options.get<schema::SqueezeTable>();
    if (squeeze == nullptr) return SqueezeAttributes{};
    return SqueezeAttributes{list(squeeze->dims())};
}
inline WrittenOptions write_squeeze(Writer out) {
    return written(
        schema::CreateSqueezeTable(out.builder(), out.list(out.get<SqueezeAttributes>().dims)));
}

inline Attributes read_strided_slice(Reader options) {
    StridedSliceAttributes attributes;
    if (const auto* table = options.get<schema::StridedSliceTable>()) {
        attributes.begin_mask = table->begin_mask();
        attributes.end_mask = table->end_mask();
        attributes.ellipsis_mask = table->ellipsis_mask();
        attributes.new_axis_mask = table->new_axis_mask();
        attributes.shrink_axis_mask = table->shrink_axis_mask();
    }
    return attributes;
}
inline WrittenOptions write_strided_slice(Writer out) {
    const auto& a = out.get<StridedSliceAttributes>();
    return written(schema::CreateStridedSliceTable(out.builder(), a.begin_mask, a.end_mask,
                                                   a.ellipsis_mask, a.new_axis_mask,
                                                   a.shrink_axis_mask));
}

template <class Table>
Attributes read_resize(Reader options) {
    ResizeAttributes attributes;
    if (const Table* table = options.get<Table>()) {
        attributes.align_corners = table->align_corners();
        attributes.half_pixel_centers = table->half_pixel_centers();
    }
    return attributes;
}
template <auto Create>
WrittenOptions write_resize(Writer out) {
    const auto& a = out.get<ResizeAttributes>();
    return written(Create(out.builder(), a.align_corners, a.half_pixel_centers));
}

inline Attributes read_mirror_pad(Reader options) {
    const auto* pad = options.get<schema::MirrorPadTable>();
    return MirrorPadAttributes{pad != nullptr && pad->mode() == schema::MirrorKind::symmetric};
}
inline WrittenOptions write_mirror_pad(Writer out) {
    return written(schema::CreateMirrorPadTable(
        out.builder(), out.get<MirrorPadAttributes>().symmetric ? schema::MirrorKind::symmetric
                                                                : schema::MirrorKind::reflect));
}

template <class Table>
Attributes read_block(Reader options) {
    return BlockAttributes{options.require<Table>().block_size()};
}
template <auto Create>
WrittenOptions write_block(Writer out) {
    return written(Create(out.builder(), out.get<BlockAttributes>().block_size));
}

// State and control.

inline Attributes read_lstm(Reader options) {
    LstmAttributes attributes;
    if (const auto* table = options.get<schema::LstmTable>()) {
        attributes.activation = options.activation(table->activation());
        attributes.cell_clip = table->cell_clip();
        attributes.projection_clip = table->projection_clip();
        attributes.time_major = table->time_major();
    }
    return attributes;
}
inline WrittenOptions write_lstm(Writer out) {
    const auto& a = out.get<LstmAttributes>();
    return written(schema::CreateLstmTable(out.builder(), activation_kind(a.activation),
                                           a.cell_clip, a.projection_clip, a.time_major));
}

inline Attributes read_svdf(Reader options) {
    const auto* svdf = options.get<schema::SvdfTable>();
    if (svdf == nullptr) return SvdfAttributes{};
    return SvdfAttributes{svdf->rank(), options.activation(svdf->activation())};
}
inline WrittenOptions write_svdf(Writer out) {
    const auto& a = out.get<SvdfAttributes>();
    return written(schema::CreateSvdfTable(out.builder(), a.rank, activation_kind(a.activation)));
}

inline Attributes read_variable(Reader options) {
    const auto& table = options.require<schema::VarHandleTable>();
    const auto text = [](const flatbuffers::String* string) {
        return string == nullptr ? std::string{} : printable({string->data(), string->size()});
    };
    return VariableAttributes{text(table.container()), text(table.shared_name())};
}
inline WrittenOptions write_variable(Writer out) {
    const auto& a = out.get<VariableAttributes>();
    const auto container = out.builder().CreateString(a.container);
    return written(
        schema::CreateVarHandleTable(out.builder(), container, out.builder().CreateString(a.name)));
}

inline Attributes read_call_once(Reader options) {
    return SubgraphAttributes{{options.require<schema::CallOnceTable>().setup()}};
}
inline WrittenOptions write_call_once(Writer out) {
    return written(schema::CreateCallOnceTable(out.builder(), out.subgraph(0)));
}
inline Attributes read_if(Reader options) {
    const auto& branches = options.require<schema::IfTable>();
    return SubgraphAttributes{{branches.then_graph(), branches.else_graph()}};
}
inline WrittenOptions write_if(Writer out) {
    return written(schema::CreateIfTable(out.builder(), out.subgraph(0), out.subgraph(1)));
}
inline Attributes read_while(Reader options) {
    const auto& loop = options.require<schema::WhileTable>();
    return SubgraphAttributes{{loop.condition(), loop.body()}};
}
inline WrittenOptions write_while(Writer out) {
    return written(schema::CreateWhileTable(out.builder(), out.subgraph(0), out.subgraph(1)));
}

}  // namespace u65sim::frontend
