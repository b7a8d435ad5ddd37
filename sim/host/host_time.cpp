// Driver calls, runtime and CPU operators of a network, from the target's host terms.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include <u65sim/host.hpp>

#include "target/fields.hpp"

namespace u65sim {
namespace {

using Kind = FieldSource::Kind;

/// How far a number of this kind is from the board itself.
int doubt(Kind kind) {
    switch (kind) {
        case Kind::measured:
            return 0;
        case Kind::vendor:
            return 1;
        case Kind::published:
            return 2;
        case Kind::assumed:
            break;
    }
    return 3;
}

/// Changes between NPU segments and CPU operators, in the order of execution.
double alternations(const CompiledNetwork& network) {
    double changes = 0;
    for (std::size_t i = 1; i < network.steps.size(); ++i) {
        changes += (network.steps[i].segment >= 0) != (network.steps[i - 1].segment >= 0) ? 1 : 0;
    }
    return changes;
}

double calls_us(const CompiledNetwork& network, const HostTime& host) {
    const auto segments = static_cast<double>(network.segments.size());
    const auto operators = static_cast<double>(network.cpu_operators.size());
    double us = host.inference_us + host.driver_call_us * segments +
                host.runtime_operator_us * (segments + operators) +
                host.alternation_us * alternations(network);
    if (host.cache_bytes_per_us > 0.0) {
        const auto arena = static_cast<double>((network.arena_size + network.fast_size).count());
        us += 2.0 * arena * segments / host.cache_bytes_per_us;
    }
    return us;
}

/// How many times as long as with 8 bits: low, typical, high.
std::array<double, 3> by_type(std::string_view type, Cpu cpu) {
    const bool is_wide = cpu == Cpu::cortex_a55;
    if (type.starts_with("float")) {
        // Microcontrollers run floats in the runtime's reference kernels.
        return is_wide ? std::array{2.0, 4.0, 8.0} : std::array{4.0, 12.0, 40.0};
    }
    if (type == "int16" || type == "uint16") return {1.5, 2.0, 5.0};
    if (type == "int32" || type == "uint32") return {1.5, 3.0, 8.0};
    if (type == "int64" || type == "uint64") return {2.0, 6.0, 16.0};
    return {1.0, 1.0, 1.0};
}

/// The CPU's cost of the operator's work; nothing without a CPU.
std::optional<CpuCost> cost_of(const CpuOperator& op, Cpu cpu) {
    const std::string_view work = work_of(op.type);
    for (const CpuCost& each : cpu_costs(cpu)) {
        if (each.work == work) return each;
    }
    return std::nullopt;
}

struct Ends {
    HostTime fast, typical, slow;
};

double terms_us(const CpuOperator& op, const HostTime& host) {
    double us = host.cpu_operator_us;
    if (host.cpu_bytes_per_us > 0.0) {
        us += static_cast<double>(op.operand_bytes.count()) / host.cpu_bytes_per_us;
    }
    return us;
}

CpuOperatorTime operator_time(const CpuOperator& op, const Ends& ends) {
    CpuOperatorTime result{op.name, op.type, {}, {}};
    TimePart& time = result.time;
    time.ms = terms_us(op, ends.typical) / 1000.0;
    time.low_ms = terms_us(op, ends.fast) / 1000.0;
    time.high_ms = terms_us(op, ends.slow) / 1000.0;
    const auto cost = cost_of(op, ends.typical.cpu);
    if (!cost) return result;
    result.work = cost->work;
    const bool by_macs = cost->unit == "MAC" && op.macs.count() > 0;
    const auto units = static_cast<double>(by_macs ? op.macs.count() : op.elements);
    const auto wider = by_type(op.data_type, ends.typical.cpu);
    const auto in_ms = [&](double cycles, double times, Hertz clock) {
        return units * cycles * times / static_cast<double>(clock.count()) * 1000.0;
    };
    time.ms += in_ms(cost->typical, wider[1], ends.typical.cpu_clock);
    time.low_ms += in_ms(cost->low, wider[0], ends.fast.cpu_clock);
    time.high_ms += in_ms(cost->high, wider[2], ends.slow.cpu_clock);
    return result;
}

/// The least certain source of these fields, of those that are not zero; `unstated` where the
/// target says nothing of one.
Kind least_certain(const Target& target, const std::vector<std::string_view>& keys, Kind unstated) {
    std::optional<Kind> worst;
    for (const std::string_view key : keys) {
        const fields::Field& field = *fields::find(key);
        const auto value = fields::number(field, field.get(target));
        if (!value || *value == 0.0) continue;
        const FieldSource* source = fields::source_of(target, field);
        const Kind kind = source ? source->kind : unstated;
        if (!worst || doubt(kind) > doubt(*worst)) worst = kind;
    }
    return worst.value_or(unstated);
}

}  // namespace

WholeInference host_time(const CompiledNetwork& network, const Target& target) {
    const Ends ends{target.at(RangeEnd::fast).host, target.host, target.at(RangeEnd::slow).host};
    WholeInference result;
    result.calls.ms = calls_us(network, ends.typical) / 1000.0;
    result.calls.low_ms = calls_us(network, ends.fast) / 1000.0;
    result.calls.high_ms = calls_us(network, ends.slow) / 1000.0;
    result.calls.kind =
        least_certain(target,
                      {"host.driver_call_us", "host.inference_us", "host.runtime_operator_us",
                       "host.alternation_us", "host.cache_bytes_per_us"},
                      Kind::assumed);
    for (const CpuOperator& op : network.cpu_operators) {
        result.operators.push_back(operator_time(op, ends));
        const TimePart& time = result.operators.back().time;
        result.cpu.ms += time.ms;
        result.cpu.low_ms += time.low_ms;
        result.cpu.high_ms += time.high_ms;
    }
    // Costs of CPU operators are assumed wherever a table gives them.
    if (target.host.cpu == Cpu::none) {
        result.cpu.kind =
            least_certain(target, {"host.cpu_operator_us", "host.cpu_bytes_per_us"}, Kind::assumed);
    }
    std::vector<std::string_view> memories{"accelerator.clock", "sram.bandwidth",
                                           "sram.read_latency"};
    if (target.memory_mode != MemoryMode::sram_only) {
        memories.insert(memories.end(), {"dram.bandwidth", "dram.read_latency"});
    }
    // What a target does not speak of is as Arm's evaluation kit has it.
    result.npu.kind = least_certain(target, memories, Kind::published);
    return result;
}

}  // namespace u65sim
