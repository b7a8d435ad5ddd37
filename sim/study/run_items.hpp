// Who works on items: the threads of this process.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <u65sim/study.hpp>

namespace u65sim::study {

/// Evaluates items on `jobs` threads, in their order; calls `done` with each item's line, from one
/// thread at a time and in the order they finish. Rethrows what `done` throws.
void run_items(const Study& study, const std::vector<std::size_t>& items, unsigned jobs,
               const std::function<void(std::size_t item, std::string line)>& done);

}  // namespace u65sim::study
