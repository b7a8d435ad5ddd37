// What SOFTMAX begins with on any type.
#pragma once

#include "compile/lower/chain.hpp"
#include "compile/lower/lowering.hpp"

namespace u65sim::compiler {

/// The operand as rows, each a softmax of its own, with their maxima.
struct SoftmaxRows {
    Extent full, one;  ///< rows x depth, and rows of one element
    View ifm, maximum;
    View ofm;     ///< where the result is written, full
    View result;  ///< the operator's result, which ofm is placed as in the end
};

/// Adds the operations that find the maxima.
SoftmaxRows softmax_rows(Lowering& lowering, Chain& chain);

}  // namespace u65sim::compiler
