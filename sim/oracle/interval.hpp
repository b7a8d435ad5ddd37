// What a run takes with the target's numbers at the ends of their ranges.
#pragma once

#include <u65sim/compile.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>

namespace u65sim::oracle {

/// Gives the report's whole inference the NPU's range: the same streams simulated with every number
/// at its fast end and at its slow end. Nothing to do without ranges that concern the NPU.
void add_npu_range(Report& report, const CompiledNetwork& network, const SimulateOptions& how);

}  // namespace u65sim::oracle
