#include "corpus/foreign_files.hpp"

#include <algorithm>
#include <array>

#include <pte_schema_generated.h>

namespace u65sim::corpus {
namespace {

namespace pte = u65sim::pte_schema;

/// The lowest bytes of any integer, as many as `Value` has.
template <class Value, class Number>
void put(std::string& text, Number number) {
    const auto all = static_cast<std::uint64_t>(number);
    for (std::size_t i = 0; i < sizeof(Value); ++i) {
        text.push_back(static_cast<char>(all >> 8 * i & 0xFF));
    }
}

std::uint32_t checksum(const std::string& text) {
    std::uint32_t value = 0xFFFFFFFF;
    for (const char letter : text) {
        value ^= static_cast<std::uint8_t>(letter);
        for (int i = 0; i < 8; ++i) value = (value >> 1) ^ (0xEDB88320U & (0U - (value & 1U)));
    }
    return ~value;
}

/// Blocks of at most 65535 bytes that are not packed.
std::string in_stored_blocks(const std::string& text) {
    std::string packed;
    for (std::size_t at = 0; at == 0 || at < text.size(); at += 65535) {
        const std::string part = text.substr(at, 65535);
        put<std::uint8_t>(packed, at + part.size() >= text.size() ? 1 : 0);
        put<std::uint16_t>(packed, part.size());
        put<std::uint16_t>(packed, ~part.size());
        packed += part;
    }
    return packed;
}

std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

const Tensor& tensor_of(const CompiledNetwork& network, TensorId id) {
    return network.graph.tensors.at(static_cast<std::size_t>(id));
}

const Binding& binding_of(const CompiledNetwork& network, TensorId id) {
    return *std::find_if(network.bindings.begin(), network.bindings.end(),
                         [&](const Binding& each) { return each.tensor == id; });
}

/// Six extents, ones in front.
std::vector<std::int64_t> six_extents(const Tensor& tensor) {
    std::vector<std::int64_t> extents(6, 1);
    std::copy(tensor.shape.begin(), tensor.shape.end(),
              extents.end() - static_cast<std::ptrdiff_t>(tensor.shape.size()));
    return extents;
}

void add_maps(Members& members, const CompiledNetwork& network, const std::string& prefix,
              const std::vector<TensorId>& ids) {
    std::vector<std::int64_t> shapes, widths, regions, offsets;
    for (const TensorId id : ids) {
        const auto extents = six_extents(tensor_of(network, id));
        shapes.insert(shapes.end(), extents.begin(), extents.end());
        widths.push_back(element_bytes(tensor_of(network, id).type));
        regions.push_back(binding_of(network, id).region);
        offsets.push_back(binding_of(network, id).offset.count());
    }
    members[prefix + "_shape.npy"] =
        npy_integers(shapes, "(" + std::to_string(ids.size()) + ", 6)");
    members[prefix + "_elem_size.npy"] = npy_integers(widths);
    members[prefix + "_region.npy"] = npy_integers(regions);
    members[prefix + "_offset.npy"] = npy_integers(offsets);
}

std::string block(const std::string& name, const std::string& bytes, bool external = false) {
    std::string text = name;
    text.resize(16, '\0');
    put<std::uint32_t>(text, bytes.size());
    put<std::uint8_t>(text, external ? 1 : 0);
    text.resize(32, '\0');
    text += bytes;
    text.resize((text.size() + 15) / 16 * 16, '\0');
    return text;
}

std::string map_block(const CompiledNetwork& network, const std::vector<TensorId>& ids) {
    std::string text;
    put<std::uint32_t>(text, ids.size());
    for (const TensorId id : ids) {
        for (const std::int64_t extent : six_extents(tensor_of(network, id))) {
            put<std::uint32_t>(text, extent);
        }
        put<std::uint32_t>(text, element_bytes(tensor_of(network, id).type));
        put<std::uint32_t>(text, binding_of(network, id).offset.count());
        put<std::uint32_t>(text, binding_of(network, id).region);
    }
    return text;
}

}  // namespace

std::string zip_file(const Members& members, bool deflated) {
    std::string file, directory;
    for (const auto& [name, content] : members) {
        const std::string packed = deflated ? in_stored_blocks(content) : content;
        const std::size_t header = file.size();
        std::string common;
        put<std::uint16_t>(common, 20);
        put<std::uint16_t>(common, 0);
        put<std::uint16_t>(common, deflated ? 8 : 0);
        put<std::uint32_t>(common, 0);  // time and date
        put<std::uint32_t>(common, checksum(content));
        put<std::uint32_t>(common, packed.size());
        put<std::uint32_t>(common, content.size());
        put<std::uint16_t>(common, name.size());
        put<std::uint16_t>(common, 0);
        put<std::uint32_t>(file, 0x04034b50);
        file += common + name + packed;
        put<std::uint32_t>(directory, 0x02014b50);
        put<std::uint16_t>(directory, 20);
        directory += common;
        directory.append(10, '\0');  // no comment, first disk, no attributes
        put<std::uint32_t>(directory, header);
        directory += name;
    }
    const std::size_t begin = file.size();
    file += directory;
    put<std::uint32_t>(file, 0x06054b50);
    put<std::uint32_t>(file, 0);
    put<std::uint16_t>(file, members.size());
    put<std::uint16_t>(file, members.size());
    put<std::uint32_t>(file, directory.size());
    put<std::uint32_t>(file, begin);
    put<std::uint16_t>(file, 0);
    return file;
}

std::string npy_file(const std::string& type, const std::string& shape, const std::string& bytes) {
    std::string header =
        "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
    std::string file = "\x93NUMPY";
    put<std::uint16_t>(file, 1);
    put<std::uint16_t>(file, header.size());
    return file + header + bytes;
}

std::string npy_integers(const std::vector<std::int64_t>& values, std::string shape) {
    std::string bytes;
    for (const std::int64_t value : values) put<std::int64_t>(bytes, value);
    if (shape.empty()) shape = "(" + std::to_string(values.size()) + ",)";
    return npy_file("<i8", shape, bytes);
}

Members raw_members(const CompiledNetwork& network) {
    const NpuSegment& segment = network.segments.at(0);
    const std::string payload = text_of(make_payload(segment.stream));
    Members members;
    members["cmd_data.npy"] = npy_file("|S" + std::to_string(payload.size()), "()", payload);
    members["weight_data.npy"] = npy_file(
        "|u1", "(" + std::to_string(network.constants.size()) + ",)", text_of(network.constants));
    members["weight_region.npy"] = npy_integers({0}, "()");
    members["scratch_region.npy"] = npy_integers({1}, "()");
    members["scratch_shape.npy"] = npy_integers({network.arena_size.count()});
    members["scratch_fast_region.npy"] = npy_integers({2}, "()");
    members["scratch_fast_shape.npy"] = npy_integers({network.fast_size.count()});
    add_maps(members, network, "input", segment.inputs);
    add_maps(members, network, "output", segment.outputs);
    return members;
}

std::string npz_file(const CompiledNetwork& network, bool deflated) {
    return zip_file(raw_members(network), deflated);
}

std::string vela_blocks(const CompiledNetwork& network, std::size_t index,
                        const Members& external) {
    const NpuSegment& segment = network.segments.at(index);
    std::string scratch;
    put<std::uint32_t>(scratch, network.arena_size.count());
    const auto content = [&](const std::string& name, const std::string& bytes) {
        const auto key = external.find(name);
        return block(name, key == external.end() ? bytes : key->second, key != external.end());
    };
    return block("vela_bin_stream", "") +
           content("cmd_data", text_of(make_payload(segment.stream))) +
           content("weight_data", text_of(network.constants)) + block("scratch_size", scratch) +
           block("inputs", map_block(network, segment.inputs)) +
           block("outputs", map_block(network, segment.outputs)) + block("vela_end_stream", "");
}

struct ProgramWriter::State {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<pte::ValueTable>> values;
    std::vector<flatbuffers::Offset<pte::InstructionTable>> calls;
    std::vector<flatbuffers::Offset<pte::OperatorTable>> operators;
    struct Delegate {
        std::string backend, data, flags;
    };
    std::vector<Delegate> delegates;
    std::vector<std::string> constants{""};
    Members named;

