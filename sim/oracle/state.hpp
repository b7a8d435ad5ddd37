// What all copies of an oracle share.
#pragma once

#include <optional>

#include <u65sim/oracle.hpp>

#include "machine/direct/simulate_again.hpp"
#include "oracle/counters.hpp"
#include "oracle/file_keys.hpp"
#include "oracle/memo.hpp"

namespace u65sim {

struct Oracle::State {
    State(Target asked, OracleOptions with);

    Report estimate(const std::filesystem::path& file);
    Report estimate(const Graph& graph, std::optional<Bytes> file_size);
    /// Compiles, simulates and reports without looking at the memo.
    Report work_out(const Graph& graph, std::optional<Bytes> file_size);
    /// The same by effort quick, whatever the options say.
    Report work_out_quick(const Graph& graph, std::optional<Bytes> file_size);

    const Target target;
    const OracleOptions options;
    oracle::Counters counters;
    oracle::Memo memo;
    oracle::FileKeys files;
    machine::ReplayCache replay_cache{target};

private:
    template <class WorkOut>
    Report answer(const oracle::Key& key, const WorkOut& work_out_now);
    oracle::Key key_of(const Graph& graph, std::optional<Bytes> file_size);
};

}  // namespace u65sim
