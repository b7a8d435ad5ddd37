// The road as one call: read, compile, simulate, report.
#pragma once

#include <filesystem>
#include <memory>

#include <u65sim/compile.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// Answers "how long does this network take on that target?". Copies share the memo. Calls are
/// safe from any thread.
class Oracle {
public:
    /// Runs that keep a timeline or write a file are simulated anew each time.
    explicit Oracle(Target target, CompileOptions options = {}, SimulateOptions simulation = {});
    /// A .tflite (compiled or not) or a YAML graph. Throws what reading, compiling and simulating
    /// throw.
    Report estimate(const std::filesystem::path& file);
    Report estimate(const Graph& graph);
    [[nodiscard]] const Target& target() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace u65sim
