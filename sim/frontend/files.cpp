// Networks from and to files.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/files.hpp>
#include <u65sim/network.hpp>
#include <u65sim/text.hpp>

#include "frontend/npz/reader.hpp"
#include "frontend/npz/zip_archive.hpp"
#include "frontend/pte/program_file.hpp"
#include "frontend/pte/reader.hpp"
#include "frontend/tflite/reader.hpp"

namespace u65sim {
namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool has_identifier(std::span<const std::uint8_t> bytes, std::string_view identifier) {
    constexpr std::size_t at = 4;
    return bytes.size() >= at + identifier.size() &&
           text_of(bytes).substr(at, identifier.size()) == identifier;
}

Graph read_executorch(const FileContent& content, const std::string& name,
                      const std::vector<std::filesystem::path>& external) {
    frontend::NamedData data;
    std::vector<FileContent> files;
    for (const auto& file : external) {
        files.push_back(read_file(file));
        data.add_file(files.back().bytes(), file.string());
    }
    return frontend::read_pte(content.bytes(), name, data);
}

/// Says what a file is that is no network we read, and what to do about it.
Graph refuse(const FileContent& content, const std::filesystem::path& name) {
    const auto fail = [&](std::string_view what) {
        throw InvalidModel(fmt::format("{}: {}", name.string(), what));
    };
    if (content.text().starts_with("COP1")) {
        fail(
            "is a bare command stream: it runs with the weights it was made with (u65sim run "
            "--weights)");
    }
    if (name.extension() == ".onnx") fail("ONNX is not read: it must be converted to a .tflite");
    if (has_identifier(content.bytes(), "TOSA")) fail("TOSA is not read: Vela must compile it");
    if (has_identifier(content.bytes(), "FT01")) {
        fail("holds data of an ExecuTorch program: the .pte is the network (--weights FILE.ptd)");
    }
    return frontend::read_tflite(content.bytes(), name.string());  // says how one begins
}

}  // namespace

NetworkFormat network_format(std::span<const std::uint8_t> start,
                             const std::filesystem::path& name) {
    const std::string extension = name.extension().string();
    if (extension == ".yaml" || extension == ".yml") return NetworkFormat::yaml;
    if (has_identifier(start, "TFL3")) return NetworkFormat::tflite;
    if (frontend::is_zip(start)) return NetworkFormat::vela_raw;
    if (frontend::is_pte(start)) return NetworkFormat::executorch;
    const bool is_text = text_of(start).find('\0') == std::string_view::npos;
    if (extension.empty() && !start.empty() && is_text && !text_of(start).starts_with("COP1")) {
        return NetworkFormat::yaml;
    }
    return NetworkFormat::unknown;
}

Graph read_network(const std::filesystem::path& file,
                   const std::vector<std::filesystem::path>& external) {
    return read_network(read_file(file), file, external);
}

Graph read_network(const FileContent& content, const std::filesystem::path& name,
                   const std::vector<std::filesystem::path>& external) {
    const NetworkFormat format = network_format(content.bytes(), name);
    if (!external.empty() && format != NetworkFormat::executorch) {
        throw InvalidModel(fmt::format("{}: external data ({}) belong to ExecuTorch programs alone",
                                       name.string(), external.front().string()));
    }
    Graph graph;
    switch (format) {
        case NetworkFormat::yaml:
            graph = read_yaml_graph(content.text(), name.string());
            if (graph.name.empty()) graph.name = printable(name.stem().string());
            return graph;
        case NetworkFormat::tflite:
            graph = frontend::read_tflite(content.bytes(), name.string());
            break;
        case NetworkFormat::vela_raw:
            graph = frontend::read_npz(content.bytes(), name.string());
            break;
        case NetworkFormat::executorch:
            graph = read_executorch(content, name.string(), external);
            break;
        case NetworkFormat::unknown:
            graph = refuse(content, name);
            break;
    }
    graph.name = printable(name.stem().string());
    return graph;
}

void save_tflite(const Graph& graph, const std::filesystem::path& file) {
    const std::vector<std::uint8_t> bytes = write_tflite(graph);
    write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace u65sim
