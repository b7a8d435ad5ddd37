// The cascades that Vela forms with a dedicated SRAM.
#pragma once

#include "compile/plan/cascades.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// Cascades by Vela's rules, for an arena of the target's size that maps may leave. A cascade grows
/// while the next operation would not fit with its maps whole, and while rolling buffers and the
/// weights of all members do fit; then its stripes grow, up to half of the last map's height.
Cascades vela_cascades(const Program& program);

/// Rows of the buffer that Vela keeps between two operations of a cascade which make so many rows
/// a stripe: of the first one's results, at most all of them.
std::int32_t rolling_rows_of_vela(const NpuOp& op, std::int32_t rows, const NpuOp& next,
                                  std::int32_t next_rows);
/// OFM rows that a cascade's operation moves on by for each row of its result.
std::int32_t row_stride(const NpuOp& op);

}  // namespace u65sim::compiler
