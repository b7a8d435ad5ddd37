// The compiler's passes, in the order they run. Each reads and extends the Program.
#pragma once

#include <string>
#include <string_view>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Makes constants of operators whose results are known before anything runs.
void fold_constants(Program& program);
/// Puts each operator on the NPU or the CPU, with the reason for the latter.
void check_support(Program& program);
/// Cuts the operators into NPU segments and CPU steps, and finds tensors crossing the borders.
void split_segments(Program& program);
/// Decides which activations, pads and memory operators need no operation of their own.
void fuse(Program& program);
/// Turns operators into NPU operations over views, bit-exact to TensorFlow Lite.
void lower(Program& program);
/// OFM block, SHRAM layout, accumulator and weight traversal of every operation.
void choose_blocks(Program& program);
/// Fills the constants: encoded weights with scale records, tables, constant maps.
void encode_constants(Program& program);
/// Runs consecutive operations in stripes through rolling buffers where that is predicted to be
/// faster than writing maps without room to DRAM.
void form_cascades(Program& program);
/// What place() does, but for the constants: sizes of weights that are read where they are may stay
/// sampled.
void place_maps(Program& program);
/// Layouts, live ranges, and what lives in which memory at which address: feature maps and the
/// buffers weights are copied to. Cuts weights into depth slices where only parts fit.
void place(Program& program);
/// Checks sizes against the memories, the command streams' bytes among the model's; throws
/// DoesNotFit.
void check_fit(const Program& program, std::int64_t stream_bytes);
/// Cycles of the placed program's command streams, in closed form.
std::int64_t predict_cycles(const Program& program);
/// Command streams, labels and everything else a CompiledNetwork holds.
void emit(Program& program, CompiledNetwork& network);

/// Readable state after a pass.
std::string dump_folded(const Program& program);
std::string dump_decisions(const Program& program);
std::string dump_operations(const Program& program);
std::string dump_buffers(const Program& program);

}  // namespace u65sim::compiler
