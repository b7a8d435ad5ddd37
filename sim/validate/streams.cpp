#include "validate/streams.hpp"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include <u65sim/bare_stream.hpp>
#include <u65sim/error.hpp>
#include <u65sim/files.hpp>
#include <u65sim/network.hpp>

#include "oracle/named.hpp"
#include "oracle/settle.hpp"

namespace u65sim::validation {

namespace fs = std::filesystem;

namespace {

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (!value || !*value) return std::nullopt;
    return value;
}

/// A network of the zoo, a file, or a bare stream (COP1).
Graph read(const std::string& name, const Target& target) {
    if (named::zoo_name(name)) return named::network(name);
    const FileContent content = read_file(name);
    if (!content.text().starts_with("COP1")) return read_network(content, name);
    const auto bytes = content.bytes();
    try {
        return payload_network(read_stream({bytes.begin(), bytes.end()}, target.accelerator), {},
                               fs::path(name).stem().string());
    } catch (const InvalidStream& error) {
        throw InvalidStream(fmt::format("{}: {}", name, error.what()));
    }
}

}  // namespace

Streams::Streams(Variable variable) : variable_(variable ? std::move(variable) : environment) {}

std::string Streams::expand(const std::string& text) const {
    std::string out;
    std::size_t at = 0;
    while (true) {
        const std::size_t begin = text.find("${", at);
        out += text.substr(at, begin - at);
        if (begin == std::string::npos) return out;
        const std::size_t end = text.find('}', begin);
        if (end == std::string::npos) return out + text.substr(begin);
        const std::string name = text.substr(begin + 2, end - begin - 2);
        const auto value = variable_(name);
        if (!value) throw Absent{fmt::format("the variable {} is not set", name)};
        out += *value;
        at = end + 1;
    }
}

const Graph& Streams::graph(const std::string& text, const Target& target) {
    const auto known = graphs_.find(text);
    if (known != graphs_.end()) return known->second;
    std::string name = text;
    if (!named::zoo_name(text)) {
        name = expand(text);
        std::error_code code;
        if (!fs::exists(name, code)) throw Absent{fmt::format("no such file: {}", text)};
    }
    return graphs_.emplace(text, read(name, target)).first->second;
}

const CompiledNetwork& Streams::of(const ValidationRow& row, const Target& target) {
    const bool own = row.compiled_file.empty();
    const std::string& file = own ? row.network : row.compiled_file;
    const std::tuple key{own ? file : "", own ? "" : file, row.like_vela, row.vela_version,
                         target.to_yaml()};
    const auto known = streams_.find(key);
    if (known != streams_.end()) return known->second;
    const Graph& network = graph(file, target);
    if (is_compiled(network) == own) {
        throw InvalidModel(
            own ? fmt::format("{}: is compiled already: must be given as a producer's file", file)
                : fmt::format("{}: holds no ethos-u operator: must be compiled", file));
    }
    CompileOptions options;
    options.like_vela = row.like_vela;
    options.vela_version = row.vela_version;
    return streams_
        .emplace(key, own ? oracle::compile_settled(network, target, options, cache_)
                          : import_compiled(network, target))
        .first->second;
}

std::map<std::string, double> figures(const Report& report) {
    std::map<std::string, double> counters;
    for (const auto& [name, value] : report.pmu) counters[name] = static_cast<double>(value);
    counters["latency_ms"] = report.latency_ms();
    counters["npu_ms"] = report.npu_ms();
    counters["inference_ms"] = report.inference_ms();
    return counters;
}

}  // namespace u65sim::validation
