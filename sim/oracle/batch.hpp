// Many queries over threads.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <u65sim/oracle.hpp>

namespace u65sim::oracle {

/// Calls `ask` for every index below `count`, each once, from as many threads as wanted, and
/// collects reports and errors in order.
std::vector<Answer> answer_all(std::size_t count, const BatchOptions& options,
                               const std::function<Report(std::size_t index)>& ask);

}  // namespace u65sim::oracle
