#include <algorithm>

#include "base/hash.hpp"
#include "report/join.hpp"

namespace u65sim {

namespace {

/// Command streams stand in memory beside the constants.
Bytes stream_bytes(const CompiledNetwork& network) {
    Bytes total{0};
    for (const NpuSegment& segment : network.segments) {
        total += Bytes{static_cast<std::int64_t>(segment.stream.words.size()) * 4};
    }
    return total;
}

void fill_memories(Report& report, const CompiledNetwork& network, const Target& target,
                   const Simulation& simulation) {
    const Bytes constants = Bytes{static_cast<std::int64_t>(network.constants.size())} +
                            network.modelled_constants + stream_bytes(network);
    const Bytes arena = network.arena_size;
    const bool arena_in_sram = target.memory_mode != MemoryMode::dedicated_sram;
    const bool constants_in_sram = target.memory_mode == MemoryMode::sram_only;

    report.sram.capacity = target.sram.size;
    report.sram.peak = network.fast_size;
    if (arena_in_sram) report.sram.peak += arena;
    if (constants_in_sram) report.sram.peak += constants;
    report.sram.read = simulation.ports[0].read_bytes();
    report.sram.write = simulation.ports[0].write_bytes();

    report.dram.capacity = target.off_chip.size;
    report.dram_model_bytes = constants_in_sram ? Bytes{0} : constants;
    report.dram_activation_bytes = arena_in_sram ? Bytes{0} : arena;
    report.dram.peak = report.dram_model_bytes + report.dram_activation_bytes;
    report.dram.read = simulation.ports[1].read_bytes();
    report.dram.write = simulation.ports[1].write_bytes();
}

/// The network's, without those of operators left to the CPU.
Macs macs_on_npu(const CompiledNetwork& network, const Simulation& simulation) {
    if (network.cpu_operators.empty()) return network.macs;
    Macs sum{0};
    for (const OperationRecord& operation : simulation.operations) sum += operation.macs;
    return std::min(sum, network.macs);
}

}  // namespace

std::uint64_t report::content_hash(const CompiledNetwork& network) {
    Hasher hasher;
    for (const NpuSegment& segment : network.segments) {
        hasher.add(segment.stream.words.size());
        for (const std::uint32_t word : segment.stream.words) hasher.add(std::uint64_t{word});
    }
    if (network.constants_hash != 0) {
        hasher.add(network.constants_hash);
        return hasher.digest();
    }
    hasher.add(std::span{network.constants});
    if (network.modelled_constants.count() > 0) {
        hasher.add(static_cast<std::uint64_t>(network.modelled_constants.count()));
    }
    return hasher.digest();
}

Report make_report(const CompiledNetwork& network, const Target& target,
                   const Simulation& simulation) {
    const std::int64_t peak = target.peak_macs_per_cycle();
    const auto labels = report::labels_of(network, simulation);

    Report report;
    report.u65sim_version = version();
    report.model.name = network.name;
    report.model.producer = network.producer;
    report.model.macs = network.macs;
    report.model.parameters = network.parameters;
    report.model.file_bytes = network.file_size;
    const auto operators = static_cast<std::int32_t>(network.graph.operators.size());
    const auto on_cpu = static_cast<std::int32_t>(network.cpu_operators.size());
    report.model.npu_operators = std::max(operators - on_cpu, 0);
    report.model.cpu_operators = network.cpu_operators;
    report.model.content_hash = report::content_hash(network);
    report.target = target;
    report.total.cycles = simulation.total;
    report.total.host_ms = report::host_time_ms(network, target.host);
    if (simulation.total.count() > 0) {
        report.total.mac_utilization =
            static_cast<double>(macs_on_npu(network, simulation).count()) /
            (static_cast<double>(peak) * static_cast<double>(simulation.total.count()));
    }
    fill_memories(report, network, target, simulation);
    report.encoded_weight_bytes = network.encoded_weight_bytes;
    report.pmu = simulation.pmu;
    report.stalls = simulation.causes;
    report.spills = report::spill_events(network, simulation, labels);
    report::OperatorRows rows = report::operator_rows(simulation, labels, peak);
    report.operators = std::move(rows.rows);
    report.live_ranges = report::live_ranges(network, target, simulation, labels);
    report.timeline = report::timeline(simulation, rows.row_of);
    report.assumptions = report::assumptions(network, target, report.total.host_ms);
    return report;
}

double Report::latency_ms() const {
    const double npu_ms = target.accelerator.clock.count() > 0
                              ? static_cast<double>(total.cycles.count()) /
                                    static_cast<double>(target.accelerator.clock.count()) * 1000.0
                              : 0.0;
    return npu_ms + total.host_ms;
}

}  // namespace u65sim
