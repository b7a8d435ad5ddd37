// Which operators must have run before another one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Operators whose results another one reads, and operators on the same variable in their order.
class Dependencies {
public:
    /// Wants producers.
    explicit Dependencies(const Program& program);

    /// Per operator: how many others it is waiting for.
    [[nodiscard]] const std::vector<std::int32_t>& missing() const { return missing_; }
    /// Operators that wait for this one, once for each reason.
    [[nodiscard]] const std::vector<std::int32_t>& dependents(std::int32_t op) const {
        return dependents_[static_cast<std::size_t>(op)];
    }

private:
    using Variable = std::pair<std::string, std::string>;  ///< container and name

    void add(std::int32_t before, std::int32_t op);
    void use_state(const Variable& variable, std::int32_t op);
    void use_all(std::int32_t op);
    void use_variables(std::int32_t index);
    [[nodiscard]] std::optional<Variable> variable_of(const Operator& op) const;

    const Program& program_;
    std::vector<std::int32_t> missing_;
    std::vector<std::vector<std::int32_t>> dependents_;
    std::map<Variable, std::int32_t> last_use_;
    std::int32_t last_of_all_ = no_operator;
};

}  // namespace u65sim::compiler
