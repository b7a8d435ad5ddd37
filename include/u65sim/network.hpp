// Reading and writing networks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/files.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// Formats of networks. All but YAML are told by their content.
enum class NetworkFormat : std::uint8_t {
    tflite,
    vela_raw,    ///< Vela's --output-format raw, an .npz
    executorch,  ///< a program with delegates for Ethos-U, a .pte
    yaml,        ///< a YAML graph: .yaml, .yml, or text in a file without such an ending
    unknown
};
/// The format of a file of this name that begins with `start`, at least 16 bytes where it has them.
NetworkFormat network_format(std::span<const std::uint8_t> start,
                             const std::filesystem::path& name);

/// A network of any format (docs/formats.md). `external` are the files (.ptd) in which a program of
/// ExecuTorch keeps data. Throws FileError or InvalidModel.
Graph read_network(const std::filesystem::path& file,
                   const std::vector<std::filesystem::path>& external = {});
/// The same of what a file of this name holds.
Graph read_network(const FileContent& content, const std::filesystem::path& name,
                   const std::vector<std::filesystem::path>& external = {});
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
