#include <algorithm>

#include <fmt/format.h>

#include "report/join.hpp"
#include "target/traffic_text.hpp"

namespace u65sim::report {

namespace {

/// Of a file that says odd things of every tensor, these are enough for a reader.
constexpr std::size_t most_notes = 20;

/// CPU operators and driver calls.
void add_host(std::vector<std::string>& result, const CompiledNetwork& network,
              const HostTime& host) {
    const std::size_t cpu = network.cpu_operators.size();
    const bool cpu_has_a_cost = host.cpu_operator_us > 0.0 || host.cpu_bytes_per_us > 0.0;
    if (cpu > 0 && !cpu_has_a_cost) {
        result.push_back(fmt::format("time of {} CPU operator{} is not included{}", cpu,
                                     cpu == 1 ? "" : "s",
                                     host.cpu == Cpu::none ? "" : " in the latency"));
    } else if (cpu > 0) {
        std::string rate =
            host.cpu_bytes_per_us > 0.0
                ? fmt::format(" plus their operands at {} B/us", host.cpu_bytes_per_us)
                : std::string{};
        result.push_back(fmt::format("{} CPU operator{} assumed to take {} us each{}", cpu,
                                     cpu == 1 ? " is" : "s are", host.cpu_operator_us, rate));
    }
    if (host.driver_call_us > 0.0) {
        const std::size_t calls = network.segments.size();
        result.push_back(fmt::format(
            "{} assumed to take {} us",
            calls == 1 ? "the driver call is" : fmt::format("each of {} driver calls is", calls),
            host.driver_call_us));
    } else {
        result.emplace_back("time of the driver call is not included");
    }
}

/// Who else uses the memories.
void add_masters(std::vector<std::string>& result, const Target& target) {
    bool alone = target.traffic.empty();
    for (const bool sram : {true, false}) {
        const double available = (sram ? target.sram : target.off_chip).available;
        if (available == 1.0) continue;
        alone = false;
        result.push_back(
            fmt::format("other masters leave {:g} % of the bandwidth behind {} ({}.available)",
                        100.0 * available, sram ? "AXI0" : "AXI1", sram ? "sram" : "dram"));
    }
    if (alone) result.emplace_back("the NPU has both memory ports to itself");
}

}  // namespace

double host_time_ms(const CompiledNetwork& network, const HostTime& host) {
    double microseconds = host.driver_call_us * static_cast<double>(network.segments.size());
    for (const CpuOperator& op : network.cpu_operators) {
        microseconds += host.cpu_operator_us;
        if (host.cpu_bytes_per_us > 0.0) {
            microseconds += static_cast<double>(op.operand_bytes.count()) / host.cpu_bytes_per_us;
        }
    }
    return microseconds / 1000.0;
}

std::vector<std::string> assumptions(const CompiledNetwork& network, const Target& target,
                                     double host_ms) {
    std::vector<std::string> result;
    for (const std::string& each : target.hypotheses()) {
        result.push_back("HYPOTHETICAL HARDWARE: " + each);
    }
    if (!target.traffic.empty()) {
        result.push_back(
            fmt::format("{} uses the memories too, which the compiler does not take into account",
                        text::format_traffic(target.traffic)));
    }
    const std::vector<std::string>& notes = network.graph.notes;
    const std::size_t shown = std::min(notes.size(), most_notes);
    result.insert(result.end(), notes.begin(), notes.begin() + static_cast<std::ptrdiff_t>(shown));
    if (shown < notes.size()) {
        result.push_back(
            fmt::format("{} more notes on the file, which a dump of its graph lists (u65sim graph)",
                        notes.size() - shown));
    }
    add_host(result, network, target.host);
    if (host_ms > 0.0) {
        result.push_back(fmt::format("latency includes {:.3f} ms outside the NPU", host_ms));
    }
    if (target.ideal_memory) {
        result.emplace_back("memory is ideal: no latency, no bandwidth cap");
    }
    bool labelled = true;
    for (const NpuSegment& segment : network.segments) labelled &= !segment.labels.empty();
    if (!labelled) {
        result.emplace_back(
            "the command streams name no operators: rows are kernels, spills are not told apart");
    }
    add_masters(result, target);
    return result;
}

}  // namespace u65sim::report
