// What an accelerator can take, for decode() and encode() alike.
#pragma once

#include <string>

#include "stream/operation.hpp"

namespace u65sim::stream {

/// Why the accelerator cannot run this, as "VALUE: must be ..."; empty when it can. Looks only at
/// fields the kind of operation uses.
std::string problem_of(const KernelOp& op, const Accelerator& accelerator,
                       const Architecture& architecture);
std::string problem_of(const DmaOp& op, const Accelerator& accelerator,
                       const Architecture& architecture);

/// What of it holds whatever the block, the shared buffer and the places of weights are.
std::string problem_of_extents(const KernelOp& op);

/// Fields of an IFM that no register holds: height and width are what the operation reads, at
/// least WIDTH0 x HEIGHT0; those of IFM2 follow from its broadcast. The IFM's depth is its
/// register's.
void derive_input_extents(KernelOp& op);

/// Whether the operation reads OFM_SCALE, as Vela writes it: every elementwise operation, and
/// any other whose output has one global scale.
bool reads_ofm_scale(const KernelOp& op);
/// ADD and SUB: OPA_SCALE and OPB_SCALE.
bool reads_operand_scales(const KernelOp& op);

}  // namespace u65sim::stream
