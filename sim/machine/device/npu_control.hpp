// What a driver's reads and writes of registers do, for every kind of NPU device.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/npu_registers.hpp>
#include <u65sim/target.hpp>

#include "machine/device/memory_bus.hpp"
#include "machine/device/npu_monitor.hpp"
#include "machine/device/npu_registers.hpp"

namespace u65sim::machine {

/// Counts of PMU events by name, as Npu::counters() gives them.
using EventCounts = std::vector<std::pair<std::string, std::int64_t>>;

/// PMU events that the runs of a device have counted.
class CountedEvents {
public:
    void add(const EventCounts& counts) {
        for (const auto& [name, value] : counts) counted_[event_number(name)] += value;
    }
    /// Event number `event` up to cycle `now`; `under_way` are the current run's counts.
    [[nodiscard]] std::int64_t of(unsigned event, std::int64_t now,
                                  const EventCounts& under_way) const;

private:
    std::map<unsigned, std::int64_t> counted_;
};

class NpuControl {
public:
    /// What a write asks of the device.
    enum class Request : std::uint8_t { none, start, abandon, reset };

    NpuControl(const Accelerator& accelerator, NpuMonitor::EventCount count)
        : registers_(accelerator), monitor_(std::move(count)) {}

    [[nodiscard]] std::uint32_t read(unsigned address);
    /// On `start`, STATUS says that a run is under way; on `reset`, all registers are cleared.
    Request write(unsigned address, std::uint32_t value);

    [[nodiscard]] const NpuRegisters& registers() const { return registers_; }
    [[nodiscard]] std::uint32_t& status() { return registers_.word(NpuRegisterMap::status); }
    [[nodiscard]] std::uint32_t status() const { return registers_.word(NpuRegisterMap::status); }
    [[nodiscard]] bool irq() const { return (status() & NpuRegisterMap::irq_raised) != 0; }
    /// The whole stream has been read.
    void end_queue() {
        registers_.word(NpuRegisterMap::qread) = registers_.word(NpuRegisterMap::qsize);
    }

private:
    Request command(std::uint32_t value);

    NpuRegisters registers_;
    NpuMonitor monitor_;
};

/// STATUS behind `run`, which ends its queue: its end, or why it failed, which `error` then says.
template <class Run>
std::uint32_t status_behind(const Run& run, std::string& error) {
    using Map = NpuRegisterMap;
    try {
        run();
        return Map::irq_raised | Map::stream_end;
    } catch (const BusError& failure) {
        error = failure.what();
        return Map::irq_raised | Map::bus_abort |
               (failure.port() == 1 ? std::uint32_t{Map::fault_on_axi1} : std::uint32_t{0});
    } catch (const Error& failure) {
        error = failure.what();
        return Map::irq_raised | Map::parse_error;
    }
}

}  // namespace u65sim::machine
