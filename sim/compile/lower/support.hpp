// What the support rules of operators ask: may this operator run on the NPU, and if not, why.
#pragma once

#include <string>

#include "compile/lower/operators.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// An operator that may go to the NPU. Every rule returns the reason against it as a text, empty
/// when there is none.
class Candidate {
public:
    Candidate(const Program& program, const Operator& op) : program_(program), op_(op) {}

    [[nodiscard]] const Operator& op() const { return op_; }
    [[nodiscard]] const Graph& graph() const { return *program_.graph; }
    [[nodiscard]] const Tensor& input(std::size_t i) const {
        return program_.tensor(op_.inputs.at(i));
    }
    /// The first feature map.
    [[nodiscard]] const Tensor& map() const;
    [[nodiscard]] const Tensor& output(std::size_t i = 0) const {
        return program_.tensor(op_.outputs.at(i));
    }
    [[nodiscard]] bool present(std::size_t i) const {
        return i < op_.inputs.size() && op_.inputs[i] >= 0;
    }
    [[nodiscard]] bool constant(std::size_t i) const { return present(i) && input(i).data; }
    /// A constant of axes, extents or amounts.
    [[nodiscard]] bool parameter(std::size_t i) const {
        return constant(i) && is_parameter(input(i));
    }

    [[nodiscard]] Bytes sram() const { return program_.target->sram.size; }

    /// Feature maps of types, extents and scales that the NPU takes, and a fused activation that is
    /// a clamp.
    [[nodiscard]] std::string maps() const;
    [[nodiscard]] std::string one_batch() const;
    /// So few that an operation for each of them is fine.
    [[nodiscard]] std::string few_batches() const;
    [[nodiscard]] std::string four_dimensions() const;
    /// The weights and the bias where the operator's row has them.
    [[nodiscard]] std::string weights() const;
    [[nodiscard]] std::string bias() const;
    /// The first map and the result of the same type.
    [[nodiscard]] std::string same_type() const;
    [[nodiscard]] std::string same_type_and_scale() const;
    /// Strides above 3 take an operation an output along their axis, so only few. `narrow`: the
    /// width's stride is made smaller by folding columns.
    [[nodiscard]] std::string strides(const WindowAttributes& window, bool narrow) const;

private:
    [[nodiscard]] std::string feature_map(const Tensor& tensor, const char* role) const;

    const Program& program_;
    const Operator& op_;
};

}  // namespace u65sim::compiler
