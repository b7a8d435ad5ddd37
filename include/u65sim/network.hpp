// Reading and writing networks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/files.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// A .tflite, or a YAML graph (.yaml, .yml; see docs). Throws FileError or InvalidModel.
Graph read_network(const std::filesystem::path& file);
/// The same of what a file of this name holds.
Graph read_network(const FileContent& content, const std::filesystem::path& name);
/// A .tflite in memory. Every offset is checked; throws InvalidModel.
Graph read_tflite(const std::vector<std::uint8_t>& bytes, std::string_view name);
/// A YAML graph in memory; throws InvalidModel with origin:line:column.
Graph read_yaml_graph(std::string_view text, std::string_view origin = "<text>");

/// A .tflite that other tools load. Throws InvalidModel for operators whose options are unknown.
std::vector<std::uint8_t> write_tflite(const Graph& graph);
/// Size of write_tflite's result, without writing the constants. Throws as it does.
Bytes tflite_size(const Graph& graph);
/// As write_file() writes: nothing half-written stays. Throws FileError.
void save_tflite(const Graph& graph, const std::filesystem::path& file);

}  // namespace u65sim
