// Pieces that lowerings of element-wise operators share.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compile/lower/lowering.hpp"

namespace u65sim::compiler {

stream::Scale quantised(double scale);

/// The second operand as a register, when it is one constant element of at most 16 bits.
bool as_scalar(const Program& program, NpuOp& npu, const View& view);

/// Whether `b` must be the first operand: it alone has all of the result's elements, or all of its
/// channels where both are broadcast.
bool is_smaller(const View& a, const View& b, const View& ofm);

/// An addition, difference or product of two maps, the second broadcast where it is smaller.
NpuOp& pair(Lowering& lowering, stream::ElementwiseMode mode, const View& a, const View& b,
            const View& ofm, std::string_view suffix);

/// The map's part above zero, at another scale.
View positive_part(Lowering& lowering, const View& ifm, const Extent& extent, float factor);

/// The map's part below zero, as it is.
View negative_part(Lowering& lowering, const View& ifm, const Extent& extent);

/// 8 bits: a table behind the larger of an element and the least there is, which takes fewer lane
/// cycles than Vela's addition of nothing; the index is the raw input.
void look_up_8(Lowering& lowering, const View& ifm, const View& ofm,
               std::vector<std::uint8_t> table);

/// Plain int32.
void unscaled(NpuOp& npu);

}  // namespace u65sim::compiler
