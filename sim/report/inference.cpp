// The whole inference in a report: its line of the summary and its section.
#include <algorithm>

#include <fmt/format.h>

#include "report/format.hpp"
#include "report/inference.hpp"
#include "report/join.hpp"

namespace u65sim::report {

void set_npu_time(WholeInference& inference, double ms, double low_ms, double high_ms) {
    inference.npu.ms = ms;
    inference.npu.low_ms = std::min(ms, low_ms) * (1.0 - simulator_error);
    inference.npu.high_ms = std::max(ms, high_ms) * (1.0 + simulator_error);
}

std::string inference_line(const WholeInference& inference) {
    std::string range;
    if (inference.low_ms() != inference.high_ms()) {
        range = fmt::format(", {:.3f} to {:.3f}", inference.low_ms(), inference.high_ms());
    }
    return fmt::format("  {:<16}{:.3f} ms{}: NPU {:.3f}, calls {:.3f}, CPU {:.3f} ms\n",
                       "whole inference", inference.ms(), range, inference.npu.ms,
                       inference.calls.ms, inference.cpu.ms);
}

std::string inference_section(const WholeInference& inference) {
    std::string out = fmt::format("\nthe whole inference\n  {:<24} {:<20}{:>10}{:>10}{:>10}  {}\n",
                                  "part", "", "ms", "from", "to", "by numbers that are");
    const auto row = [&](std::string_view name, std::string_view type, const TimePart& part,
                         std::string_view label) {
        out += fmt::format("  {:<24} {:<20}{:>10.3f}{:>10.3f}{:>10.3f}  {}\n", elided(name, 24),
                           elided(type, 20), part.ms, part.low_ms, part.high_ms, label);
    };
    row("NPU", "simulated", inference.npu,
        fmt::format("{} (memories), +-{:g} %", to_string(inference.npu.kind),
                    100.0 * simulator_error));
    row("driver and runtime", "calls", inference.calls, to_string(inference.calls.kind));
    if (!inference.operators.empty()) {
        row("CPU", "operators", inference.cpu, to_string(inference.cpu.kind));
    }
    for (const CpuOperatorTime& op : inference.operators) {
        const std::string label = op.work.empty() ? std::string{} : fmt::format("as {}", op.work);
        row("  " + op.name, op.type, op.time, label);
    }
    return out;
}

namespace {

nlohmann::ordered_json part_json(const TimePart& part) {
    return {{"ms", part.ms},
            {"low_ms", part.low_ms},
            {"high_ms", part.high_ms},
            {"source", to_string(part.kind)}};
}

}  // namespace

nlohmann::ordered_json inference_json(const WholeInference& inference) {
    nlohmann::ordered_json operators = nlohmann::ordered_json::array();
    for (const CpuOperatorTime& op : inference.operators) {
        nlohmann::ordered_json json = {{"name", op.name}, {"type", op.type}, {"work", op.work}};
        json.update(part_json(op.time));
        operators.push_back(std::move(json));
    }
    return {{"ms", inference.ms()},
            {"low_ms", inference.low_ms()},
            {"high_ms", inference.high_ms()},
            {"npu", part_json(inference.npu)},
            {"calls", part_json(inference.calls)},
            {"cpu", part_json(inference.cpu)},
            {"cpu_operators", std::move(operators)}};
}

}  // namespace u65sim::report
