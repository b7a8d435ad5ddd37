// Energy of an inference from a table of costs: an estimate, never a measurement.
#pragma once

#include <optional>
#include <string>

#include <u65sim/report.hpp>

namespace u65sim::study {

/// Costs in picojoules, leakage in milliwatts, and where they are from.
struct EnergyTable {
    std::string source;
    double pj_per_mac = 0.0;
    double pj_per_sram_byte = 0.0;
    double pj_per_dram_byte = 0.0;
    double leakage_mw = 0.0;
};

/// Millijoules of one inference.
struct Energy {
    double macs = 0.0, sram = 0.0, dram = 0.0, leakage = 0.0;
    [[nodiscard]] double total() const { return macs + sram + dram + leakage; }
};

/// MACs of the network, bytes over both ports and latency, each times its cost.
Energy estimate_energy(const EnergyTable& table, const Report& report);

}  // namespace u65sim::study
