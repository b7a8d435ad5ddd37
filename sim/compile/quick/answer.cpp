#include "compile/quick/answer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "compile/cache.hpp"
#include "compile/context.hpp"
#include "compile/cpu_operators.hpp"
#include "compile/lowering_passes.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/quick/plan_rule.hpp"

namespace u65sim::compiler::quick {

namespace {

class Describing {
public:
    Describing(const Program& program, const QuickNetwork& network, const TimedPlan& plan)
        : program_(program), network_(network), plan_(plan) {}

    QuickAnswer run() {
        answer_.cycles = Cycles{plan_.line.cycles};
        answer_.fast_peak = Bytes{plan_.line.peak};
        answer_.all_fit = plan_.all_fit;
        for (const auto& step : program_.steps) answer_.segments += step.segment >= 0 ? 1 : 0;
        rows_.assign(program_.graph->operators.size(), -1);
        std::int64_t before = 0;
        for (std::size_t p = 0; p < plan_.maps.positions.size(); ++p) {
            add_position(plan_.maps.positions[p], plan_.line.positions[p], before);
            add_terms(plan_.maps.positions[p], plan_.line.positions[p], before);
            before = plan_.line.positions[p].end;
        }
        add_memory();
        add_spills();
        answer_.cpu_operators = cpu_operators_of(program_);
        return std::move(answer_);
    }

private:
    OperatorTime& row_of(std::int32_t graph_operator, std::int64_t start) {
        std::int32_t& row = rows_[static_cast<std::size_t>(graph_operator)];
        if (row < 0) {
            row = static_cast<std::int32_t>(answer_.operators.size());
            answer_.operators.push_back({});
            answer_.operators.back().graph_operator = graph_operator;
            answer_.operators.back().start = start;
        }
        return answer_.operators[static_cast<std::size_t>(row)];
    }

    [[nodiscard]] bool is_fast(int buffer) const {
        return buffer == no_buffer || plan_.maps.fast[static_cast<std::size_t>(buffer)];
    }

    /// Shares a position's time among its operations, by what they take alone.
    void add_position(const Position& position, const TimedPosition& timed, std::int64_t before) {
        const QuickRange& range = position.range;
        std::vector<double> parts;
        double sum = 0;
        std::optional<StripeWalk> walk;
        if (range.is_cascade()) walk.emplace(network_, range.last, range.height);
        for (std::size_t i = range.last;; --i) {
            const QuickOp& op = network_.ops[i];
            double part = 1;
            if (walk) {
                part = walk->stripes() *
                       static_cast<double>(
                           op.times->stripe(program_, *op.npu, walk->rows()).at[1][1].total);
            }
            kernels_ = walk ? static_cast<std::int32_t>(walk->stripes() + 0.999)
                            : std::max(1, timed.copies);
            parts.push_back(part);
            counts_.push_back(kernels_);
            sum += part;
            if (i == range.first) break;
            walk->step();
        }
        std::int64_t left = timed.end - before;
        for (std::size_t i = range.first; i <= range.last; ++i) {
            const std::size_t at = range.last - i;
            const QuickOp& op = network_.ops[i];
            OperatorTime& row = row_of(op.npu->graph_operator, timed.start);
            const auto share = i == range.last
                                   ? left
                                   : static_cast<std::int64_t>(
                                         static_cast<double>(timed.end - before) * parts[at] / sum);
            left -= share;
            row.cycles += share;
            row.end = std::max(row.end, timed.end);
            row.kernels += counts_[at];
            row.block = position.times != nullptr ? position.times->block : op.npu->kernel.block;
            add_traffic(op, position, row);
        }
        counts_.clear();
        OperatorTime& row = row_of(network_.ops[range.first].npu->graph_operator, timed.start);
        row.dmas += timed.copies;
        count(row, 1, timed.copied + timed.read, 0);
        count(row, 0, 0, timed.copied);
        // Copied weights are read again.
        count(row, 0, timed.copied, 0);
        row.dmas += position.map_copy > 0 ? 1 : 0;
        count(row, 1, position.map_copy, 0);
        count(row, 0, 0, position.map_copy);
    }

    void add_terms(const Position& position, const TimedPosition& timed, std::int64_t before) {
        QuickTerms& terms = answer_.terms;
        const std::int64_t begun = std::max(timed.start, before);
        const auto cycles = static_cast<double>(timed.end - begun);
        terms.cycles += static_cast<double>(timed.end - before);
        terms.waits += static_cast<double>(begun - before);
        if (position.range.is_cascade()) {
            terms.cascades += cycles;
            before_ = nullptr;
            return;
        }
        const QuickOp& op = network_.ops[position.range.first];
        const stream::KernelOp& kernel = op.npu->kernel;
        terms.kernels += std::max(1, timed.copies);
        if (kernel.kind == stream::KernelKind::elementwise) terms.elementwise += 1;
        if (timed.read > 0) {
            terms.direct += static_cast<double>(position.direct.total - position.fast.total);
        }
        if (position.fast.off_chip > 0) terms.off_chip += cycles;
        if (before_ != nullptr) {
            const bool was_elementwise = before_->kind == stream::KernelKind::elementwise;
            const bool is_elementwise = kernel.kind == stream::KernelKind::elementwise;
            if (was_elementwise != is_elementwise) {
                terms.switches += 1;
            } else if (before_->kind != kernel.kind) {
                terms.mixed += 1;
            }
        }
        before_ = &kernel;
    }

    void count(OperatorTime& row, std::size_t port, std::int64_t read, std::int64_t written) {
        answer_.read[port] += read;
        answer_.written[port] += written;
        (port == 0 ? row.sram_bytes : row.dram_bytes) += read + written;
    }

