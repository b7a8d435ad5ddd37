// Who works on items: threads of this process, or other processes.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <u65sim/study.hpp>

#include "study/changes.hpp"
#include "study/plan.hpp"

namespace u65sim::study {

/// Takes the line of the task at `index`; called from one thread at a time, in the order in which
/// tasks finish.
using Done = std::function<void(std::size_t index, std::string line)>;

/// Does tasks on `jobs` threads, in their order. Rethrows what `done` throws.
void run_tasks(const Study& study, const std::vector<Task>& tasks, unsigned jobs,
               Networks& networks, const Done& done);

/// Hands tasks to the other processes of a team of at least two, in their order. Throws Error when
/// one of them reports that it failed.
void run_tasks(const Study& study, const std::vector<Task>& tasks, StudyTeam& team,
               const Done& done);

}  // namespace u65sim::study
