// The marginal answers a search needs, each found by running the changed network.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/transform.hpp>

#include "oracle/settle.hpp"
#include "oracle/variants.hpp"
#include "report/format.hpp"

namespace u65sim {

namespace {

/// Feature maps are stored in bricks of so many channels, and both cores take channels in turn.
constexpr std::int32_t channel_step = 16;
/// An operator that takes this share longer at most counts as no slower.
constexpr std::int64_t no_slower = 200;
constexpr std::int64_t sram_step = 16 * 1024;

class Adviser {
public:
    Adviser(Oracle& oracle, const Graph& graph, const BatchOptions& options)
        : oracle_(oracle), graph_(graph), options_(options), base_(oracle.estimate(graph)) {}

    std::vector<Advice> run() {
        price_spills();
        price_memory();
        if (!is_compiled(graph_)) {
            leave_to_the_host();
            replace_blocks();
            thin_weights();
            round_channels();
        }
        std::stable_sort(advice_.begin(), advice_.end(),
                         [](const Advice& a, const Advice& b) { return a.saved > b.saved; });
        return std::move(advice_);
    }

private:
    [[nodiscard]] double share(Cycles part) const {
        const auto total = static_cast<double>(base_.total.cycles.count());
        return total > 0 ? 100.0 * static_cast<double>(part.count()) / total : 0.0;
    }
    /// "1,234 cycles (5.6 %)", of the network's.
    [[nodiscard]] std::string cycles(Cycles part) const {
        return fmt::format("{} cycles ({:.1f} %)", report::grouped(part.count()), share(part));
    }
    [[nodiscard]] Simulation simulated(const CompiledNetwork& network) const {
        SimulateOptions how;
        how.backend = oracle_.options().backend;
        how.cycle_limit = oracle_.options().cycle_limit;
        return simulate(network, oracle_.target(), how);
    }

    void price_spills() {
        if (base_.spills.empty()) return;
        const Target& target = oracle_.target();
        const CompiledNetwork network =
            is_compiled(graph_) ? import_compiled(graph_, target)
                                : oracle::compile_settled(graph_, target, oracle_.options().compile,
                                                          *oracle_.options().cache);
        for (const SpilledMap& spill : network.spills) {
            const Cycles with = simulated(oracle::with_map_in_sram(network, spill)).total;
            const Cycles saved = base_.total.cycles - with;
            advice_.push_back(
                {Advice::Kind::keep_in_sram, spill.tensor,
                 fmt::format("{} ({} B) in SRAM instead of DRAM would save {}", spill.tensor,
                             report::grouped(spill.size.count()), cycles(saved)),
                 saved});
            if (!is_compiled(graph_)) grow_sram(spill, network.arena_size);
        }
    }

    [[nodiscard]] bool spills(const std::string& tensor, Bytes sram) const {
        Target larger = oracle_.target();
        larger.sram.size = sram;
        const CompiledNetwork network = oracle::compile_settled(
            graph_, larger, oracle_.options().compile, *oracle_.options().cache);
        return std::any_of(network.spills.begin(), network.spills.end(),
                           [&](const SpilledMap& spill) { return spill.tensor == tensor; });
    }

    /// Halves the gap between a size at which the map spills and one at which it does not.
    void grow_sram(const SpilledMap& spill, Bytes arena) {
        const auto steps = [](Bytes size) { return (size.count() + sram_step - 1) / sram_step; };
        const auto bytes = [](std::int64_t count) { return Bytes{count * sram_step}; };
        std::int64_t low = oracle_.target().sram.size.count() / sram_step;
        std::int64_t high = low + steps(arena) + 1;
        Target larger = oracle_.target();
        try {
            if (spills(spill.tensor, bytes(high))) return;
            while (high - low > 1) {
                const std::int64_t middle = low + (high - low) / 2;
                (spills(spill.tensor, bytes(middle)) ? low : high) = middle;
            }
            larger.sram.size = bytes(high);
            larger.validate();
        } catch (const InvalidConfig&) {
            return;  // no device has that much
        }
        const Cycles saved = saved_on(larger).value_or(Cycles{0});
        advice_.push_back(
            {Advice::Kind::more_sram, spill.tensor,
             fmt::format("{} no longer spills from {} KiB of SRAM on, which would save {}",
                         spill.tensor, larger.sram.size.count() / 1024, cycles(saved)),
             saved, larger.sram.size});
    }

