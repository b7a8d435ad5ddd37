// Placements, which count positions in execution order, as ranges of cycles.
#include <algorithm>
#include <stdexcept>

#include "report/join.hpp"
#include "target/architecture.hpp"

namespace u65sim::report {

namespace {

/// The cycles charged to each position in execution order. Neighbouring operations overlap in time,
/// their charges do not: so two buffers that share a place never share a cycle.
class Positions {
public:
    Positions(const Simulation& simulation, const std::vector<const CommandLabel*>& labels)
        : total_(simulation.total) {
        const std::vector<Charge> charges = charged_cycles(simulation);
        for (std::size_t i = 0; i < labels.size(); ++i) {
            if (labels[i] == nullptr || labels[i]->time < 0) continue;
            if (simulation.operations[i].is_dma) continue;
            const auto time = static_cast<std::size_t>(labels[i]->time);
            if (time >= of_.size()) of_.resize(time + 1);
            Cycle& cycle = of_[time];
            if (!cycle.known) cycle.start = charges[i].start;
            cycle.end = charges[i].end;
            cycle.known = true;
        }
    }
    /// Positions without an operation of their own take the nearest one's that keeps the range
    /// whole: before the first it is the start of the run, behind the last its end.
    [[nodiscard]] Cycles start(std::int32_t first) const {
        for (auto at = static_cast<std::int64_t>(first); at >= 0; --at) {
            if (at >= static_cast<std::int64_t>(of_.size())) continue;
            const Cycle& cycle = of_[static_cast<std::size_t>(at)];
            if (cycle.known) return at == first ? cycle.start : cycle.end;
        }
        return Cycles{0};
    }
    [[nodiscard]] Cycles end(std::int32_t last) const {
        for (auto at = static_cast<std::size_t>(std::max(last, 0)); at < of_.size(); ++at) {
            if (of_[at].known) {
                return at == static_cast<std::size_t>(last) ? of_[at].end : of_[at].start;
            }
        }
        return total_;
    }

private:
    struct Cycle {
        bool known = false;
        Cycles start{0}, end{0};
    };
    Cycles total_;
    std::vector<Cycle> of_;
};

}  // namespace

std::vector<LiveRange> live_ranges(const CompiledNetwork& network, const Target& target,
                                   const Simulation& simulation,
                                   const std::vector<const CommandLabel*>& labels) {
    const Positions positions{simulation, labels};
    std::vector<bool> spilled(network.placements.size());
    for (const SpilledMap& spill : network.spills) {
        if (spill.placement >= 0) spilled.at(static_cast<std::size_t>(spill.placement)) = true;
    }
    std::vector<LiveRange> ranges;
    for (std::size_t i = 0; i < network.placements.size(); ++i) {
        const Placement& placement = network.placements[i];
        if (placement.kind == Placement::Kind::constant) continue;
        LiveRange range;
        range.name = placement.name;
        range.kind = placement.kind;
        range.memory = port_of_region(target.memory_mode, placement.region) == 0
                           ? LiveRange::Memory::sram
                           : LiveRange::Memory::dram;
        range.offset = placement.offset;
        range.size = placement.size;
        range.start_cycle = positions.start(placement.first_use);
        range.end_cycle = std::max(positions.end(placement.last_use), range.start_cycle);
        range.spilled = spilled[i];
        ranges.push_back(std::move(range));
    }
    std::stable_sort(ranges.begin(), ranges.end(), [](const LiveRange& a, const LiveRange& b) {
        return a.start_cycle < b.start_cycle;
    });
    return ranges;
}

}  // namespace u65sim::report

namespace u65sim {

std::string_view to_string(LiveRange::Memory memory) {
    return memory == LiveRange::Memory::sram ? "sram" : "dram";
}

std::string_view to_string(Placement::Kind kind) {
    switch (kind) {
        case Placement::Kind::feature_map:
            return "feature_map";
        case Placement::Kind::weight_buffer:
            return "weight_buffer";
        case Placement::Kind::constant:
            return "constant";
        case Placement::Kind::scratch:
            return "scratch";
        case Placement::Kind::variable:
            return "variable";
    }
    throw std::logic_error("to_string(Placement::Kind): not a kind");
}

}  // namespace u65sim
