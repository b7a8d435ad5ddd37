// Who works on items: threads of this process, or other processes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <u65sim/study.hpp>

namespace u65sim::study {

/// Takes an item's line; called from one thread at a time, in the order items finish.
using Done = std::function<void(std::size_t item, std::string line)>;

/// Evaluates items on `jobs` threads, in their order. Rethrows what `done` throws.
void run_items(const Study& study, const std::vector<std::size_t>& items, unsigned jobs,
               const Done& done);

/// Hands items to the other processes of a team of at least two, in their order. Throws Error when
/// one of them reports that it failed.
void run_items(const Study& study, const std::vector<std::size_t>& items, StudyTeam& team,
               const Done& done);

}  // namespace u65sim::study
