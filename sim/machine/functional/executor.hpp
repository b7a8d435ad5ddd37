// Runs decoded commands on bytes: what the stream computes, without time.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/execute.hpp>
#include <u65sim/target.hpp>

#include "machine/functional/memory.hpp"
#include "machine/functional/weight_loader.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

namespace u65sim::machine::functional {

/// How much one inference may ask for before it is refused, so that a broken stream ends.
struct Limits {
    /// Multiply-accumulates, and what else takes as long as so many of them.
    std::int64_t work = default_work_limit;
    /// Elements of one feature map, twice as many of one volume of weights.
    [[nodiscard]] std::int64_t elements() const { return work >> 11; }
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
    void require(std::int64_t value, std::int64_t limit, const char* what) const;
    void charge(std::int64_t work);

    Architecture arch_;
    Limits limits_;
    std::int64_t work_done_ = 0;
    Memory memory_;
};

}  // namespace u65sim::machine::functional
