#include "compile/emit/command_kinds.hpp"

namespace u65sim::compiler {
namespace {

std::string elementwise_type(stream::ElementwiseMode mode) {
    using enum stream::ElementwiseMode;
    switch (mode) {
        case mul:
            return "MUL";
        case add:
            return "ADD";
        case sub:
            return "SUB";
        case min:
            return "MINIMUM";
        case max:
            return "MAXIMUM";
        case lrelu:
            return "LEAKY_RELU";
        case abs:
            return "ABS";
        case clz:
            return "CLZ";
        case shr:
            return "SHR";
        case shl:
            break;
    }
    return "SHL";
}

}  // namespace

CommandKind kind_of(const stream::KernelOp& op) {
    switch (op.kind) {
        case stream::KernelKind::conv:
            return {"CONV", "CONV_2D"};
        case stream::KernelKind::depthwise:
            return {"DEPTHWISE", "DEPTHWISE_CONV_2D"};
        case stream::KernelKind::elementwise:
            return {"ELEMENTWISE", elementwise_type(op.elementwise_mode)};
        case stream::KernelKind::pool:
            break;
    }
    switch (op.pool_mode) {
        case stream::PoolMode::max:
            return {"POOL", "MAX_POOL_2D"};
        case stream::PoolMode::average:
            return {"POOL", "AVERAGE_POOL_2D"};
        case stream::PoolMode::reduce_sum:
            break;
    }
    return {"POOL", "SUM"};
}

}  // namespace u65sim::compiler
