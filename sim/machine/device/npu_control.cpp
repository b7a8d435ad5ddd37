#include "machine/device/npu_control.hpp"

namespace u65sim::machine {

using Map = NpuRegisterMap;

std::int64_t CountedEvents::of(unsigned event, std::int64_t now,
                               const EventCounts& under_way) const {
    constexpr unsigned idle = 0x020, active = 0x023;
    if (event == 0) return 0;
    if (event == NpuMonitor::every_cycle) return now;
    if (event == idle) return now - of(active, now, under_way);
    const auto found = counted_.find(event);
    std::int64_t count = found == counted_.end() ? 0 : found->second;
    for (const auto& [name, value] : under_way) {
        if (event_number(name) == event) count += value;
    }
    return count;
}

std::uint32_t NpuControl::read(unsigned address) {
    return NpuMonitor::has(address) ? monitor_.read(address) : registers_.word(address);
}

NpuControl::Request NpuControl::write(unsigned address, std::uint32_t value) {
    if (NpuMonitor::has(address)) {
        monitor_.write(address, value);
        return Request::none;
    }
    switch (address) {
        case Map::id:
        case Map::status:
        case Map::qread:
        case Map::config:
            return Request::none;  // read-only
        case Map::cmd:
            return command(value);
        case Map::reset:
            registers_.clear();
            monitor_.clear();
            return Request::reset;
        default:
            registers_.word(address) = value;
            return Request::none;
    }
}

NpuControl::Request NpuControl::command(std::uint32_t value) {
    if ((value & Map::clear_irq) != 0) status() &= ~std::uint32_t{Map::irq_raised};
    if ((value & Map::stop) != 0) return Request::abandon;
    const bool is_idle = (status() & (Map::running | Map::reset_ongoing)) == 0;
    if ((value & Map::start) == 0 || !is_idle) return Request::none;
    status() = Map::running;
    return Request::start;
}

}  // namespace u65sim::machine
