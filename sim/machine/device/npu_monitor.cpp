#include "machine/device/npu_monitor.hpp"

#include <algorithm>
#include <string_view>

#include <u65sim/npu_registers.hpp>

namespace u65sim::machine {

namespace {

using Register = NpuRegisterMap::Register;

constexpr unsigned npu_active = 0x023, every_cycle = NpuMonitor::every_cycle;

/// Register description; AXI1's are 0x100 behind AXI0's.
constexpr std::array<std::pair<std::string_view, unsigned>, 20> core_events{
    {{"CYCLE", every_cycle},
     {"NPU_IDLE", 0x020},
     {"CC_STALLED_ON_BLOCKDEP", 0x021},
     {"CC_STALLED_ON_SHRAM_RECONFIG", 0x022},
     {"NPU_ACTIVE", npu_active},
     {"MAC_ACTIVE", 0x030},
     {"MAC_ACTIVE_8BIT", 0x031},
     {"MAC_ACTIVE_16BIT", 0x032},
     {"MAC_DPU_ACTIVE", 0x033},
     {"MAC_STALLED_BY_WD_ACC", 0x034},
     {"MAC_STALLED_BY_WD", 0x035},
     {"MAC_STALLED_BY_ACC", 0x036},
     {"MAC_STALLED_BY_IB", 0x037},
     {"MAC_ACTIVE_32BIT", 0x038},
     {"AO_ACTIVE", 0x040},
     {"AO_ACTIVE_8BIT", 0x041},
     {"AO_ACTIVE_16BIT", 0x042},
     {"AO_STALLED_BY_OB", 0x045},
     {"WD_ACTIVE", 0x050},
     {"WD_STALLED_BY_WS", 0x052}}};
constexpr std::array<std::pair<std::string_view, unsigned>, 10> axi_events{
    {{"RD_TRANS_ACCEPTED", 0x080},
     {"RD_TRANS_COMPLETED", 0x081},
     {"RD_DATA_BEAT_RECEIVED", 0x082},
     {"WR_TRANS_ACCEPTED", 0x084},
     {"WR_TRANS_COMPLETED_M", 0x085},
     {"WR_TRANS_COMPLETED_S", 0x086},
     {"WR_DATA_BEAT_WRITTEN", 0x087},
     {"ENABLED_CYCLES", 0x08C},
     {"RD_STALL_LIMIT", 0x08E},
     {"WR_STALL_LIMIT", 0x08F}}};

}  // namespace

unsigned event_number(const std::string& name) {
    for (const auto& [known, number] : core_events) {
        if (name == known) return number;
    }
    for (const auto& [known, number] : axi_events) {
        if (!name.starts_with("AXI") || name.size() < 6 || name.substr(5) != known) continue;
        return name[3] == '0' ? number : number + 0x100;
    }
    return 0;
}

bool NpuMonitor::has(unsigned address) {
    const auto within = [address](unsigned first, unsigned words) {
        return address >= first && address < first + 4 * words;
    };
    return within(Register::pmcr, 7) || within(Register::pmccntr, 4) ||
           within(Register::pmevcntr, event_counters) ||
           within(Register::pmevtyper, event_counters);
}

/// A counter that starts with NPU_ACTIVE runs while a stream does; any other one always.
unsigned NpuMonitor::cycle_event() const {
    return (cycle_config_ & 0x3FFU) == npu_active ? npu_active : every_cycle;
}

void NpuMonitor::bring_up(Counter& counter, unsigned bit, unsigned width) {
    const std::int64_t now = count_(counter.event);
    if (counts(bit)) {
        const std::uint64_t sum = counter.value + static_cast<std::uint64_t>(now - counter.seen);
        if (sum >> width != 0) overflowed_ |= 1U << bit;
        counter.value = sum & ((std::uint64_t{1} << width) - 1);
    }
    counter.seen = now;
}

void NpuMonitor::bring_up() {
    for (unsigned i = 0; i < event_counters; ++i) bring_up(counters_[i], i, 32);
    bring_up(cycles_, cycle_counter, 48);
}

void NpuMonitor::clear() {
    control_ = enabled_ = overflowed_ = interrupts_ = cycle_config_ = axi_channel_ = 0;
    counters_ = {};
    cycles_ = {.event = every_cycle};
    bring_up();
}

std::uint32_t NpuMonitor::read(unsigned address) {
    bring_up();
    switch (address) {
        case Register::pmcr:
            return control_ | event_counters << 11;
        case Register::pmcntenset:
        case Register::pmcntenclr:
            return enabled_;
        case Register::pmovsset:
        case Register::pmovsclr:
            return overflowed_;
        case Register::pmintset:
        case Register::pmintclr:
            return interrupts_;
        case Register::pmccntr:
            return static_cast<std::uint32_t>(cycles_.value);
        case Register::pmccntr + 4:
            return static_cast<std::uint32_t>(cycles_.value >> 32);
        case Register::pmccntr_cfg:
            return cycle_config_;
        case Register::pmcaxi_chan:
            return axi_channel_;
        default:
            break;
    }
    const bool type = address >= Register::pmevtyper;
    const Counter& counter =
        counters_[(address - (type ? Register::pmevtyper : Register::pmevcntr)) / 4];
    return type ? counter.event : static_cast<std::uint32_t>(counter.value);
}

void NpuMonitor::write(unsigned address, std::uint32_t value) {
    constexpr std::uint32_t all = 1U << cycle_counter | ((1U << event_counters) - 1);
    constexpr std::uint32_t reset_events = 1U << 1, reset_cycles = 1U << 2,
                            kept = 1U << 0 | 1U << 3;
    bring_up();
    switch (address) {
        case Register::pmcr:
            control_ = value & kept;
            if ((value & reset_events) != 0) {
                for (Counter& counter : counters_) counter.value = 0;
            }
            if ((value & reset_cycles) != 0) cycles_.value = 0;
            return;
        case Register::pmcntenset:
            enabled_ |= value & all;
            return;
        case Register::pmcntenclr:
            enabled_ &= ~value;
            return;
        case Register::pmovsset:
            overflowed_ |= value & all;
            return;
        case Register::pmovsclr:
            overflowed_ &= ~value;
            return;
        case Register::pmintset:
            interrupts_ |= value & all;
            return;
        case Register::pmintclr:
            interrupts_ &= ~value;
            return;
        case Register::pmccntr:
            cycles_.value = (cycles_.value & ~std::uint64_t{0xFFFF'FFFF}) | value;
            return;
        case Register::pmccntr + 4:
            cycles_.value = (cycles_.value & 0xFFFF'FFFF) | std::uint64_t{value & 0xFFFFU} << 32;
            return;
        case Register::pmccntr_cfg:
            cycle_config_ = value & 0x03FF'03FF;
            cycles_.event = cycle_event();
            cycles_.seen = count_(cycles_.event);
            return;
        case Register::pmcaxi_chan:
            axi_channel_ = value;
            return;
        default:
            break;
    }
    const bool type = address >= Register::pmevtyper;
    Counter& counter = counters_[(address - (type ? Register::pmevtyper : Register::pmevcntr)) / 4];
    if (type) {
        counter.event = value & 0x3FF;
        counter.seen = count_(counter.event);
    } else {
        counter.value = value;
    }
}

}  // namespace u65sim::machine
