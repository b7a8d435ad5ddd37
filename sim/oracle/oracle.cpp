#include <u65sim/oracle.hpp>

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/network.hpp>

#include "base/hash.hpp"
#include "compile/cache.hpp"
#include "compile/quick/answer.hpp"
#include "oracle/batch.hpp"
#include "oracle/effort.hpp"
#include "oracle/graph_hash.hpp"
#include "oracle/interval.hpp"
#include "oracle/quick_report.hpp"
#include "oracle/settle.hpp"
#include "oracle/state.hpp"
#include "report/join.hpp"

namespace u65sim {

using oracle::Stage;
using oracle::Stopwatch;

namespace {

/// Size of the .tflite this graph would make; of its constants alone where it cannot be written.
Bytes serialised_size(const Graph& graph) {
    if (!has_modelled_weights(graph)) {
        try {
            return tflite_size(graph);
        } catch (const InvalidModel&) {
            // The constants' size must do.
        }
    }
    Bytes constants{0};
    for (const Tensor& tensor : graph.tensors) {
        if (tensor.data) constants += Bytes{tensor.data.size()};
    }
    return constants;
}

OracleOptions with_compile(CompileOptions options) {
    OracleOptions all;
    all.compile = std::move(options);
    return all;
}

OracleOptions with_cache(OracleOptions options) {
    if (!options.cache) options.cache.emplace(options.memory);
    return options;
}

}  // namespace

Oracle::State::State(Target asked, OracleOptions with)
    : target{std::move(asked)},
      options{with_cache(std::move(with))},
      memo{options.timeline || !options.vcd_file.empty() ? Bytes{0} : options.memory} {}

oracle::Key Oracle::State::key_of(const Graph& graph, std::optional<Bytes> file_size) {
    const Stopwatch watch{counters, Stage::hash};
    const oracle::GraphHash graph_hash = oracle::hash_graph(graph);
    Hasher more{graph_hash.second};
    more.add(static_cast<std::uint64_t>(file_size.value_or(Bytes{-1}).count()));
    return {graph_hash.first, more.digest()};
}

Report Oracle::State::work_out_quick(const Graph& graph, std::optional<Bytes> file_size) {
    const Stopwatch watch{counters, Stage::compile};
    if (is_compiled(graph)) {
        throw InvalidConfig(
            fmt::format("network '{}' with effort quick: it is compiled, and streams are "
                        "simulated: take effort normal",
                        graph.name));
    }
    return oracle::quick_report(
        graph, target,
        compiler::quick::answer(graph, target, options.compile, *options.cache, counters.cache),
        file_size ? *file_size : serialised_size(graph));
}

Report Oracle::State::work_out(const Graph& graph, std::optional<Bytes> file_size) {
    if (options.effort == Effort::quick) return work_out_quick(graph, file_size);
    std::vector<CompiledNetwork> finalists;
    {
        const Stopwatch watch{counters, Stage::compile};
        if (is_compiled(graph)) {
            finalists.push_back(import_compiled(graph, target));
        } else if (options.effort == Effort::high) {
            finalists.push_back(compile_fastest(graph, target, options.compile, *options.cache));
        } else {
            finalists = compiler::compile_finalists(graph, target, options.compile,
                                                    compiler::Constants::sizes, *options.cache,
                                                    counters.cache);
        }
    }
    oracle::Settled settled;
    std::optional<Simulation> alone;
    {
        const Stopwatch watch{counters, Stage::simulate};
        SimulateOptions how;
        how.backend = options.backend;
        how.cycle_limit = options.cycle_limit;
        how.timeline = options.timeline;
        how.vcd_file = options.vcd_file;
        settled = oracle::settle(std::move(finalists), how, replay_cache);
        if (!target.traffic.empty()) {
            alone = machine::simulate_without_traffic(settled.network, target, how);
        }
    }
    CompiledNetwork& network = settled.network;
    const Simulation& simulation = settled.simulation;
    network.file_size = file_size ? *file_size : serialised_size(graph);
    const Stopwatch watch{counters, Stage::report};
    Report report = make_report(network, target, simulation, lower_bound(network, target));
    if (alone) {
        report.contention = report::contention(report, make_report(network, target, *alone));
        report.contention->traffic = simulation.traffic;
    }
    if (options.ranges) {
        SimulateOptions how;
        how.backend = options.backend;
        how.cycle_limit = options.cycle_limit;
        oracle::add_npu_range(report, network, how);
    }
    return report;
}

template <class WorkOut>
Report Oracle::State::answer(const oracle::Key& key, const WorkOut& work_out_now) {
    ++counters.queries;
    if (const auto answer = memo.find(key)) {
        ++counters.hits;
        return *answer;
    }
    ++counters.misses;
    try {
        Report report = work_out_now();
        memo.insert(key, report);
        return report;
    } catch (...) {
        ++counters.errors;
        throw;
    }
}

Report Oracle::State::estimate(const Graph& graph, std::optional<Bytes> file_size) {
    return answer(key_of(graph, file_size), [&] { return work_out(graph, file_size); });
}

Report Oracle::State::estimate(const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::is_other(file, error)) {
        // A pipe: what it holds next time is another thing.
        const FileContent content = read_file(file);
        return estimate(read_network(content, file),
                        Bytes{static_cast<std::int64_t>(content.size())});
    }
    const oracle::FileState state = oracle::state_of(file);
    if (const auto key = files.find(file, state)) {
        if (const auto answer = memo.find(*key)) {
            ++counters.queries;
            ++counters.hits;
            ++counters.unchanged_files;
            return *answer;
        }
    }
    Graph graph;
    {
        const Stopwatch watch{counters, Stage::read};
        graph = read_network(file);
    }
    const oracle::Key key = key_of(graph, state.size);
    Report report = answer(key, [&] { return work_out(graph, state.size); });
    files.insert(file, state, key);
    return report;
}

