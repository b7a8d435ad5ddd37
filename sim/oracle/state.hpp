// What all copies of an oracle share.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <u65sim/oracle.hpp>

#include "machine/direct/simulate_again.hpp"
#include "oracle/counters.hpp"
#include "oracle/known_files.hpp"
#include "oracle/memo.hpp"
#include "oracle/worker_pool.hpp"

namespace u65sim {

struct Oracle::State {
    State(Target asked, OracleOptions with);

    Report estimate(const std::filesystem::path& file);
    Report estimate(const Graph& graph, std::optional<Bytes> file_size);
    /// Compiles, simulates and reports without looking at what is known.
    Report work_out(const Graph& graph, std::optional<Bytes> file_size);

    /// A worker's answer to a graph as bytes: oracle::pack_reply's. Never throws for bad graphs.
    std::string serve(std::string_view query);
    /// As estimate, but what is not known is worked out by a worker process where there are any.
    Report estimate_on_worker(const Graph& graph);

    const Target target;
    const OracleOptions options;
    oracle::Counters counters;
    oracle::Memo memo;
    oracle::KnownFiles files;
    machine::Stretches stretches{target};
    std::unique_ptr<oracle::WorkerPool> workers;  ///< null: none

private:
    template <class WorkOut>
    Report answer(const oracle::Key& key, const WorkOut& work_out_now);
    /// Of what need not be worked out again, in the order in which workers send them.
    std::array<std::atomic<std::uint64_t>*, 6> reuse_counts();
    oracle::Key key_of(const Graph& graph, std::optional<Bytes> file_size);
};

}  // namespace u65sim
