// Graphs, reports and errors as bytes between processes of one machine and one program.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include <u65sim/graph.hpp>
#include <u65sim/report.hpp>

#include "oracle/counters.hpp"

namespace u65sim::oracle {

std::string pack_graph(const Graph& graph);
/// Throws WorkerLost for bytes that pack_graph did not write.
Graph unpack_graph(std::string_view bytes);

/// What a worker sends back: a report without its target, or an error; its times, and what of the
/// query it knew: the counts of compiler::Reuse in order.
struct Reply {
    Report report;
    std::exception_ptr error;
    std::array<std::int64_t, stage_count> nanoseconds{};
    std::array<std::uint64_t, 6> reuse{};
};
std::string pack_reply(const Reply& reply);
/// Throws WorkerLost for bytes that pack_reply did not write.
Reply unpack_reply(std::string_view bytes);

}  // namespace u65sim::oracle
