// Running a network on data: tensors in files, outputs in a folder, findings as one error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "inputs.hpp"

namespace u65sim::cli {

/// --input, --output and --check.
class ExecuteOption {
public:
    void add_to(CLI::App& command);
    [[nodiscard]] bool wanted() const { return check_ || !inputs_.empty() || !folder_.empty(); }
    /// Compiles `graph` (unless it is compiled already), executes it and writes output_0.bin and
    /// so on. Throws what compiling and executing throw, FileError, InvalidConfig for
    /// --output alone, InvalidModel for files that
    /// do not match the network's inputs, and InvalidStream with every finding of the checker.
    /// Without --input, `arena` holds the inputs where a compiled network has them in its arena.
    void execute(const Graph& graph, const Target& target, const OptimiseOption& optimise,
                 const std::vector<std::uint8_t>& arena) const;

private:
    void check_input_count(const Graph& graph) const;
    [[nodiscard]] std::vector<std::vector<std::uint8_t>> read_inputs(
        const CompiledNetwork& network, const std::vector<std::uint8_t>& arena) const;

    std::vector<std::string> inputs_;
    std::string folder_;
    bool check_ = false, strict_ = false;
    std::int64_t work_limit_ = default_work_limit;
};

}  // namespace u65sim::cli
