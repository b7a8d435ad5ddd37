// Resource variables: what VAR_HANDLE names, READ_VARIABLE reads and ASSIGN_VARIABLE writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::machine::functional {

/// The variables of a network and of its subgraphs, in the order their handles are first made.
class Variables {
public:
    using Buffer = std::vector<std::uint8_t>;

    explicit Variables(const Graph& graph);
    [[nodiscard]] std::size_t count() const { return variables_.size(); }
    /// Throws InvalidModel for a variable that the network does not have.
    [[nodiscard]] std::size_t index_of(const VariableAttributes& variable) const;
    [[nodiscard]] const std::string& name(std::size_t index) const {
        return variables_[index].key.name;
    }
    /// Bytes, where an operator that reads or writes it tells.
    [[nodiscard]] std::optional<std::int64_t> size(std::size_t index) const {
        return variables_[index].size;
    }
    /// Throws InvalidModel when nothing was assigned yet.
    [[nodiscard]] const Buffer& read(std::size_t index) const;
    void assign(std::size_t index, Buffer value) { variables_[index].value = std::move(value); }
    /// What was assigned last; empty: nothing.
    [[nodiscard]] Buffer state(std::size_t index) const {
        return variables_[index].value.value_or(Buffer{});
    }

private:
    struct Variable {
        VariableAttributes key;
        std::optional<std::int64_t> size;
        std::optional<Buffer> value;
    };

    void collect(const Graph& graph);
    [[nodiscard]] std::optional<std::size_t> find(const VariableAttributes& variable) const;

    std::vector<Variable> variables_;
};

}  // namespace u65sim::machine::functional
