// Operators that become a chain of elementwise steps on 32-bit maps.
#pragma once

#include <string_view>

#include "compile/lower/lowering.hpp"

namespace u65sim::compiler {

/// The chain's steps. Operands and results are int32 unless the caller brings other maps.
class Chain {
public:
    explicit Chain(Lowering& lowering) : lowering_(lowering) {}

    /// One constant element.
    View scalar(std::int32_t value, std::string_view name);
    /// out = mode(a, b) without scaling; the smaller operand is broadcast.
    NpuOp& step(stream::ElementwiseMode mode, const View& a, const View& b, const View& out);
    /// A new map.
    View map(const Extent& extent, std::string_view name);
    /// mode(a, b) / 2^shift on a new map.
    View apply(stream::ElementwiseMode mode, const View& a, const View& b, std::string_view name,
               int shift = 0);
    /// The largest element of each row of `depth` on a map of one column, as a pool over a map
    /// of depth one. `rows` holds rows x depth elements, linear.
    NpuOp& row_maximum(const View& rows, std::int32_t depth, const View& maximum);
    /// Sum of each row of `rows` (1 x count x depth, linear) on a map of one column.
    View row_sum(const View& rows);
    /// Sums above zero without leading zeros but the sign's.
    struct Normalised {
        View value;  ///< sum << headroom
        View shift;  ///< exponent - headroom - 1
    };
    Normalised normalised(const View& sum, const View& exponent);

private:
    Lowering& lowering_;
};

}  // namespace u65sim::compiler
