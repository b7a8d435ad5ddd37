#include <u65sim/bound.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include "bound/compulsory_work.hpp"
#include "bound/port_time.hpp"
#include "bound/stream_work.hpp"
#include "timing/axi.hpp"

namespace u65sim {

namespace {

using bound::both_ports_cycles;
using bound::CompulsoryWork;
using bound::needed_of;
using bound::OperatorWork;
using bound::port_cycles;
using bound::PortLoad;
using bound::Region;
using timing::PortRules;

struct Candidate {
    std::int64_t cycles = 0;
    Limit limit = Limit::none;
};
/// The largest; the first of equal ones.
template <std::size_t Count>
Candidate largest(const std::array<Candidate, Count>& candidates) {
    return *std::max_element(
        candidates.begin(), candidates.end(),
        [](const Candidate& a, const Candidate& b) { return a.cycles < b.cycles; });
}

class Bounder {
public:
    Bounder(const CompiledNetwork& network, const Target& target)
        : network_(network),
          target_(target),
          arch_(architecture(target.accelerator)),
          rules_{timing::port_rules(target, arch_, 0), timing::port_rules(target, arch_, 1)},
          runs_(static_cast<std::int64_t>(network.segments.size())),
          work_(network.graph, on_cpu(network), target.accelerator) {}

    LowerBound of_graph() {
        LowerBound result;
        OperatorWork all;
        const auto weights = bound::weight_bytes_of_operators(network_);
        std::int64_t weight_bytes = 0;
        for (const auto& [op, bytes] : weights) weight_bytes += bytes;
        const auto& operators = network_.graph.operators;
        alone_.resize(operators.size());
        std::map<TensorId, std::int64_t> reads;
        for (std::size_t i = 0; i < operators.size(); ++i) {
            const OperatorWork& work = work_.operators()[i];
            if (!work.is_kernel()) continue;
            const auto found = weights.find(static_cast<std::int32_t>(i));
            const Candidate bound = bound_of(work, found == weights.end() ? 0 : found->second);
            alone_[i] = std::max({work.mac, work.output, work.store});
            if (bound.cycles > 0) {
                result.operators.push_back(
                    {static_cast<std::int32_t>(i), Cycles{bound.cycles}, bound.limit});
            }
            all.mac += work.mac;
            all.output += work.output;
            all.writes += work.writes;
            add_sources(work, reads);
        }
        for (const auto& [source, bytes] : reads) all.reads += bytes;
        all.store = all.reads / (std::int64_t{8} * target_.accelerator.cores);
        const Candidate bound =
            largest(std::array<Candidate, 7>{{{all.mac, Limit::mac},
                                              {all.output, Limit::output},
                                              {all.store, Limit::ifm},
                                              over_port(0, weight_bytes, all),
                                              over_port(1, weight_bytes, all),
                                              over_both(weight_bytes, all),
                                              {longest_chain(), Limit::latency}}});
        result.cycles = Cycles{bound.cycles};
        result.limit = bound.limit;
        return result;
    }

private:
    static std::vector<bool> on_cpu(const CompiledNetwork& network) {
        std::vector<bool> result(network.graph.operators.size());
        for (const CompiledNetwork::Step& step : network.steps) {
            if (step.graph_operator >= 0) {
                result[static_cast<std::size_t>(step.graph_operator)] = true;
            }
        }
        return result;
    }
    [[nodiscard]] int port_of_maps() const {
        return port_of_region(target_.memory_mode, region_arena);
    }
    /// Maps may lie behind either port.
    [[nodiscard]] bool maps_choose() const {
        return target_.memory_mode == MemoryMode::dedicated_sram;
    }
    /// By itself, and its maps where they are read and written fastest.
    [[nodiscard]] Candidate bound_of(const OperatorWork& work, std::int64_t weights) const {
        const auto weight_port =
            static_cast<std::size_t>(port_of_region(target_.memory_mode, region_constants));
        const auto over = [&](const PortLoad& load) {
            if (!maps_choose()) return port_cycles(load, rules_[0], 1);
            return std::min(port_cycles(load, rules_[0], 1),
                            both_ports_cycles(load.total(), rules_[0], rules_[1], 1));
        };
        return largest(std::array<Candidate, 6>{
            {{work.mac, Limit::mac},
             {work.output, Limit::output},
             {port_cycles({0, weights, 0}, rules_[weight_port], 1), Limit::weights},
             {std::max(work.store, over({work.reads, 0, 0})), Limit::ifm},
             {over({0, 0, work.writes}), Limit::ofm},
             {work.steps, Limit::latency}}});
    }
    /// Kernels that read the same map might be one.
    void add_sources(const OperatorWork& work, std::map<TensorId, std::int64_t>& reads) const {
        for (const auto& [source, bytes] : work.sources) {
            std::int64_t& most = reads[source];
            most = std::max(most, bytes);
        }
    }
    [[nodiscard]] Candidate over_port(int port, std::int64_t weights,
                                      const OperatorWork& all) const {
        PortLoad load;
        if (port == port_of_region(target_.memory_mode, region_constants)) {
            load.weight_reads = weights;
        }
        if (maps_choose()) {
            load += interface_load(port);
        } else if (port == port_of_maps()) {
            load.map_reads = all.reads;
            load.writes = all.writes;
        }
        return {port_cycles(load, rules_[static_cast<std::size_t>(port)], runs_),
                port == 0 ? Limit::sram : Limit::off_chip};
    }
    [[nodiscard]] Candidate over_both(std::int64_t weights, const OperatorWork& all) const {
        if (!maps_choose()) return {0, Limit::ports};
        return {both_ports_cycles(weights + all.reads + all.writes, rules_[0], rules_[1], runs_),
                Limit::ports};
    }
    /// What the network's inputs and outputs make a port carry, where they are bound to it.
    [[nodiscard]] PortLoad interface_load(int port) const {
        PortLoad load;
        std::map<TensorId, std::int64_t> read;
        for (const OperatorWork& work : work_.operators()) add_sources(work, read);
        for (const Binding& binding : network_.bindings) {
            if (port_of_region(target_.memory_mode, binding.region) != port) continue;
            const auto found = read.find(binding.tensor);
            if (is_made(binding.tensor)) {
                load.writes += work_.least_bytes(binding.tensor);
            } else if (found != read.end()) {
                load.map_reads += found->second;
            }
        }
        return load;
    }
    /// By a kernel of the NPU's, not from the network's inputs alone.
    [[nodiscard]] bool is_made(TensorId tensor) const {
        const TensorId source = work_.source_of(tensor);
        const auto& operators = network_.graph.operators;
        for (std::size_t i = 0; i < operators.size(); ++i) {
            if (!work_.operators()[i].is_kernel()) continue;
            const auto& outputs = operators[i].outputs;
            if (std::find(outputs.begin(), outputs.end(), source) != outputs.end()) return true;
        }
        return false;
    }