    /// Cycles that the network takes less on another target; nothing where it cannot be told.
    [[nodiscard]] std::optional<Cycles> saved_on(const Target& target) const {
        OracleOptions same = oracle_.options();
        same.memory = Bytes{0};
        try {
            return base_.total.cycles - Oracle{target, same}.estimate(graph_).total.cycles;
        } catch (const Error&) {
            return std::nullopt;
        }
    }

    /// Which number of the memories matters most, and how much all of them together.
    void price_memory() {
        if (oracle_.target().ideal_memory) return;
        for (const auto& [name, memory] :
             {std::pair{"sram", &Target::sram}, std::pair{"dram", &Target::off_chip}}) {
            const auto twice = [&](const char* field, const char* how, auto change) {
                Target target = oracle_.target();
                change(target.*memory);
                if (target == oracle_.target()) return;
                add_memory(fmt::format("{}.{}", name, field), how, target);
            };
            twice("read_latency", "halved",
                  [](Memory& each) { each.read_latency = Cycles{each.read_latency.count() / 2}; });
            twice("write_latency", "halved", [](Memory& each) {
                each.write_latency = Cycles{each.write_latency.count() / 2};
            });
            twice("bandwidth", "doubled", [](Memory& each) {
                each.bandwidth =
                    BytesPerCycle{2 * each.bandwidth.numerator(), each.bandwidth.denominator()};
            });
            twice("max_outstanding_reads", "doubled",
                  [](Memory& each) { each.max_outstanding_reads *= 2; });
            twice("max_outstanding_writes", "doubled",
                  [](Memory& each) { each.max_outstanding_writes *= 2; });
        }
        Target larger = oracle_.target();
        larger.sram.size = Bytes{2 * larger.sram.size.count()};
        add_memory("sram.size", "doubled", larger);
        Target ideal = oracle_.target();
        ideal.ideal_memory = true;
        add_memory("memory.ideal", "(no latency, no limits)", ideal);
    }

    void add_memory(const std::string& key, std::string_view how, const Target& target) {
        const std::optional<Cycles> saved = saved_on(target);
        if (!saved || *saved <= Cycles{0}) return;
        advice_.push_back({Advice::Kind::better_memory, key,
                           fmt::format("{} {} would save {}", key, how, cycles(*saved)), *saved});
    }

    void leave_to_the_host() {
        for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
            const auto shorter = oracle::without_last(graph_, i);
            if (!shorter) continue;
            const Cycles saved = base_.total.cycles - oracle_.estimate(*shorter).total.cycles;
            if (saved <= Cycles{0}) continue;
            const std::string& name = graph_.operators[i].name;
            advice_.push_back(
                {Advice::Kind::on_the_host, name,
                 fmt::format("{} left to the host, or left out where only the largest result "
                             "counts, would save {}",
                             name, cycles(saved)),
                 saved});
        }
    }

    /// MACs are no measure of time: a block with more of them may be faster.
    void replace_blocks() {
        for (const BlockKind kind : {BlockKind::fused, BlockKind::ghost, BlockKind::blueprint,
                                     BlockKind::grouped, BlockKind::pooling}) {
            Report report;
            try {
                const Graph changed = substitute_blocks(graph_, kind);
                if (changed == graph_) return;  // there is nothing to replace
                report = oracle_.estimate(changed);
            } catch (const Error&) {
                continue;  // it does not suit this network, or does not fit
            }
            const Cycles saved = base_.total.cycles - report.total.cycles;
            if (saved <= Cycles{0}) continue;
            const auto times = [](std::int64_t now, std::int64_t before) {
                return static_cast<double>(now) / static_cast<double>(before);
            };
            advice_.push_back(
                {Advice::Kind::other_blocks, std::string{to_string(kind)},
                 fmt::format(
                     "{} blocks in place of all depthwise convolutions would save {} with {:.2f} "
                     "times the MACs; accuracy is not looked at",
                     to_string(kind), cycles(saved),
                     times(report.model.macs.count(), base_.model.macs.count())),
                 saved});
        }
    }

