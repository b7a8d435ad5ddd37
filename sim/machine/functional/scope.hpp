// Values of one graph's tensors while it runs, and its operators on the CPU.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

#include "machine/functional/variables.hpp"

namespace u65sim::machine::functional {

/// What all graphs of one inference share.
struct ScopeContext {
    const Graph& network;  ///< holds the subgraphs that operators may run
    Variables variables;
    /// What subgraphs may still ask of the CPU, in ExecuteOptions::work_limit's unit.
    std::int64_t work_left = 0;
    /// Subgraphs that CALL_ONCE ran: each is run once, whoever calls.
    std::set<std::int32_t> set_up = {};
    bool keeps_variables = false;  ///< from an earlier inference: CALL_ONCE does nothing
};

class Scope {
public:
    using Buffer = std::vector<std::uint8_t>;

    /// `depth`: how many calls led to this graph. Context and graph outlive the scope.
    Scope(ScopeContext& context, const Graph& graph, int depth = 0)
        : context_(context), graph_(graph), depth_(depth) {}

    /// Throws InvalidModel for ids out of range.
    [[nodiscard]] const Tensor& tensor(TensorId id) const;
    /// Whether value() has something to give.
    [[nodiscard]] bool has_value(TensorId id) const;
    /// Throws InvalidModel before anything computed it.
    const Buffer& value(TensorId id);
    void set(TensorId id, Buffer value) { values_[id] = std::move(value); }
    /// Every CALL_ONCE of the graph, before anything else: compilers move it behind reads of what
    /// it assigns.
    void set_up();
    /// Computes one operator; throws NotExecutable when there is no kernel for it.
    void run(const Operator& op);

private:
    /// Runs a whole subgraph on the CPU. Throws InvalidModel when the inputs do not fit it.
    std::vector<Buffer> call(const Operator& op, std::size_t which, std::vector<Buffer> inputs);
    std::vector<Buffer> values_of(const std::vector<TensorId>& ids);
    std::size_t variable_of(const Operator& op);
    void run_once(const Operator& op);
    void charge(const Operator& op);
    bool is_true(const Operator& op, const Buffer& condition) const;
    void run_if(const Operator& op);
    void run_while(const Operator& op);
    void run_kernel(const Operator& op);
    void keep(const Operator& op, std::vector<Buffer> results);

    ScopeContext& context_;
    const Graph& graph_;
    int depth_;
    std::map<TensorId, Buffer> values_;
    std::map<TensorId, std::size_t> handles_;
};

}  // namespace u65sim::machine::functional
