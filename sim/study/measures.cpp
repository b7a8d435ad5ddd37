#include "study/measures.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace u65sim::study {
namespace {

/// What effort quick tells of a measure.
enum class ByQuick : std::uint8_t {
    nothing,    ///< a figure without a known error
    by_cycles,  ///< rises or falls with the cycles
    exactly,    ///< a simulation's report has the same
};

struct Measure {
    StudyMeasure info;
    std::function<double(const Report&)> value;
    ByQuick by_quick = ByQuick::nothing;
};

double number(std::int64_t value) { return static_cast<double>(value); }

const std::vector<Measure>& table() {
    static const std::vector<Measure> measures{
        {{"latency_ms", "ms", "Time of one inference, host time included"},
         [](const Report& r) { return r.latency_ms(); },
         ByQuick::by_cycles},
        {{"inference_ms", "ms", "Time of the whole inference: NPU, calls and CPU operators"},
         [](const Report& r) { return r.inference_ms(); }},
        {{"npu_cycles", "cycles", "Cycles in which the NPU is active"},
         [](const Report& r) { return number(r.total.cycles.count()); },
         ByQuick::by_cycles},
        {{"inferences_per_s", "1/s", "Inferences a second, one behind the other", true},
         [](const Report& r) { return r.latency_ms() > 0 ? 1000.0 / r.latency_ms() : 0.0; },
         ByQuick::by_cycles},
        {{"mac_utilization", "%", "MACs done of those the array could have done", true},
         [](const Report& r) { return 100.0 * r.total.mac_utilization; },
         ByQuick::by_cycles},
        {{"macs", "MAC", "Multiply-accumulates of the network"},
         [](const Report& r) { return number(r.model.macs.count()); },
         ByQuick::exactly},
        {{"parameters", "", "Weights and biases of the network"},
         [](const Report& r) { return number(r.model.parameters); },
         ByQuick::exactly},
        {{"weight_bytes", "B", "Encoded weights and scales in the compiled network"},
         [](const Report& r) { return number(r.encoded_weight_bytes.count()); }},
        {{"sram_peak_bytes", "B", "Highest SRAM byte in use"},
         [](const Report& r) { return number(r.sram.peak.count()); }},
        {{"sram_bytes", "B", "Bytes read and written over AXI0"},
         [](const Report& r) { return number((r.sram.read + r.sram.write).count()); }},
        {{"dram_read_bytes", "B", "Bytes read over AXI1"},
         [](const Report& r) { return number(r.dram.read.count()); }},
        {{"dram_write_bytes", "B", "Bytes written over AXI1"},
         [](const Report& r) { return number(r.dram.write.count()); }},
        {{"dram_bytes", "B", "Bytes read and written over AXI1"},
         [](const Report& r) { return number((r.dram.read + r.dram.write).count()); }},
        {{"dram_footprint_bytes", "B", "Off-chip memory for model and activations"},
         [](const Report& r) { return number(r.dram.peak.count()); }},
        {{"spills", "", "Feature maps that live in DRAM for want of SRAM"},
         [](const Report& r) { return number(static_cast<std::int64_t>(r.spills.size())); }},
        {{"spilled_bytes", "B", "Size of those feature maps"},
         [](const Report& r) {
             Bytes total{0};
             for (const SpillEvent& spill : r.spills) total += spill.bytes;
             return number(total.count());
         }},
        {{"cpu_operators", "", "Operators that the NPU cannot run"},
         [](const Report& r) {
             return number(static_cast<std::int64_t>(r.model.cpu_operators.size()));
         }},
    };
    return measures;
}

const std::vector<StudyMeasure>& energies() {
    static const std::vector<StudyMeasure> measures{
        {"energy_mj", "mJ", "Energy of one inference, an estimate"},
        {"energy_macs_mj", "mJ", "Its part for multiply-accumulates"},
        {"energy_sram_mj", "mJ", "Its part for SRAM traffic"},
        {"energy_dram_mj", "mJ", "Its part for DRAM traffic"},
        {"energy_leakage_mj", "mJ", "Its part for leakage over the latency"},
    };
    return measures;
}

}  // namespace

std::optional<std::size_t> find_measure(std::string_view key) {
    const std::vector<StudyMeasure> all = study_measures();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [key](const StudyMeasure& each) { return each.key == key; });
    if (found == all.end()) return std::nullopt;
    return static_cast<std::size_t>(found - all.begin());
}

std::vector<std::optional<double>> measure(const Report& report,
                                           const std::optional<EnergyTable>& energy) {
    std::vector<std::optional<double>> values;
    for (const Measure& each : table()) values.emplace_back(each.value(report));
    if (energy) {
        const Energy spent = estimate_energy(*energy, report);
        for (const double value :
             {spent.total(), spent.macs, spent.sram, spent.dram, spent.leakage}) {
            values.emplace_back(value);
        }
    } else {
        values.resize(values.size() + energies().size());
    }
    return values;
}

std::vector<std::optional<StudyBounds>> bounds(Report quick) {
    const Cycles cycles = quick.total.cycles;
    const double utilization = quick.total.mac_utilization;
    const CycleInterval interval = *quick.interval;
    std::vector<std::optional<StudyBounds>> all(study_measures().size());
    const auto add = [&](Cycles end) {
        quick.total.cycles = end;
        if (end.count() > 0) {
            quick.total.mac_utilization =
                utilization * number(cycles.count()) / number(end.count());
        }
        for (std::size_t at = 0; at < table().size(); ++at) {
            if (table()[at].by_quick == ByQuick::nothing) continue;
            const double value = table()[at].value(quick);
            if (!all[at]) all[at] = StudyBounds{value, value};
            all[at]->least = std::min(all[at]->least, value);
            all[at]->most = std::max(all[at]->most, value);
        }
    };
    add(interval.least);
    add(interval.most);
    return all;
}

}  // namespace u65sim::study

namespace u65sim {

std::vector<StudyMeasure> study_measures() {
    std::vector<StudyMeasure> all;
    for (const study::Measure& each : study::table()) all.push_back(each.info);
    const auto& energies = study::energies();
    all.insert(all.end(), energies.begin(), energies.end());
    return all;
}

}  // namespace u65sim