    /// From one of an operator's input elements in memory to an output element there.
    [[nodiscard]] std::int64_t latency_of(const OperatorWork& work) const {
        const auto least = [&](std::int64_t PortRules::*latency) {
            return maps_choose() ? std::min(rules_[0].*latency, rules_[1].*latency)
                                 : rules_[0].*latency;
        };
        const TimingConstants& timing = target_.timing;
        return least(&PortRules::read_latency) + work.steps + timing.block_output_delay.count() +
               least(&PortRules::write_latency) + timing.block_completion.count();
    }
    /// The most cycles that operators take one after the other: all of one, of those before and
    /// behind it a single element.
    [[nodiscard]] std::int64_t longest_chain() const {
        const auto& graph = network_.graph;
        std::vector<std::int64_t> before(graph.tensors.size()), behind(graph.tensors.size());
        std::vector<std::int64_t> ready(graph.operators.size());
        for (const ir::OperatorIndex index : work_.order()) {
            const auto at = static_cast<std::size_t>(index);
            const Operator& op = graph.operators[at];
            const OperatorWork& work = work_.operators()[at];
            std::int64_t least = -1;
            for (const TensorId input : op.inputs) {
                if (work_.is_constant(input)) continue;
                const std::int64_t when = before[static_cast<std::size_t>(input)];
                least = least < 0 ? when : std::min(least, when);
            }
            ready[at] = std::max<std::int64_t>(least, 0);
            const std::int64_t done = ready[at] + (work.is_kernel() ? latency_of(work) : 0);
            for (const TensorId output : op.outputs) {
                before[static_cast<std::size_t>(output)] = done;
            }
        }
        std::int64_t longest = 0;
        for (auto at = work_.order().rbegin(); at != work_.order().rend(); ++at) {
            const auto index = static_cast<std::size_t>(*at);
            const Operator& op = graph.operators[index];
            const OperatorWork& work = work_.operators()[index];
            std::int64_t after = 0;
            for (const TensorId output : op.outputs) {
                after = std::max(after, behind[static_cast<std::size_t>(output)]);
            }
            if (work.is_kernel()) {
                longest = std::max(
                    longest, ready[index] + after + std::max(alone_[index], latency_of(work)));
                after += latency_of(work);
            }
            if (op.outputs.size() != 1) continue;
            // Whatever comes last of the operand's needed part, some result waits for it.
            const Region& part = work_.needed(op.outputs.front());
            for (std::size_t i = 0; i < op.inputs.size(); ++i) {
                const TensorId input = op.inputs[i];
                if (work_.is_constant(input)) continue;
                if (needed_of(graph, op, i, part) != work_.needed(input)) continue;
                std::int64_t& longest_behind = behind[static_cast<std::size_t>(input)];
                longest_behind = std::max(longest_behind, after);
            }
        }
        return longest;
    }

    const CompiledNetwork& network_;
    const Target& target_;
    const Architecture arch_;
    const std::array<PortRules, 2> rules_;
    const std::int64_t runs_;
    CompulsoryWork work_;
    std::vector<std::int64_t> alone_;  ///< cycles of an operator, data at hand
};

LowerBound of_streams(const CompiledNetwork& network, const Target& target) {
    const Architecture arch = architecture(target.accelerator);
    const bound::StreamWork work = bound::work_of_streams(network, target);
    const auto over = [&](int port) {
        return port_cycles(work.ports[static_cast<std::size_t>(port)],
                           timing::port_rules(target, arch, port),
                           static_cast<std::int64_t>(network.segments.size()));
    };
    const Candidate bound = largest(std::array<Candidate, 4>{{{work.mac, Limit::mac},
                                                              {work.output, Limit::output},
                                                              {over(0), Limit::sram},
                                                              {over(1), Limit::off_chip}}});
    return {Cycles{bound.cycles}, bound.limit, {}};
}

}  // namespace

LowerBound lower_bound(const CompiledNetwork& network, const Target& target) {
    if (target.accelerator.hypothetical != Hypothetical{} || network.segments.empty()) return {};
    const auto& operators = network.graph.operators;
    const bool has_streams_only =
        operators.empty() || std::any_of(operators.begin(), operators.end(), [](const auto& op) {
            return op.type == OpType::custom && op.custom_code == "ethos-u";
        });
    return has_streams_only ? of_streams(network, target) : Bounder{network, target}.of_graph();
}

}  // namespace u65sim
