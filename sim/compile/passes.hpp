// The compiler's passes before and behind planning (plan/make_plan.hpp), in the order they run.
// Each reads and extends the Program.
#pragma once

#include <string>
#include <string_view>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Makes constants of operators whose results are known before anything runs.
void fold_constants(Program& program);
/// Makes dilations of SPACE_TO_BATCH_ND around convolutions; a part of fold_constants.
void dilate_windows(Program& program);
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
/// Checks sizes against the memories, the command streams' bytes among the model's; throws
/// DoesNotFit.
void check_fit(const PlannedProgram& program, std::int64_t stream_bytes);
/// Cycles of the placed program's command streams, in closed form.
std::int64_t predict_cycles(const PlannedProgram& program);
/// Command streams, labels and everything else a CompiledNetwork holds.
void emit(PlannedProgram& program, CompiledNetwork& network);

/// Readable state after a pass.
std::string dump_folded(const Program& program);
std::string dump_decisions(const Program& program);
std::string dump_operations(const Program& program);
/// Why what was decided so far is as it is; what `nothing` says where there was no choice.
std::string dump_reasons(const Program& program, std::string_view nothing);
std::string dump_lifetimes(const Program& program);
/// The buffers that have a place so far.
std::string dump_places(const Program& program);
std::string dump_buffers(const PlannedProgram& program);

}  // namespace u65sim::compiler
