#include "arith/table_function.hpp"

namespace u65sim::arith {

std::optional<Function> table_function(const Operator& op) {
    switch (op.type) {
        case OpType::logistic:
            return Function::logistic;
        case OpType::tanh:
            return Function::tanh;
        case OpType::exp:
            return Function::exp;
        case OpType::log:
            return Function::log;
        case OpType::sqrt:
            return Function::sqrt;
        case OpType::rsqrt:
            return Function::rsqrt;
        case OpType::elu:
            return Function::elu;
        case OpType::gelu: {
            const auto* gelu = std::get_if<GeluAttributes>(&op.attributes);
            return gelu != nullptr && gelu->approximate ? Function::gelu_approximate
                                                        : Function::gelu;
        }
        default:
            return std::nullopt;
    }
}

}  // namespace u65sim::arith
