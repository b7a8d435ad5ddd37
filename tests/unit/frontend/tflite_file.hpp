// Files that the writer never makes, table by table.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tflite_schema_generated.h>

#include <u65sim/network.hpp>

namespace u65sim::test {

namespace schema = u65sim::tflite_schema;

/// A tensor with everything a file may say about it.
struct FileTensor {
    std::string name;
    std::vector<std::int32_t> shape;
    schema::ElementKind kind = schema::ElementKind::int8;
    std::vector<std::uint8_t> data;  ///< empty: computed
    std::vector<float> scales;
    std::vector<std::int64_t> zero_points;
    std::int32_t axis = 0;
    std::vector<std::int32_t> signature;
    std::uint32_t external_buffer = 0;
    bool misaligned = false;  ///< zero points on a 4-byte border
    std::function<flatbuffers::Offset<schema::SparsityTable>(flatbuffers::FlatBufferBuilder&)>
        sparsity;
};

struct FileOperator {
    std::int32_t builtin = 0;
    std::vector<std::int32_t> inputs, outputs, intermediates;
    std::string custom_code;
    bool old_field_only = false;
    schema::AnyOptions options_kind = schema::AnyOptions::NONE;
    std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)> options;
};

struct FileGraph {
    std::vector<FileTensor> tensors;
    std::vector<FileOperator> operators;
    std::vector<std::int32_t> inputs, outputs;
    std::string name = "main";
};

/// Bytes of a .tflite that holds these subgraphs.
std::vector<std::uint8_t> tflite_file(const std::vector<FileGraph>& graphs,
                                      const std::vector<std::string>& signatures = {});

}  // namespace u65sim::test
