// The whole inference: NPU, driver calls, runtime and CPU operators, each with where its numbers
// are from and between what they may lie.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// What a kind of work costs a CPU: int8, one thread, operands in its caches or tightly coupled
/// memory.
struct CpuCost {
    Cpu cpu = Cpu::none;
    std::string_view work;                        ///< "convolution", "softmax" ...
    std::string_view unit;                        ///< "MAC" or "element"
    double low = 0.0, typical = 0.0, high = 0.0;  ///< cycles a unit
    FieldSource::Kind kind = FieldSource::Kind::assumed;
    std::string_view source;
    bool operator==(const CpuCost&) const = default;
};
/// Every kind of work on this CPU; none for Cpu::none.
std::vector<CpuCost> cpu_costs(Cpu cpu);
/// The kind of work that an operator of the network ("SOFTMAX") is.
std::string_view work_of(std::string_view operator_type);

/// A span of time, milliseconds, from `low_ms` to `high_ms` where its numbers have ranges.
struct TimePart {
    double ms = 0.0, low_ms = 0.0, high_ms = 0.0;
    /// Of the least certain number that goes into it.
    FieldSource::Kind kind = FieldSource::Kind::assumed;
    bool operator==(const TimePart&) const = default;
};

struct CpuOperatorTime {
    std::string name, type;
    std::string work;  ///< as work_of() says; empty without a CPU
    TimePart time;
    bool operator==(const CpuOperatorTime&) const = default;
};

/// How far the NPU's simulated time may be off by itself, as a share of it: what a network that the
/// machine has not been held against can expect (docs/limitations.md; of the FVP's rows the worst
/// is 2.4 %).
inline constexpr double simulator_error = 0.03;

/// One inference as a clock beside the board measures it.
struct WholeInference {
    /// As simulated; its range is that of the target's memories and clocks, and simulator_error
    /// beyond.
    TimePart npu;
    TimePart calls;                          ///< driver, runtime, caches
    TimePart cpu;                            ///< operators left to the CPU
    std::vector<CpuOperatorTime> operators;  ///< those of `cpu`, in the network's order
    bool operator==(const WholeInference&) const = default;

    [[nodiscard]] double ms() const { return npu.ms + calls.ms + cpu.ms; }
    /// With every number at its fast end, and at its slow end.
    [[nodiscard]] double low_ms() const { return npu.low_ms + calls.low_ms + cpu.low_ms; }
    [[nodiscard]] double high_ms() const { return npu.high_ms + calls.high_ms + cpu.high_ms; }
};

/// What the target's host terms make of this network. The NPU's part is left empty.
WholeInference host_time(const CompiledNetwork& network, const Target& target);

}  // namespace u65sim
