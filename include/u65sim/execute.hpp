// What a compiled network computes: real bytes in, real bytes out, and checks on the way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// What is wrong with a stream that nevertheless runs.
enum class FindingKind : std::uint8_t {
    unwritten_read,       ///< reads bytes that nobody wrote
    missing_dma_wait,     ///< touches bytes that an unfinished DMA still reads or writes
    missing_kernel_wait,  ///< a DMA touches bytes that an unfinished kernel still reads or writes
    block_dependency,     ///< BLOCKDEP lets a kernel read blocks that its predecessor still writes
    constant_write,       ///< writes into the constants
    overlapping_buffers,  ///< two buffers live at the same time share bytes
};
std::string_view to_string(FindingKind kind);
/// Whether a finding of this kind is a matter of timing that devices are known to live with: the
/// streams of some compilers carry it (docs/functional.md says which).
constexpr bool is_warning(FindingKind kind) { return kind == FindingKind::block_dependency; }

/// One fault found by the checker.
struct Finding {
    FindingKind kind = FindingKind::unwritten_read;
    std::uint32_t segment = 0;
    std::uint32_t command_index = 0;  ///< index among the stream's commands
    std::uint32_t word_index = 0;     ///< of the NPU_OP word
    std::string text;                 ///< command, operands and bytes concerned
    bool operator==(const Finding&) const = default;
};

/// Some seconds of a processor core: no network of a size that the NPU is made for reaches it.
inline constexpr std::int64_t default_work_limit = std::int64_t{1} << 36;

struct ExecuteOptions {
    /// Watch every access for hazards; several times slower.
    bool check = false;
    /// Bytes of the graph's variable tensors, in its order, then of its resource variables, in the
    /// order of their VAR_HANDLE operators, as an earlier inference left them in
    /// Execution::states. Empty: before the first one, when variable tensors are real zeros and
    /// resource variables what CALL_ONCE assigns.
    std::vector<std::vector<std::uint8_t>> states;
    /// What the NPU's part of one inference, and subgraphs on the CPU, may ask for, in
    /// multiply-accumulates or what takes as long; one feature map may have a 2048th of it as
    /// elements, weights of one operation twice that. Beyond it execute() throws InvalidStream, for
    /// subgraphs NotExecutable.
    std::int64_t work_limit = default_work_limit;
    bool operator==(const ExecuteOptions&) const = default;
};

/// Outputs of one inference, in the network's order, and what the checker found. The output of a
/// compiled network that none of its operators makes is empty.
struct Execution {
    std::vector<std::vector<std::uint8_t>> outputs;
    std::vector<Finding> findings;
    std::vector<std::vector<std::uint8_t>> states;  ///< variables afterwards
    bool operator==(const Execution&) const = default;
};

/// Runs a compiled network on data: NPU segments bit-exactly as their streams say, operators left
/// to the CPU through reference kernels. `inputs` holds one little-endian tensor for each input of
/// the graph, in its order. Throws InvalidModel when the number or size of inputs or states is
/// wrong, InvalidStream for streams that leave their memory or break a format,
/// NotExecutable for a CPU operator or element type without a kernel.
Execution execute(const CompiledNetwork& network, const Target& target,
                  const std::vector<std::vector<std::uint8_t>>& inputs,
                  const ExecuteOptions& options = {});

}  // namespace u65sim
