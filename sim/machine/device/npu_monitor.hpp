// The NPU's performance monitor: four event counters and a cycle counter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace u65sim::machine {

/// Registers 0x180 to 0x1AC, 0x300 to 0x30C and 0x380 to 0x38C. Counters stand still unless PMCR
/// bit 0 and their own enable bit are set. What an event has counted so far is asked for only when
/// a register is read or written; overflows show in PMOVS then, and raise no interrupt. Events that
/// the machine does not tell apart count nothing; NPU_OP_PMU_MASK has no effect.
class NpuMonitor {
public:
    /// Of an event by its number, from the beginning of time on; zero for those unknown.
    static constexpr unsigned every_cycle = 0x011;  ///< event CYCLE

    using EventCount = std::function<std::int64_t(unsigned event)>;
    explicit NpuMonitor(EventCount count) : count_(std::move(count)) {}

    [[nodiscard]] static bool has(unsigned address);
    [[nodiscard]] std::uint32_t read(unsigned address);
    void write(unsigned address, std::uint32_t value);
    /// As after a reset.
    void clear();

private:
    static constexpr std::size_t event_counters = 4;
    static constexpr unsigned cycle_counter = 31;  ///< its bit in enables and overflows

    struct Counter {
        unsigned event = 0;
        std::uint64_t value = 0;
        std::int64_t seen = 0;  ///< count of its event when the value was brought up to date
    };
    [[nodiscard]] bool counts(unsigned bit) const {
        return (control_ & 1U) != 0 && (enabled_ >> bit & 1U) != 0;
    }
    void bring_up(Counter& counter, unsigned bit, unsigned width);
    void bring_up();
    [[nodiscard]] unsigned cycle_event() const;

    EventCount count_;
    std::uint32_t control_ = 0, enabled_ = 0, overflowed_ = 0, interrupts_ = 0;
    std::uint32_t cycle_config_ = 0, axi_channel_ = 0;
    std::array<Counter, event_counters> counters_;
    Counter cycles_{.event = every_cycle};
};

/// Number of an event by its name in Simulation::pmu; zero: none.
unsigned event_number(const std::string& name);

}  // namespace u65sim::machine
