// The command streams that rows of references name: read or compiled once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include <u65sim/compile.hpp>
#include <u65sim/compile_cache.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/report.hpp>
#include <u65sim/target.hpp>
#include <u65sim/validate.hpp>

namespace u65sim::validation {

/// What stands in the way of running a row at all: nothing that our program could change.
struct Absent {
    std::string reason;
};

class Streams {
public:
    using Variable = std::function<std::optional<std::string>(const std::string&)>;
    /// `variable` gives the value of a ${NAME}; without it, the environment does.
    explicit Streams(Variable variable);

    /// The row's stream for the target: its compiled file, or what our compiler makes of its
    /// network. Throws Absent, and what reading and compiling throw.
    const CompiledNetwork& of(const ValidationRow& row, const Target& target);

private:
    [[nodiscard]] std::string expand(const std::string& text) const;
    const Graph& graph(const std::string& text, const Target& target);

    Variable variable_;
    std::map<std::string, Graph> graphs_;
    /// By network, file, whether like Vela, and the target.
    std::map<std::tuple<std::string, std::string, bool, VelaVersion, std::string>, CompiledNetwork>
        streams_;
    CompileCache cache_{};  ///< rows have networks in common
};

/// What rows may call a counter, with its figure: PMU events, latency_ms, npu_ms, inference_ms.
std::map<std::string, double> figures(const Report& report);

}  // namespace u65sim::validation
