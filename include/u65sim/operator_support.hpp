// Which operators of TensorFlow Lite the NPU runs, as sentences for people.
#pragma once

#include <string>
#include <vector>

namespace u65sim {

/// What the NPU runs of some operators; the same on every target.
struct OperatorSupport {
    std::string operators;    ///< names, separated by commas
    std::string types;        ///< of the maps, on the NPU
    std::string form;         ///< what they become
    std::string left_to_cpu;  ///< which of them the NPU does not run
};
/// All operators that have a form on the NPU.
std::vector<OperatorSupport> operator_support();

}  // namespace u65sim
