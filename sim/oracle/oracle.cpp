#include <u65sim/oracle.hpp>

#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "base/hash.hpp"
#include "oracle/graph_hash.hpp"
#include "oracle/memo.hpp"

namespace u65sim {

namespace {

/// Reports kept; one of a large network takes some tens of kilobytes.
constexpr std::size_t memo_capacity = 256;

/// Size of the .tflite this graph would make; of its constants alone where it cannot be written.
Bytes serialised_size(const Graph& graph) {
    try {
        return Bytes{static_cast<std::int64_t>(write_tflite(graph).size())};
    } catch (const InvalidModel&) {
        Bytes constants{0};
        for (const Tensor& tensor : graph.tensors) {
            if (tensor.data) {
                constants += Bytes{static_cast<std::int64_t>(tensor.data.bytes().size())};
            }
        }
        return constants;
    }
}

}  // namespace

struct Oracle::State {
    State(Target asked, CompileOptions with, SimulateOptions how)
        : target{std::move(asked)},
          options{std::move(with)},
          simulation{std::move(how)},
          memo{simulation.timeline || !simulation.vcd_file.empty() ? 0 : memo_capacity} {}

    Report estimate(const Graph& graph, std::optional<Bytes> file_size) {
        Hasher more{oracle::hash_graph(graph, 2)};
        more.add(static_cast<std::uint64_t>(file_size.value_or(Bytes{-1}).count()));
        const oracle::Memo::Key key{oracle::hash_graph(graph, 1), more.digest()};
        if (auto known = memo.find(key)) return *std::move(known);
        CompiledNetwork network =
            is_compiled(graph) ? import_compiled(graph, target) : compile(graph, target, options);
        network.file_size = file_size ? *file_size : serialised_size(graph);
        Report report = make_report(network, target, simulate(network, target, simulation));
        memo.insert(key, report);
        return report;
    }

    const Target target;
    const CompileOptions options;
    const SimulateOptions simulation;
    oracle::Memo memo;
};

Oracle::Oracle(Target target, CompileOptions options, SimulateOptions simulation) {
    target.validate();
    if (!options.dump_after.empty()) {
        throw InvalidConfig(fmt::format(
            "dump_after = {}: an oracle compiles to the end: leave it empty", options.dump_after));
    }
    state_ = std::make_shared<State>(std::move(target), std::move(options), std::move(simulation));
}

Report Oracle::estimate(const std::filesystem::path& file) {
    const Graph graph = read_network(file);
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) {
        throw FileError(fmt::format("{}: cannot read: {}", file.string(), error.message()));
    }
    return state_->estimate(graph, Bytes{static_cast<std::int64_t>(size)});
}

Report Oracle::estimate(const Graph& graph) { return state_->estimate(graph, std::nullopt); }

const Target& Oracle::target() const { return state_->target; }

}  // namespace u65sim
