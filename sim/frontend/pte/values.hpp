// The values of a method while its instructions are read: tensors, numbers and lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

#include "frontend/pte/program_file.hpp"

namespace u65sim::frontend {

/// Which tensors of the graph a method's values are. Instructions may write a value several times;
/// each time it becomes a new tensor.
class Values {
public:
    /// `graph` gets the tensors; both outlive this.
    Values(ProgramFile& program, Graph& graph);

    [[nodiscard]] std::size_t count() const { return current_.size(); }
    /// Throws InvalidModel when there is no such value, as all functions below.
    [[nodiscard]] bool is_tensor(std::int32_t value) const;
    /// The values of a list of tensors; else the value itself when it is a tensor.
    [[nodiscard]] std::vector<std::int32_t> tensors_in(std::int32_t value) const;
    /// Whether something wrote the tensor before, or it is a constant.
    [[nodiscard]] bool is_known(std::int32_t value);
    /// The tensor to read. Throws InvalidModel when nothing wrote it.
    TensorId read(std::int32_t value);
    /// A new tensor that takes the value's place.
    TensorId write(std::int32_t value, const std::string& name);
    void move(std::int32_t from, std::int32_t to);

    [[nodiscard]] std::optional<std::int64_t> integer(std::int32_t value) const;
    [[nodiscard]] std::optional<double> real(std::int32_t value) const;
    [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::int32_t value) const;
    /// A number, truth value or list of integers as a constant; no_tensor for everything else.
    TensorId as_constant(std::int32_t value);

    /// Which dimension each extent of the tensor's shape is, outermost in memory first.
    [[nodiscard]] const std::vector<std::uint8_t>& order(TensorId tensor) const;
    [[nodiscard]] Tensor& tensor(TensorId id) {
        return graph_.tensors[static_cast<std::size_t>(id)];
    }
    TensorId add_integers(const std::string& name, const std::vector<std::int64_t>& numbers,
                          bool is_list);

private:
    [[nodiscard]] const pte::ValueTable& table(std::int32_t value) const;
    TensorId add(Tensor tensor, std::vector<std::uint8_t> order);
    TensorId add_tensor(std::int32_t value, const std::string& name);
    TensorId add_constant(std::int32_t value);
    void read_shape(const pte::TensorTable& table, std::int32_t value, Tensor& tensor,
                    std::vector<std::uint8_t>& order);

    ProgramFile& program_;
    Graph& graph_;
    std::vector<TensorId> current_;                  ///< a tensor a value
    std::vector<TensorId> constants_;                ///< a number's tensor a value
    std::vector<std::vector<std::uint8_t>> orders_;  ///< one a tensor of the graph
};

}  // namespace u65sim::frontend
