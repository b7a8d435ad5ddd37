// What the layers know of an operator kind; operator_table.hpp has a row for each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

inline constexpr int any_number = -1;
inline constexpr int no_operand = -1;

/// How many operands and results an operator kind takes, and which operands may be left out.
struct Arity {
    int min_inputs = 0;
    int max_inputs = 0;       ///< any_number: no limit
    int outputs = 1;          ///< any_number: as the operator says
    int required_inputs = 0;  ///< operands in front that must not be no_tensor
};

/// Positions of operands by what they are; no_operand: there is none.
struct OperandRoles {
    int map = 0;   ///< the first feature map
    int maps = 1;  ///< feature maps, from `map` on; any_number: all operands
    /// Weights: a constant filter, slope or matrix. Of an LSTM all operands from here on.
    int weights = no_operand;
    int bias = no_operand;
    int axis = no_operand;  ///< an axis that AxisAttributes repeats
};

/// Kinds that layers treat alike.
enum class Family : std::uint8_t {
    convolution,  ///< sums of products with a filter: convolutions and FULLY_CONNECTED
    pool,
    reduction,
    arithmetic,  ///< numbers of two operands that broadcast, as the NPU's element-wise unit
    broadcast,   ///< further operators of two operands that broadcast
    comparison,  ///< two operands that broadcast, a boolean result
    clamp,       ///< RELU and its like
    curve,       ///< a curve over one element, which a table of 256 entries samples on 8 bits
    pointwise,   ///< any other operator whose elements come from the element in their place alone
    reshape,     ///< the same bytes under another shape
    part,        ///< cuts parts out of its operand
    joining,     ///< puts its operands side by side
    movement,    ///< any other operator that only moves or repeats elements
    resize,
    selection,   ///< chooses elements by numbers or truth values
    generation,  ///< makes elements of shapes or numbers
    normalization,
    accumulation,
    product,
    recurrent,
    control,  ///< subgraphs and variables
    opaque    ///< known by a number or a name alone
};

/// What count_macs() counts.
enum class MacRule : std::uint8_t {
    none,
    filter_and_depth,  ///< output elements x filter's height, width and input channels
    filter,            ///< output elements x filter's height and width
    spread_filter,     ///< input elements x filter's outputs, height and width
    row,               ///< output elements x weights of a row
    window,            ///< output elements x height and width of the pool's window
    elements           ///< input elements
};

/// TensorFlow Lite's version of the kernel for signed operands of 8 and of 16 bits; 1 for all
/// other types.
struct KernelVersions {
    std::int32_t int8 = 1;
    std::int32_t int16 = 1;
};

class Operands;
/// Shapes of the results, as infer_shapes() gives them. Has no default: a row without a rule does
/// not compile. (A comparison with null would not either, under GCC's UndefinedBehaviorSanitizer.)
class ShapeRule {
public:
    using Function = std::vector<std::optional<Shape>> (*)(const Operands& operands);
    consteval ShapeRule(Function function) : function_(function) {}
    std::vector<std::optional<Shape>> operator()(const Operands& operands) const {
        return function_(operands);
    }

private:
    Function function_;
};

/// One row an operator kind.
struct OperatorInfo {
    OpType type = OpType::other;
    std::string_view name;  ///< TensorFlow Lite's
    Family family = Family::opaque;
    Arity arity;
    std::size_t attributes = 0;  ///< index of the alternative of Attributes
    ShapeRule shapes;
    OperandRoles operands{};
    KernelVersions versions{};
    MacRule macs = MacRule::none;
    Activation clamp = Activation::none;  ///< of Family::clamp
    std::int32_t builtin_code = -1;       ///< found by the name; -1 for OpType::other
};

const OperatorInfo& info(OpType type);

/// Positions of an operator's operands that are feature maps.
std::vector<std::size_t> map_operands(const Operator& op);

/// The operand with the filter of a convolution or FULLY_CONNECTED; no_operand for all others.
int filter_operand(OpType type);

/// The clamp that RELU, RELU6, RELU_N1_TO_1 or RELU_0_TO_1 is; empty for other operators.
std::optional<Activation> clamp_of(OpType type);

/// Each element of the result comes from the element in its place alone: clamps, curves, ABS, NEG,
/// rounding, QUANTIZE, DEQUANTIZE and CAST.
bool is_pointwise(OpType type);

}  // namespace u65sim::ir
