// The whole inference as text and as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>
#include <u65sim/host.hpp>

namespace u65sim::report {

/// A line of the summary: all of it, its range, its parts.
std::string inference_line(const WholeInference& inference);
/// A row a part and a row a CPU operator, with ranges and where their numbers are from.
std::string inference_section(const WholeInference& inference);
nlohmann::ordered_json inference_json(const WholeInference& inference);

}  // namespace u65sim::report
