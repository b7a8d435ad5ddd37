// Networks from and to files.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>

#include <fmt/format.h>
#include <unistd.h>

#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "frontend/tflite/reader.hpp"

namespace u65sim {
namespace {

struct FileBytes {
    std::unique_ptr<std::uint8_t[]> data;
    std::size_t size = 0;
    [[nodiscard]] std::span<const std::uint8_t> all() const { return {data.get(), size}; }
};

FileBytes read_bytes(const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
        throw FileError(fmt::format("{}: is a folder, must be a file", file.string()));
    }
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    if (!stream) {
        throw FileError(
            fmt::format("{}: cannot be opened: {}", file.string(), std::strerror(errno)));
    }
    const std::streamoff size = stream.tellg();
    if (size < 0) throw FileError(fmt::format("{}: has no size", file.string()));
    FileBytes bytes;
    bytes.size = static_cast<std::size_t>(size);
    bytes.data = std::make_unique_for_overwrite<std::uint8_t[]>(bytes.size);
    stream.seekg(0);
    stream.read(reinterpret_cast<char*>(bytes.data.get()), size);
    if (!stream) {
        throw FileError(fmt::format("{}: only {} of {} bytes could be read", file.string(),
                                    stream.gcount(), size));
    }
    return bytes;
}

// Written beside its place, so that the rename stays within one file system.
std::filesystem::path temporary_name(const std::filesystem::path& file) {
    static std::atomic<unsigned> counter{0};
    std::filesystem::path name = file;
    name += fmt::format(".{}-{}.part", ::getpid(), counter++);
    return name;
}

}  // namespace

Graph read_network(const std::filesystem::path& file) {
    const FileBytes bytes = read_bytes(file);
    const std::string extension = file.extension().string();
    if (extension == ".yaml" || extension == ".yml") {
        Graph graph = read_yaml_graph({reinterpret_cast<const char*>(bytes.data.get()), bytes.size},
                                      file.string());
        if (graph.name.empty()) graph.name = file.stem().string();
        return graph;
    }
    Graph graph = frontend::read_tflite(bytes.all(), file.string());
    graph.name = file.stem().string();
    return graph;
}

void save_tflite(const Graph& graph, const std::filesystem::path& file) {
    const std::vector<std::uint8_t> bytes = write_tflite(graph);
    const std::filesystem::path temporary = temporary_name(file);
    std::error_code ignored;
    {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        if (!stream) {
            throw FileError(
                fmt::format("{}: cannot be created: {}", temporary.string(), std::strerror(errno)));
        }
        stream.write(reinterpret_cast<const char*>(bytes.data()),
                     static_cast<std::streamsize>(bytes.size()));
        stream.close();
        if (!stream) {
            const std::string reason = std::strerror(errno);
            std::filesystem::remove(temporary, ignored);
            throw FileError(fmt::format("{}: cannot be written: {}", temporary.string(), reason));
        }
    }
    std::error_code error;
    std::filesystem::rename(temporary, file, error);
    if (error) {
        std::filesystem::remove(temporary, ignored);
        throw FileError(fmt::format("{}: cannot be replaced: {}", file.string(), error.message()));
    }
}

}  // namespace u65sim