Oracle::Oracle(Target target, CompileOptions options)
    : Oracle{std::move(target), with_compile(std::move(options))} {}

Oracle::Oracle(Target target, OracleOptions options) {
    target.validate();
    if (!options.compile.dump_after.empty()) {
        throw InvalidConfig(
            fmt::format("dump_after = {}: an oracle compiles to the end: leave it empty",
                        options.compile.dump_after));
    }
    if (options.effort == Effort::high) oracle::check_searchable(options.compile);
    if (options.effort == Effort::quick) {
        compiler::quick::check_options(target, options.compile);
        if (options.timeline || !options.vcd_file.empty()) {
            throw InvalidConfig(
                "a timeline with effort quick: nothing is simulated: take effort normal");
        }
    }
    if (options.memory < Bytes{0}) {
        throw InvalidConfig(
            fmt::format("memory = {} B: must not be negative", options.memory.count()));
    }
    state_ = std::make_shared<State>(std::move(target), std::move(options));
}

Report Oracle::estimate(const std::filesystem::path& file) { return state_->estimate(file); }

Report Oracle::estimate(const Graph& graph) { return state_->estimate(graph, std::nullopt); }

std::vector<Answer> Oracle::estimate_all(const std::vector<Graph>& graphs,
                                         const BatchOptions& options) {
    BatchOptions how = options;
    if (how.threads == 0) how.threads = state_->options.workers;
    return oracle::answer_all(graphs.size(), how, [this, &graphs](std::size_t index) {
        return state_->estimate(graphs[index], std::nullopt);
    });
}

OracleStatistics Oracle::statistics() const {
    const oracle::Counters& counters = state_->counters;
    OracleStatistics result;
    result.queries = counters.queries;
    result.hits = counters.hits;
    result.misses = counters.misses;
    result.errors = counters.errors;
    result.unchanged_files = counters.unchanged_files;
    result.answers = state_->memo.size();
    result.answer_bytes = state_->memo.bytes();
    result.weight_slice_lookups = counters.cache.slice_lookups;
    result.weight_slice_hits = counters.cache.slice_hits;
    result.kernel_lookups = counters.cache.kernel_lookups;
    result.kernel_hits = counters.cache.kernel_hits;
    result.segment_lookups = state_->replay_cache.lookups;
    result.segment_hits = state_->replay_cache.hits;
    result.read_seconds = counters.seconds(Stage::read);
    result.hash_seconds = counters.seconds(Stage::hash);
    result.compile_seconds = counters.seconds(Stage::compile);
    result.simulate_seconds = counters.seconds(Stage::simulate);
    result.report_seconds = counters.seconds(Stage::report);
    return result;
}

const Target& Oracle::target() const { return state_->target; }

const OracleOptions& Oracle::options() const { return state_->options; }

const Report& Answer::get() const {
    if (!report) {
        if (error) std::rethrow_exception(error);
        throw Cancelled("no answer");
    }
    return *report;
}

}  // namespace u65sim
