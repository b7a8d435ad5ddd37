#include "target/memory_rate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/rounding.hpp"
#include "target/architecture.hpp"

namespace u65sim {

BytesPerCycle rate_left(const Memory& memory, const Accelerator& accelerator) {
    const bool other_clock = memory.clock.count() > 0;
    if (!other_clock && memory.available == 1.0) return memory.bandwidth;
    constexpr std::int64_t steps = 4096;
    // Without a cap, the port's width is what others take their share of.
    double rate = memory.bandwidth.numerator() > 0
                      ? memory.bandwidth.value()
                      : static_cast<double>(architecture(accelerator).axi_width_bytes);
    if (other_clock) {
        rate *= static_cast<double>(memory.clock.count()) /
                static_cast<double>(accelerator.clock.count());
    }
    const auto part = static_cast<std::int64_t>(std::llround(rate * memory.available * steps));
    return {std::max<std::int64_t>(part, 1), steps};
}

Cycles npu_cycles(Cycles cycles, const Memory& memory, const Accelerator& accelerator) {
    if (memory.clock.count() == 0) return cycles;
    const std::int64_t ticks = detail::checked_mul(cycles.count(), accelerator.clock.count());
    return Cycles{ceil_div(ticks, memory.clock.count())};
}

Cycles read_latency(const Memory& memory, const Accelerator& accelerator) {
    return npu_cycles(memory.read_latency, memory, accelerator);
}

Cycles write_latency(const Memory& memory, const Accelerator& accelerator) {
    return npu_cycles(memory.write_latency, memory, accelerator);
}

}  // namespace u65sim