    void add_traffic(const QuickOp& op, const Position& position, OperatorTime& row) {
        const QuickRange& range = position.range;
        const bool ifm = position.reads_copy || is_fast(op.ifm) || network_.rolls(op.ifm, range);
        const bool ofm = is_fast(op.ofm) || network_.rolls(op.ofm, range);
        const bool ifm2 = is_fast(op.ifm2) || network_.rolls(op.ifm2, range);
        const PlacedTimes& times = op.times->placed(program_, *op.npu, {ifm, ifm2, ofm});
        for (std::size_t port = 0; port < 2; ++port) {
            count(row, port, times.read[port], times.written[port]);
        }
    }

    void add_memory() {
        std::int64_t weights = 0;
        for (const QuickOp& op : network_.ops) weights += op.weights;
        answer_.encoded_weights = Bytes{weights};
        answer_.constants = Bytes{program_.constants.size + weights};
        for (const Position& position : plan_.maps.positions) {
            if (position.range.is_cascade()) ++answer_.cascades;
        }
        const std::size_t count = plan_.maps.positions.size();
        Occupancy off_chip(count);
        for (std::size_t i = 0; i < plan_.maps.fast.size(); ++i) {
            if (plan_.maps.first[i] < 0 || plan_.maps.fast[i]) continue;
            off_chip.add(plan_.maps.first[i], plan_.maps.last[i], plan_.maps.size[i]);
        }
        answer_.off_chip_maps = Bytes{off_chip.most(0, static_cast<std::int32_t>(count))};
    }

    void add_spills() {
        if (!program_.spilling()) return;
        for (std::size_t i = 0; i < plan_.maps.fast.size(); ++i) {
            const Buffer& buffer = program_.buffers[i];
            if (plan_.maps.first[i] < 0 || plan_.maps.fast[i] || buffer.pinned ||
                buffer.kind == Placement::Kind::constant) {
                continue;
            }
            QuickAnswer::Spill& spill = answer_.spills.emplace_back();
            spill.tensor = buffer.name;
            spill.bytes = Bytes{buffer.size};
            spill.written = Bytes{buffer.size};
            spill.read = Bytes{buffer.size * network_.readers[i]};
            if (buffer.producer != no_operator) spill.producer = program_.op(buffer.producer).name;
            for (const auto consumer : buffer.consumers) {
                spill.consumers.push_back(program_.op(consumer).name);
            }
        }
    }

    const Program& program_;
    const QuickNetwork& network_;
    const TimedPlan& plan_;
    QuickAnswer answer_;
    std::vector<std::int32_t> rows_;  ///< by graph operator
    std::vector<std::int32_t> counts_;
    std::int32_t kernels_ = 0;
    const stream::KernelOp* before_ = nullptr;  ///< the kernel before, where it is not of a cascade
};

/// Throws where model and activations are above the memories.
void check_room(const Program& program, const QuickAnswer& answer) {
    const Target& target = *program.target;
    const auto require = [&](const char* memory, std::int64_t limit, std::int64_t bytes) {
        if (bytes <= limit) return;
        throw DoesNotFit(
            fmt::format("{} does not fit {}: model and activations take {} B, the "
                        "limit is {} B",
                        program.graph->name, memory, bytes, limit));
    };
    const std::int64_t constants = answer.constants.count();
    const std::int64_t off_chip = target.off_chip.size.count();
    const std::int64_t sram = target.sram.size.count();
    switch (target.memory_mode) {
        case MemoryMode::dedicated_sram: {
            // Room is kept for maps as a runtime without stripes holds them, as check_fit() does.
            Occupancy maps(static_cast<std::size_t>(program.times) + 1);
            for (const Buffer& map : program.buffers) {
                if (map.first_use == no_time || map.kind == Placement::Kind::constant) continue;
                maps.add(map.first_use, map.last_use, map.size);
            }
            require("the off-chip memory", off_chip, constants + maps.most(0, program.times));
            break;
        }
        case MemoryMode::shared_sram:
            require("the off-chip memory", off_chip, constants);
            require("the SRAM", sram, answer.off_chip_maps.count());
            break;
        case MemoryMode::sram_only:
            require("the SRAM", sram, constants + answer.fast_peak.count());
            break;
    }
}

}  // namespace

void check_options(const Target& target, const CompileOptions& options) {
    const auto refuse = [](const char* what) {
        throw InvalidConfig(fmt::format(
            "{} with effort quick: it has rules for plans of its own alone: take effort normal",
            what));
    };
    if (options.like_vela) refuse("like_vela");
    if (options.optimise == Optimise::size) refuse("optimise = size");
    if (!options.dump_after.empty()) refuse("dump_after");
    if (!target.traffic.empty()) refuse("a target with traffic");
}

QuickAnswer answer(const Graph& graph, const Target& target, const CompileOptions& options,
                   const CompileCache& cache, CacheCounters& counters) {
    check_options(target, options);
    CompileContext context = make_context(target, options, cache, counters);
    verify(graph);
    if (graph.outputs.empty()) {
        throw InvalidModel(fmt::format("network '{}': must have an output", graph.name));
    }
    context.with_bytes = false;
    Program program;
    static_cast<CompileContext&>(program) = context;
    program.graph = &graph;
    run_lowering_passes(program);
    choose_layouts(program);
    find_lifetimes(program);
    const std::shared_ptr<TimeTables> tables = context.cache->tables.borrow(target, context.passes);
    QuickNetwork network(program, *tables);
    const TimedPlan plan = best_plan(network);
    QuickAnswer result = Describing(program, network, plan).run();
    check_room(program, result);
    return result;
}

}  // namespace u65sim::compiler::quick
