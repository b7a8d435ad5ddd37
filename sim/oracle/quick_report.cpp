#include "oracle/quick_report.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "oracle/quick_error.hpp"
#include "report/join.hpp"

namespace u65sim::oracle {

namespace {

/// Times of the rules on the scale of the corrected total.
class Scale {
public:
    Scale(Cycles from, Cycles to)
        : factor_(from.count() > 0
                      ? static_cast<double>(to.count()) / static_cast<double>(from.count())
                      : 1.0) {}
    [[nodiscard]] Cycles operator()(std::int64_t cycles) const {
        return Cycles{std::llround(static_cast<double>(cycles) * factor_)};
    }

private:
    double factor_;
};

/// A row an operator; their cycles add up to the total.
void add_operators(Report& report, const Graph& graph, const compiler::quick::QuickAnswer& answer) {
    const Scale scale{answer.cycles, report.total.cycles};
    const std::int64_t peak = report.target.peak_macs_per_cycle();
    std::int64_t sum = 0;
    Cycles given{0};
    for (const auto& time : answer.operators) {
        const Operator& op = graph.operators[static_cast<std::size_t>(time.graph_operator)];
        OperatorReport& row = report.operators.emplace_back();
        row.name = op.name;
        row.type = to_string(op.type);
        row.graph_operator = time.graph_operator;
        row.start_cycle = scale(time.start);
        row.end_cycle = scale(time.end);
        sum += time.cycles;
        row.cycles = scale(sum) - given;
        given = scale(sum);
        row.macs = count_macs(graph, op);
        if (row.cycles.count() > 0 && peak > 0) {
            row.mac_utilization =
                static_cast<double>(row.macs.count()) /
                (static_cast<double>(peak) * static_cast<double>(row.cycles.count()));
        }
        row.block = fmt::format("{}x{}x{}", time.block.height, time.block.width, time.block.depth);
        row.sram_bytes = Bytes{time.sram_bytes};
        row.dram_bytes = Bytes{time.dram_bytes};
        row.kernels = time.kernels;
        row.dmas = time.dmas;
    }
}

void add_memories(Report& report, const Target& target,
                  const compiler::quick::QuickAnswer& answer) {
    const bool constants_in_sram = target.memory_mode == MemoryMode::sram_only;
    report.sram.capacity = target.sram.size;
    report.sram.peak = answer.fast_peak;
    if (constants_in_sram) report.sram.peak += answer.constants;
    report.dram.capacity = target.off_chip.size;
    report.dram_model_bytes = constants_in_sram ? Bytes{0} : answer.constants;
    report.dram_activation_bytes = answer.off_chip_maps;
    report.dram.peak = report.dram_model_bytes + report.dram_activation_bytes;
    report.encoded_weight_bytes = answer.encoded_weights;
    report.sram.read = Bytes{answer.read[0]};
    report.sram.write = Bytes{answer.written[0]};
    report.dram.read = Bytes{answer.read[1]};
    report.dram.write = Bytes{answer.written[1]};
}

void add_spills(Report& report, const compiler::quick::QuickAnswer& answer) {
    for (const auto& spill : answer.spills) {
        SpillEvent& event = report.spills.emplace_back();
        event.tensor = spill.tensor;
        event.bytes = spill.bytes;
        event.reason = "the fast memory is full while it lives, by the rules of effort quick";
        event.producer = spill.producer;
        event.consumers = spill.consumers;
        event.dram_read_bytes = spill.read;
        event.dram_write_bytes = spill.written;
    }
}

/// For people: where a simulation's latency is.
std::string sentence_of(const Report& report) {
    const CycleInterval& interval = *report.interval;
    const auto in_ms = [&](Cycles cycles) {
        return report::milliseconds(cycles, report.target.accelerator.clock) + report.total.host_ms;
    };
    return fmt::format(
        "effort quick, not simulated: a simulation takes {:.3f} to {:.3f} ms, which held for "
        "{:.0f} % "
        "of the networks it was checked on, by {}",
        in_ms(interval.low), in_ms(interval.high), 100.0 * interval.coverage, interval.source);
}

/// What the report takes from a compiled network without streams.
CompiledNetwork outline(const Graph& graph, const compiler::quick::QuickAnswer& answer) {
    CompiledNetwork network;
    network.segments.resize(static_cast<std::size_t>(answer.segments));
    for (NpuSegment& segment : network.segments) segment.labels.resize(1);
    network.cpu_operators = answer.cpu_operators;
    network.graph.notes = graph.notes;
    return network;
}

}  // namespace

Report quick_report(const Graph& graph, const Target& target,
                    const compiler::quick::QuickAnswer& answer, Bytes file_size) {
    Report report;
    report.u65sim_version = version();
    report.target = target;
    report.model.name = graph.name;
    report.model.producer = fmt::format("u65sim {} with effort quick", version());
    report.model.macs = report.model.npu_macs = count_macs(graph);
    for (const CpuOperator& op : answer.cpu_operators) {
        report.model.npu_macs = report.model.npu_macs - op.macs;
    }
    report.model.parameters = count_parameters(graph);
    report.model.file_bytes = file_size;
    report.model.npu_operators = static_cast<std::int32_t>(graph.operators.size()) -
                                 static_cast<std::int32_t>(answer.cpu_operators.size());
    report.model.cpu_operators = answer.cpu_operators;
    Corrected known = corrected(target, answer);
    report.total.cycles = known.cycles;
    report.interval = std::move(known.interval);
    const std::int64_t peak = target.peak_macs_per_cycle();
    if (report.total.cycles.count() > 0 && peak > 0) {
        report.total.mac_utilization =
            static_cast<double>(report.model.npu_macs.count()) /
            (static_cast<double>(peak) * static_cast<double>(report.total.cycles.count()));
    }
    const CompiledNetwork network = outline(graph, answer);
    report.total.host_ms = report::host_time_ms(network, target.host);
    add_memories(report, target, answer);
    add_operators(report, graph, answer);
    add_spills(report, answer);
    report.assumptions = report::assumptions(network, target, report.total.host_ms);
    report.assumptions.insert(report.assumptions.begin(), sentence_of(report));
    return report;
}

}  // namespace u65sim::oracle
