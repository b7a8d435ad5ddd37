// Networks from and to files.
#include <string_view>

#include <u65sim/files.hpp>
#include <u65sim/network.hpp>
#include <u65sim/text.hpp>

#include "frontend/tflite/reader.hpp"

namespace u65sim {
namespace {

/// A file whose name says nothing, such as a pipe's, is YAML when it holds text alone.
bool is_yaml(const std::filesystem::path& name, const FileContent& content) {
    const std::string extension = name.extension().string();
    if (extension == ".yaml" || extension == ".yml") return true;
    return extension.empty() && content.size() > 0 &&
           content.text().find('\0') == std::string_view::npos;
}

}  // namespace

Graph read_network(const std::filesystem::path& file) {
    return read_network(read_file(file), file);
}

Graph read_network(const FileContent& content, const std::filesystem::path& name) {
    if (is_yaml(name, content)) {
        Graph graph = read_yaml_graph(content.text(), name.string());
        if (graph.name.empty()) graph.name = printable(name.stem().string());
        return graph;
    }
    Graph graph = frontend::read_tflite(content.bytes(), name.string());
    graph.name = printable(name.stem().string());
    return graph;
}

void save_tflite(const Graph& graph, const std::filesystem::path& file) {
    const std::vector<std::uint8_t> bytes = write_tflite(graph);
    write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace u65sim
