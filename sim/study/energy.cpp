#include "study/energy.hpp"

namespace u65sim::study {

Energy estimate_energy(const EnergyTable& table, const Report& report) {
    constexpr double millijoules_per_picojoule = 1e-9;
    const auto cost = [](double picojoules, std::int64_t count) {
        return picojoules * static_cast<double>(count) * millijoules_per_picojoule;
    };
    Energy energy;
    energy.macs = cost(table.pj_per_mac, report.model.macs.count());
    energy.sram =
        cost(table.pj_per_sram_byte, report.sram.read.count() + report.sram.write.count());
    energy.dram =
        cost(table.pj_per_dram_byte, report.dram.read.count() + report.dram.write.count());
    energy.leakage = table.leakage_mw * report.latency_ms() * 1e-3;
    return energy;
}

}  // namespace u65sim::study
