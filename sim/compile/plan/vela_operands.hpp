// Which maps leave a dedicated SRAM because another operand is not there.
#pragma once

#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Vela 5.2 reads both maps of an element-wise operation from one memory
/// (faststorage_allocator.cpp): where one is off-chip, the other one leaves the SRAM as well,
/// unless others than element-wise operations read it. What was to be overwritten by a result
/// leaves alone: that stays. `is_fast` says of each buffer whether it is to be in the SRAM; buffers
/// that are split off are added to both.
void keep_operands_together(Program& program, std::vector<bool>& is_fast);

}  // namespace u65sim::compiler
