#include <algorithm>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "base/hash.hpp"
#include "report/ceilings.hpp"
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

    report.sram.ceilings = report::port_ceilings(target, 0, simulation.ports[0]);
    report.dram.ceilings = report::port_ceilings(target, 1, simulation.ports[1]);
}

/// The reason of the first operator left to the CPU stands for all.
std::string why_nothing_runs(const Report::Model& model) {
    if (model.cpu_operators.empty()) return "it has nothing to compute";
    const CpuOperator& first = model.cpu_operators.front();
    return fmt::format("none of its {} operators runs on the NPU ({} '{}': {})",
                       model.cpu_operators.size(), first.type, first.name, first.reason);
}

/// The network's, without those of operators left to the CPU.
Macs macs_on_npu(const CompiledNetwork& network) {
    Macs left = network.macs;
    for (const CpuOperator& op : network.cpu_operators) left = left - op.macs;
    return left;
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
                   const Simulation& simulation, const LowerBound& bound) {
    const std::int64_t peak = target.peak_macs_per_cycle();
    const auto labels = report::labels_of(network, simulation);

    Report report;
    report.u65sim_version = version();
    report.model.name = network.name;
    report.model.producer = network.producer;
    report.model.macs = network.macs;
    report.model.npu_macs = macs_on_npu(network);
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
            static_cast<double>(report.model.npu_macs.count()) /
            (static_cast<double>(peak) * static_cast<double>(simulation.total.count()));
    }
    fill_memories(report, network, target, simulation);
    report.encoded_weight_bytes = network.encoded_weight_bytes;
    report.pmu = simulation.pmu;
    report.stalls = simulation.causes;
    report.spills = report::spill_events(network, simulation, labels);
    report::OperatorRows rows = report::operator_rows(simulation, labels, peak);
    report.operators = std::move(rows.rows);
    report.total.bound = bound.cycles;
    report.total.limit = bound.limit;
    report::add_bounds(report.operators, bound);
    report.live_ranges = report::live_ranges(network, target, simulation, labels);
    report.timeline = report::timeline(simulation, rows.row_of);
    if (target.host != HostTime{} || target.has_ranges()) {
        report.inference = host_time(network, target);
        report::set_npu_time(*report.inference, report.npu_ms(), report.npu_ms(), report.npu_ms());
    }
    report.assumptions = report::assumptions(network, target, report.total.host_ms);
    return report;
}

double Report::npu_share() const {
    if (!runs_on_npu()) return 0.0;
    if (model.macs.count() > 0) {
        return static_cast<double>(model.npu_macs.count()) /
               static_cast<double>(model.macs.count());
    }
    const auto on_cpu = static_cast<double>(model.cpu_operators.size());
    const auto on_npu = static_cast<double>(model.npu_operators);
    return on_npu + on_cpu > 0.0 ? on_npu / (on_npu + on_cpu) : 1.0;
}

double Report::latency_ms() const {
    if (!runs_on_npu()) {
        throw NothingOnNpu(fmt::format("network '{}' has no latency on {}: {}", model.name,
                                       target.name, why_nothing_runs(model)));
    }
    return npu_ms() + total.host_ms;
}

double report::milliseconds(Cycles cycles, Hertz clock) {
    if (clock.count() <= 0) return 0.0;
    return static_cast<double>(cycles.count()) / static_cast<double>(clock.count()) * 1000.0;
}

double Report::npu_ms() const {
    return report::milliseconds(total.cycles, target.accelerator.clock);
}

double Report::inference_ms() const { return inference ? inference->ms() : latency_ms(); }

}  // namespace u65sim