    void thin_weights() {
        std::vector<Graph> thinner;
        std::vector<std::string> names;
        for (const Operator& op : graph_.operators) {
            if (auto graph = oracle::with_half_the_weights(graph_, op)) {
                thinner.push_back(std::move(*graph));
                names.push_back(op.name);
            }
        }
        const std::vector<Answer> answers = oracle_.estimate_all(thinner, options_);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const Cycles saved = base_.total.cycles - answers[i].get().total.cycles;
            if (saved <= Cycles{0}) continue;
            advice_.push_back({Advice::Kind::sparse_weights, names[i],
                               fmt::format("half of the weights of {} zero would save {}", names[i],
                                           cycles(saved)),
                               saved});
        }
    }

    struct Trial {
        const Operator* op;
        std::int32_t channels, fewer, more;
    };

    /// The staircase: cycles against output channels rise in steps.
    void round_channels() {
        std::vector<Graph> alone;
        std::vector<Trial> trials;
        for (const Operator& op : graph_.operators) {
            const std::int32_t channels = oracle::free_channels(graph_, op);
            if (channels == 0 || channels % channel_step == 0) continue;
            const std::int32_t more = (channels / channel_step + 1) * channel_step;
            trials.push_back({&op, channels, more - channel_step, more});
            for (const std::int32_t count : {channels, more, more - channel_step}) {
                alone.push_back(oracle::alone(graph_, op, std::max(count, 1)));
            }
        }
        const std::vector<Answer> answers = oracle_.estimate_all(alone, options_);
        for (std::size_t i = 0; i < trials.size(); ++i) {
            const auto taken = [&](std::size_t which) {
                return answers[3 * i + which].get().total.cycles;
            };
            add_trial(trials[i], taken(0), taken(1), taken(2));
        }
    }

    void add_trial(const Trial& trial, Cycles now, Cycles with_more, Cycles with_fewer) {
        const std::string& name = trial.op->name;
        if (trial.fewer > 0 && with_fewer < now) {
            advice_.push_back(
                {Advice::Kind::fewer_channels, name,
                 fmt::format("{} channels of {} instead of {} would save {} of its {} cycles",
                             trial.fewer, name, trial.channels,
                             report::grouped((now - with_fewer).count()),
                             report::grouped(now.count())),
                 now - with_fewer, Bytes{0}, trial.fewer});
        }
        if ((with_more - now) * no_slower <= now) {
            advice_.push_back(
                {Advice::Kind::unused_channels, name,
                 fmt::format("{} could have {} channels instead of {} for {} than "
                             "its {}",
                             name, trial.more, trial.channels,
                             with_more < now
                                 ? report::grouped((now - with_more).count()) + " cycles less"
                                 : report::grouped((with_more - now).count()) + " cycles more",
                             report::grouped(now.count())),
                 now - with_more, Bytes{0}, trial.more});
        }
    }

    Oracle& oracle_;
    const Graph& graph_;
    const BatchOptions& options_;
    const Report base_;
    std::vector<Advice> advice_;
};

}  // namespace

std::string_view to_string(Advice::Kind kind) {
    switch (kind) {
        case Advice::Kind::keep_in_sram:
            return "keep in SRAM";
        case Advice::Kind::more_sram:
            return "more SRAM";
        case Advice::Kind::sparse_weights:
            return "sparse weights";
        case Advice::Kind::fewer_channels:
            return "fewer channels";
        case Advice::Kind::unused_channels:
            return "unused channels";
        case Advice::Kind::better_memory:
            return "better memory";
        case Advice::Kind::on_the_host:
            return "on the host";
        case Advice::Kind::other_blocks:
            return "other blocks";
    }
    return "?";
}

std::vector<Advice> Oracle::advise(const Graph& graph, const BatchOptions& options) {
    return Adviser{*this, graph, options}.run();
}

}  // namespace u65sim
