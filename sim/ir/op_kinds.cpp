#include "ir/op_kinds.hpp"

namespace u65sim::ir {

std::optional<Activation> clamp_of(OpType type) {
    switch (type) {
        case OpType::relu:
            return Activation::relu;
        case OpType::relu6:
            return Activation::relu6;
        case OpType::relu_n1_to_1:
            return Activation::relu_n1_to_1;
        case OpType::relu_0_to_1:
            return Activation::relu_0_to_1;
        default:
            return std::nullopt;
    }
}

bool is_curve(OpType type) {
    switch (type) {
        case OpType::leaky_relu:
        case OpType::elu:
        case OpType::logistic:
        case OpType::tanh:
        case OpType::hard_swish:
        case OpType::exp:
        case OpType::log:
        case OpType::sqrt:
        case OpType::rsqrt:
        case OpType::gelu:
            return true;
        default:
            return false;
    }
}

bool is_pointwise(OpType type) {
    switch (type) {
        case OpType::abs:
        case OpType::neg:
        case OpType::quantize:
        case OpType::dequantize:
        case OpType::cast:
        case OpType::square:
        case OpType::floor:
        case OpType::ceil:
        case OpType::round:
        case OpType::logical_not:
        case OpType::sin:
        case OpType::cos:
        case OpType::sign:
        case OpType::zeros_like:
            return true;
        default:
            return is_curve(type) || clamp_of(type).has_value();
    }
}

bool is_comparison(OpType type) {
    switch (type) {
        case OpType::equal:
        case OpType::not_equal:
        case OpType::less:
        case OpType::less_equal:
        case OpType::greater:
        case OpType::greater_equal:
            return true;
        default:
            return false;
    }
}

}  // namespace u65sim::ir
