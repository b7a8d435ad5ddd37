#include <u65sim/simulate.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "machine/direct/event_queue.hpp"
#include "machine/direct/simulate_again.hpp"
#include "machine/systemc/engine.hpp"
#include "machine/systemc/vcd_file.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"
#include "timing/estimate.hpp"

namespace u65sim {

namespace {

void add(CauseCycles& sum, const CauseCycles& part) {
    for (std::size_t i = 0; i < cause_count; ++i) sum[i] += part[i];
}

template <class Named>
void add_named(std::vector<Named>& sum, const std::vector<Named>& part) {
    if (sum.empty()) {
        sum = part;
        return;
    }
    for (std::size_t i = 0; i < sum.size(); ++i) {
        if constexpr (std::is_same_v<Named, Cycles>) {
            sum[i] += part[i];
        } else {
            sum[i].second += part[i].second;
        }
    }
}

/// Appends a segment's run behind those before it.
void append(Simulation& whole, Simulation part, std::uint32_t segment) {
    const Cycles offset = whole.total;
    const auto first_operation = static_cast<std::uint32_t>(whole.operations.size());
    whole.segment_start.push_back(offset);
    whole.total += part.total;
    whole.events += part.events;
    add(whole.causes, part.causes);
    for (std::size_t port = 0; port < 2; ++port) whole.ports[port] += part.ports[port];
    add_named(whole.pmu, part.pmu);
    whole.units = part.units;
    add_named(whole.unit_busy, part.unit_busy);
    for (OperationRecord& record : part.operations) {
        record.segment = segment;
        record.issue += offset;
        record.start += offset;
        record.end += offset;
        whole.operations.push_back(std::move(record));
    }
    for (Interval& interval : part.timeline) {
        interval.operation += first_operation;
        interval.start += offset;
        interval.end += offset;
        whole.timeline.push_back(interval);
    }
}

/// Throws CycleLimitReached when the kernels are predicted to take much more than the limit, so
/// that nobody waits for a simulation to come that far. Only where that would take long: up to some
/// 1e9 cycles are simulated in less than a second.
void refuse_hopeless(const std::vector<stream::Command>& commands, const Target& target,
                     Cycles limit) {
    constexpr double long_simulation = 1e9;
    constexpr double macs_per_cycle = 1024, elements_per_cycle = 16;  // more than any unit does
    if (static_cast<double>(limit.count()) < long_simulation) return;
    double rough = 0;
    for (const stream::Command& command : commands) {
        if (const auto* op = std::get_if<stream::KernelOp>(&command.action)) {
            const double elements = 1.0 * op->ofm.height * op->ofm.width * op->ofm.depth;
            const double taps = 1.0 * op->kernel.height * op->kernel.width * op->ifm.depth;
            rough += elements / elements_per_cycle;
            if (op->kind == stream::KernelKind::conv) rough += elements * taps / macs_per_cycle;
        }
    }
    if (rough < long_simulation) return;
    timing::KernelEstimator estimator{target};
    double predicted = 0;
    for (const stream::Command& command : commands) {
        const auto* op = std::get_if<stream::KernelOp>(&command.action);
        if (op != nullptr) predicted += static_cast<double>(estimator.total(*op).count());
    }
    constexpr double margin = 1.25;  // predictions are off, and neighbours overlap a little
    if (predicted > margin * static_cast<double>(limit.count())) {
        throw CycleLimitReached(
            fmt::format("its kernels are predicted to take {:.3g} cycles", predicted));
    }
}

/// The cache is of the same target.
Simulation run_segments(const CompiledNetwork& network, const Target& target,
                        const SimulateOptions& options, machine::ReplayCache* cache) {
    Simulation whole;
    std::unique_ptr<machine::VcdFile> vcd;
    if (!options.vcd_file.empty() && options.backend != SimulationBackend::systemc) {
        throw InvalidConfig(fmt::format("vcd_file = {}: needs the back end systemc, not {}",
                                        options.vcd_file, to_string(options.backend)));
    }
    if (!options.vcd_file.empty()) vcd = std::make_unique<machine::VcdFile>(options.vcd_file);
    for (const CompiledNetwork::Step& step : network.steps) {
        if (step.segment < 0) continue;
        const auto index = static_cast<std::size_t>(step.segment);
        if (index >= network.segments.size()) {
            throw InvalidStream(fmt::format("step names segment {}: the network has {}",
                                            step.segment, network.segments.size()));
        }
        const CommandStream& stream = network.segments[index].stream;
        Accelerator wanted = stream.accelerator;
        wanted.clock = target.accelerator.clock;
        if (wanted != target.accelerator) {
            throw InvalidStream(fmt::format("stream of {} on target {}: the accelerators differ",
                                            accelerator_name(stream.accelerator), target.name));
        }
        const std::vector<stream::Command> commands =
            stream::decode(stream.words, stream.accelerator);
        SimulateOptions rest = options;
        rest.cycle_limit -= std::min(options.cycle_limit, whole.total);
        const auto words = static_cast<std::int64_t>(stream.words.size());
        try {
            refuse_hopeless(commands, target, rest.cycle_limit);
            append(whole,
                   options.backend == SimulationBackend::direct
                       ? machine::run_on_event_queue(commands, words, target, rest, cache)
                   : vcd
                       ? machine::trace_on_systemc(commands, words, target, rest, *vcd, whole.total)
                       : machine::run_on_systemc(commands, words, target, rest),
                   static_cast<std::uint32_t>(index));
        } catch (const CycleLimitReached& error) {
            throw CycleLimitReached(
                fmt::format("'{}' takes too long, {}: raise cycle_limit (u65sim run "
                            "--cycle-limit), which is {}",
                            network.name, error.what(), options.cycle_limit.count()));
        }
    }
    if (vcd) vcd->finish(whole.total.count());
    return whole;
}

}  // namespace

std::string_view to_string(SimulationBackend backend) {
    constexpr std::array<std::string_view, simulation_backend_count> names{"systemc", "direct",
                                                                           "systemc-tlm"};
    return names[static_cast<std::size_t>(backend)];
}

Simulation simulate(const CompiledNetwork& network, const Target& target,
                    const SimulateOptions& options) {
    target.validate();
    return run_segments(network, target, options, nullptr);
}

Simulation machine::simulate(const CompiledNetwork& network, const SimulateOptions& options,
                             ReplayCache& cache) {
    const bool helps =
        options.backend == SimulationBackend::direct && !options.timeline && cache.wants_run();
    return run_segments(network, cache.target(), options, helps ? &cache : nullptr);
}

}  // namespace u65sim
