// Runs decoded commands on bytes: what the stream computes, without time.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/target.hpp>

#include "machine/functional/memory.hpp"
#include "machine/functional/weight_loader.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::machine::functional {

/// How much one stream may ask for before it is refused, so that a broken one ends.
struct Limits {
    std::int64_t operations = std::int64_t{1} << 42;  ///< multiply-accumulates and elements
    std::int64_t elements = std::int64_t{1} << 28;    ///< of one feature map or weight volume
    std::int64_t dma_bytes = std::int64_t{1} << 36;
};

/// Executes commands one after the other, each with all its effects before the next: what a
/// correctly synchronised stream does on the hardware. Rounding and scaling as the register
/// description and TensorFlow Lite's reference kernels have them.
class Executor {
public:
    explicit Executor(const Accelerator& accelerator, Limits limits = {});

    [[nodiscard]] Memory& memory() { return memory_; }
    /// Throws InvalidStream naming the command for accesses outside of a region, broken weight
    /// streams, and operations that pass the limits.
    void run(const std::vector<stream::Command>& commands);
    /// One command; `index` only for messages.
    void run(const stream::Command& command, std::uint32_t index);

private:
    void run_kernel(const stream::KernelOp& op);
    void run_dma(const stream::DmaOp& op);
    void require_within_limits(const stream::KernelOp& op);

    Architecture arch_;
    Limits limits_;
    std::int64_t operations_done_ = 0;
    std::int64_t dma_bytes_done_ = 0;
    Memory memory_;
};

/// "CONV", "POOL AVERAGE", "ELEMENTWISE ADD", "DMA" ...: the operation's name in reports.
std::string operation_name(const stream::Action& action);

}  // namespace u65sim::machine::functional