    template <class Table>
    std::int32_t add(pte::AnyValue kind, flatbuffers::Offset<Table> table) {
        values.push_back(pte::CreateValueTable(builder, kind, table.Union()));
        return static_cast<std::int32_t>(values.size() - 1);
    }
    template <class Table>
    void call(pte::AnyCall kind, flatbuffers::Offset<Table> table) {
        calls.push_back(pte::CreateInstructionTable(builder, kind, table.Union()));
    }
    std::int32_t add_tensor(int kind, const std::vector<std::int32_t>& sizes,
                            const std::vector<std::uint8_t>& order, std::uint32_t buffer) {
        const auto sizes_at = builder.CreateVector(sizes);
        const auto order_at = builder.CreateVector(order);
        pte::TensorTableBuilder table{builder};
        table.add_kind(static_cast<pte::ScalarKind>(kind));
        table.add_sizes(sizes_at);
        if (!order.empty()) table.add_dim_order(order_at);
        table.add_data_buffer(buffer);
        return add(pte::AnyValue::tensor, table.Finish());
    }
};

ProgramWriter::ProgramWriter() : state_(std::make_unique<State>()) {}
ProgramWriter::~ProgramWriter() = default;

std::int32_t ProgramWriter::tensor(int kind, const std::vector<std::int32_t>& sizes,
                                   const std::vector<std::uint8_t>& order) {
    return state_->add_tensor(kind, sizes, order, 0);
}
std::int32_t ProgramWriter::constant(int kind, const std::vector<std::int32_t>& sizes,
                                     const std::string& bytes) {
    state_->constants.push_back(bytes);
    return state_->add_tensor(kind, sizes, {},
                              static_cast<std::uint32_t>(state_->constants.size() - 1));
}
std::int32_t ProgramWriter::integer(std::int64_t number) {
    return state_->add(pte::AnyValue::integer, pte::CreateIntTable(state_->builder, number));
}
std::int32_t ProgramWriter::real(double number) {
    return state_->add(pte::AnyValue::real, pte::CreateDoubleTable(state_->builder, number));
}
std::int32_t ProgramWriter::truth(bool value) {
    return state_->add(pte::AnyValue::boolean, pte::CreateBoolTable(state_->builder, value));
}
std::int32_t ProgramWriter::integers(const std::vector<std::int64_t>& numbers) {
    std::vector<std::int64_t> items;
    for (const std::int64_t number : numbers) items.push_back(integer(number));
    return state_->add(pte::AnyValue::integers,
                       pte::CreateIntListTableDirect(state_->builder, &items));
}
std::int32_t ProgramWriter::tensors(const std::vector<std::int32_t>& values) {
    return state_->add(pte::AnyValue::tensors,
                       pte::CreateTensorListTableDirect(state_->builder, &values));
}
std::int32_t ProgramWriter::nothing() {
    return state_->add(pte::AnyValue::nothing, pte::CreateNullTable(state_->builder));
}

void ProgramWriter::kernel(const std::string& name, const std::string& overload,
                           const std::vector<std::int32_t>& args) {
    state_->operators.push_back(
        pte::CreateOperatorTableDirect(state_->builder, name.c_str(), overload.c_str()));
    const auto index = static_cast<std::int32_t>(state_->operators.size() - 1);
    state_->call(pte::AnyCall::kernel,
                 pte::CreateKernelCallTableDirect(state_->builder, index, &args));
}
void ProgramWriter::delegate(const std::string& backend, const std::string& data,
                             const std::vector<std::int32_t>& args, const std::string& flags) {
    state_->delegates.push_back({backend, data, flags});
    const auto index = static_cast<std::int32_t>(state_->delegates.size() - 1);
    state_->call(pte::AnyCall::delegate,
                 pte::CreateDelegateCallTableDirect(state_->builder, index, &args));
}
void ProgramWriter::move(std::int32_t from, std::int32_t to) {
    state_->call(pte::AnyCall::move, pte::CreateMoveCallTable(state_->builder, from, to));
}
void ProgramWriter::jump() {
    state_->call(pte::AnyCall::jump_false, pte::CreateJumpFalseCallTable(state_->builder));
}
void ProgramWriter::name_data(const std::string& key, const std::string& bytes) {
    state_->named[key] = bytes;
}

namespace {

/// Segments behind the tables, each at a multiple of 16.
struct Tail {
    std::string bytes;
    std::vector<flatbuffers::Offset<pte::DataSegmentTable>> tables;
    std::uint32_t add(flatbuffers::FlatBufferBuilder& builder, const std::string& content) {
        tables.push_back(pte::CreateDataSegmentTable(builder, bytes.size(), content.size()));
        bytes += content;
        bytes.resize((bytes.size() + 15) / 16 * 16, '\0');
        return static_cast<std::uint32_t>(tables.size() - 1);
    }
};

std::vector<flatbuffers::Offset<pte::NamedDataTable>> name_all(
    flatbuffers::FlatBufferBuilder& builder, Tail& tail, const Members& data) {
    std::vector<flatbuffers::Offset<pte::NamedDataTable>> named;
    for (const auto& [key, bytes] : data) {
        const std::uint32_t segment = tail.add(builder, bytes);
        named.push_back(pte::CreateNamedDataTableDirect(builder, key.c_str(), segment));
    }
    return named;
}

/// The finished tables with the format's header between root offset and tables: 32 or 48 bytes are
/// put behind the identifier, and the root offset is moved.
std::string with_header(const flatbuffers::FlatBufferBuilder& builder, std::string header,
                        const Tail& tail) {
    std::string file{reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
    constexpr std::size_t header_offset = 8;
    const std::size_t room = (header.size() + 15) / 16 * 16;
    header.resize(room, '\0');
    const auto root = flatbuffers::ReadScalar<std::uint32_t>(file.data()) + room;
    file.insert(header_offset, header);
    for (std::size_t i = 0; i < 4; ++i) file[i] = static_cast<char>(root >> 8 * i & 0xFF);
    file.resize((file.size() + 15) / 16 * 16, '\0');
    return file + tail.bytes;
}

std::size_t aligned_size(const flatbuffers::FlatBufferBuilder& builder, std::size_t header) {
    return (builder.GetSize() + (header + 15) / 16 * 16 + 15) / 16 * 16;
}

}  // namespace

std::string ProgramWriter::write(const std::vector<std::int32_t>& inputs,
                                 const std::vector<std::int32_t>& outputs, bool segments) {
    auto& builder = state_->builder;
    Tail tail;
    std::vector<flatbuffers::Offset<pte::DelegateTable>> delegates;
    std::vector<flatbuffers::Offset<pte::BufferTable>> data, constants;
    for (const State::Delegate& each : state_->delegates) {
        auto reference = pte::CreateDataReferenceTable(
            builder, segments ? pte::DataPlace::segment : pte::DataPlace::inside,
            segments ? tail.add(builder, each.data) : static_cast<std::uint32_t>(data.size()));
        const std::vector<std::uint8_t> bytes{each.data.begin(), each.data.end()};
        if (!segments) data.push_back(pte::CreateBufferTableDirect(builder, &bytes));
        const std::vector<std::uint8_t> flags{each.flags.begin(), each.flags.end()};
        const std::vector specs{
            pte::CreateCompileSpecTableDirect(builder, "compile_flags", &flags)};
        delegates.push_back(
            pte::CreateDelegateTableDirect(builder, each.backend.c_str(), reference, &specs));
    }
    for (const std::string& content : state_->constants) {
        const std::vector<std::uint8_t> bytes{content.begin(), content.end()};
        constants.push_back(pte::CreateBufferTableDirect(builder, &bytes));
    }
    const auto named = name_all(builder, tail, state_->named);
    const std::vector chains{pte::CreateChainTableDirect(builder, &state_->calls)};
    const std::vector methods{pte::CreateMethodTableDirect(builder, "forward", &state_->values,
                                                           &inputs, &outputs, &chains,
                                                           &state_->operators, &delegates)};
    builder.Finish(pte::CreateProgramTableDirect(builder, 0, &methods, &constants, &data,
                                                 &tail.tables, 0, &named),
                   "ET12");
    constexpr std::size_t header_bytes = 32;
    const std::uint64_t size = aligned_size(builder, header_bytes);
    std::string header = "eh00";
    put<std::uint32_t>(header, header_bytes);
    put<std::uint64_t>(header, size);
    put<std::uint64_t>(header, size);
    put<std::uint64_t>(header, tail.bytes.size());
    return with_header(builder, header, tail);
}

std::string pte_file(const CompiledNetwork& network, bool segments) {
    const Tensor& in = tensor_of(network, network.graph.inputs.at(0));
    const Tensor& out = tensor_of(network, network.graph.outputs.at(0));
    ProgramWriter program;
    const auto nothing = program.nothing();
    const auto quantised = [&](const Tensor& tensor) {
        return std::array{program.real(tensor.quantization.scales.at(0)),
                          program.integer(tensor.quantization.zero_points.at(0)),
                          program.integer(-128), program.integer(127), program.integer(1)};
    };
    const auto x = program.tensor(torch_float, in.shape);
    const auto q = program.tensor(torch_int8, in.shape);
    const auto y = program.tensor(torch_int8, out.shape);
    const auto z = program.tensor(torch_float, out.shape);
    const auto a = quantised(in), b = quantised(out);
    program.kernel("quantized_decomposed::quantize_per_tensor", "out",
                   {x, a[0], a[1], a[2], a[3], a[4], q, q});
    program.delegate("EthosUBackend", vela_blocks(network), {q, y});
    program.kernel("quantized_decomposed::dequantize_per_tensor", "out",
                   {y, b[0], b[1], b[2], b[3], b[4], nothing, z, z});
    return program.write({x}, {z}, segments);
}

std::string ptd_file(const Members& data) {
    flatbuffers::FlatBufferBuilder builder;
    Tail tail;
    const auto named = name_all(builder, tail, data);
    builder.Finish(pte::CreateDataFileTableDirect(builder, 0, &tail.tables, &named), "FT01");
    constexpr std::size_t header_bytes = 40;
    constexpr std::uint64_t padded_header_bytes = 48;
    const std::uint64_t size = aligned_size(builder, header_bytes);
    std::string header = "FH01";
    put<std::uint32_t>(header, header_bytes);
    put<std::uint64_t>(header, padded_header_bytes);
    put<std::uint64_t>(header, size - padded_header_bytes);
    put<std::uint64_t>(header, size);
    put<std::uint64_t>(header, tail.bytes.size());
    return with_header(builder, header, tail);
}

}  // namespace u65sim::corpus
