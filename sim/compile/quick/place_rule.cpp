#include "compile/quick/place_rule.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "base/rounding.hpp"
#include "compile/build_kernel.hpp"
#include "compile/plan/copy_maps.hpp"
#include "compile/plan/tuning.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler::quick {

namespace {

constexpr std::int32_t nowhere = -1;

class Placing {
public:
    Placing(const QuickNetwork& network, MapSavings& savings, const std::vector<QuickRange>& ranges)
        : network_(network),
          savings_(savings),
          program_(network.program),
          maps_{{}, Occupancy{ranges.size()}, {}, {}, {}, {}, {}, {}},
          position_of_(static_cast<std::size_t>(program_.times) + 2, 0),
          inside_(program_.buffers.size(), false) {
        maps_.positions.reserve(ranges.size());
        for (const QuickRange& range : ranges) maps_.positions.push_back({range, {}, {}});
        maps_.fast.assign(program_.buffers.size(), false);
        maps_.first.assign(program_.buffers.size(), nowhere);
        maps_.last.assign(program_.buffers.size(), nowhere);
        maps_.size.assign(program_.buffers.size(), 0);
    }

    PlacedMaps run(const std::vector<Turns>& turns) {
        number();
        find_lives();
        if (program_.takes(Pass::merge_in_place)) merge();
        for (const Turns& each : turns) {
            maps_.occupancy.add(each.position, each.position, each.bytes);
        }
        place();
        if (program_.takes(Pass::copy_maps) && program_.spilling()) copy_maps();
        for (const Turns& each : turns) {
            maps_.occupancy.add(each.position, each.position, -each.bytes);
            maps_.left.push_back({each.bytes, each.position, each.position});
        }
        find_worth();
        for (Position& position : maps_.positions) take_times(position);
        return std::move(maps_);
    }

private:
    [[nodiscard]] std::size_t count() const { return maps_.positions.size(); }

    void number() {
        std::int32_t time = 0;
        for (std::size_t p = 0; p < count(); ++p) {
            const QuickRange& range = maps_.positions[p].range;
            const std::int32_t until = network_.ops[range.last].npu->time;
            for (; time <= until; ++time) {
                position_of_[static_cast<std::size_t>(time)] = static_cast<std::int32_t>(p);
            }
            for (std::size_t i = range.first; i < range.last; ++i) {
                const int map = network_.ops[i].ofm;
                if (network_.rolls(map, range)) inside_[static_cast<std::size_t>(map)] = true;
            }
        }
        const auto end = static_cast<std::int32_t>(count() == 0 ? 0 : count() - 1);
        std::fill(position_of_.begin() + time, position_of_.end(), end);
    }

    void find_lives() {
        for (std::size_t i = 0; i < program_.buffers.size(); ++i) {
            const Buffer& map = program_.buffers[i];
            if (map.first_use == no_time || inside_[i] || map.kind == Placement::Kind::constant) {
                continue;
            }
            maps_.first[i] = position_of_[static_cast<std::size_t>(map.first_use)];
            maps_.last[i] = position_of_[static_cast<std::size_t>(map.last_use)];
            maps_.size[i] = map.size;
        }
    }

    /// Element-wise results over an operand that dies with them, as merge_in_place has them.
    void merge() {
        std::vector<int> owner(program_.buffers.size());
        std::iota(owner.begin(), owner.end(), 0);
        for (std::size_t p = 0; p < count(); ++p) {
            const QuickRange& range = maps_.positions[p].range;
            const QuickOp& op = network_.ops[range.first];
            if (range.is_cascade() || !op.npu->may_overwrite_ifm || !op.npu->ifm.whole() ||
                !op.npu->ofm.whole()) {
                continue;
            }
            const int from = owner[static_cast<std::size_t>(op.ifm)];
            const auto in = static_cast<std::size_t>(from);
            const auto out = static_cast<std::size_t>(op.ofm);
            const Buffer& input = network_.buffer(op.ifm);
            const Buffer& output = network_.buffer(op.ofm);
            const auto now = static_cast<std::int32_t>(p);
            if (in == out || input.kind != Placement::Kind::feature_map || input.pinned ||
                output.pinned || output.kind != Placement::Kind::feature_map ||
                maps_.last[in] != now || maps_.first[out] != now ||
                maps_.size[in] != maps_.size[out] || input.layout != output.layout ||
                input.extent != output.extent ||
                (op.ifm2 != no_buffer && owner[static_cast<std::size_t>(op.ifm2)] == from)) {
                continue;
            }
            maps_.last[in] = maps_.last[out];
            owner[out] = from;
            merged_.emplace_back(op.ofm, from);
            maps_.first[out] = maps_.last[out] = nowhere;
        }
    }

    /// Bytes and cycles that a map saves where it is fast.
    void add_savings(const Position& position, std::vector<double>& saved) {
        const QuickRange& range = position.range;
        if (range.is_cascade()) {
            add_cascade_savings(range, saved);
            return;
        }
        const QuickOp& op = network_.ops[range.first];
        const MapSavings::Saved& own = savings_.of(range.first);
        saved[static_cast<std::size_t>(op.ifm)] += own.ifm;
        if (op.ifm2 != no_buffer) saved[static_cast<std::size_t>(op.ifm2)] += own.ifm2;
        saved[static_cast<std::size_t>(op.ofm)] += own.ofm;
    }

    void add_cascade_savings(const QuickRange& range, std::vector<double>& saved) {
        StripeWalk walk(network_, range.last, range.height);
        for (std::size_t i = range.last;; --i) {
            const QuickOp& op = network_.ops[i];
            const StripeTimes& times = op.times->stripe(program_, *op.npu, walk.rows());
            const auto add = [&](int buffer, const View& view, const Duration& slow) {
                if (buffer == no_buffer || inside_[static_cast<std::size_t>(buffer)]) return;
                saved[static_cast<std::size_t>(buffer)] +=
                    static_cast<double>(view.extent.elements()) * stream::bytes_of(view.type) *
                        tuning::cycles_per_byte +
                    walk.stripes() * static_cast<double>(slow.total - times.at[1][1].total);
            };
            add(op.ifm, op.npu->ifm, times.at[0][1]);
            add(op.ifm2, op.npu->ifm2, times.at[0][1]);
            add(op.ofm, op.npu->ofm, times.at[1][0]);
            if (i == range.first) return;
            walk.step();
        }
    }

    /// What cascades hold while they run, apart from weights.
    void add_rolling() {
        for (std::size_t p = 0; p < count(); ++p) {
            const QuickRange& range = maps_.positions[p].range;
            if (!range.is_cascade()) continue;
            StripeWalk walk(network_, range.last, range.height);
            std::int64_t bytes = 0;
            for (std::size_t i = range.last; i > range.first; --i) {
                walk.step();
                bytes += walk.rolling();
            }
            const auto now = static_cast<std::int32_t>(p);
            hold(now, now, bytes);
        }
    }

    void hold(std::int32_t first, std::int32_t last, std::int64_t bytes) {
        maps_.occupancy.add(first, last, bytes);
        maps_.held.push_back({bytes, first, last});
    }

    void occupy(std::size_t buffer) {
        maps_.fast[buffer] = true;
        hold(maps_.first[buffer], maps_.last[buffer], maps_.size[buffer]);
    }

    void place() {
        add_rolling();
        std::vector<std::size_t> candidates;
        Occupancy all = maps_.occupancy;
        for (std::size_t i = 0; i < maps_.fast.size(); ++i) {
            if (maps_.first[i] == nowhere || !network_.may_be_fast(static_cast<int>(i))) continue;
            candidates.push_back(i);
            all.add(maps_.first[i], maps_.last[i], maps_.size[i]);
        }
        const auto end = static_cast<std::int32_t>(count());
        const std::int64_t most = all.most(0, end);
        if (!program_.spilling() && most > network_.limit) {
            throw DoesNotFit(
                fmt::format("{} does not fit the SRAM: activations of {} B, the limit is {} B",
                            program_.graph->name, most, network_.limit));
        }
        if (most > network_.limit) {
            sort_by_saving(candidates);
        }
        for (const std::size_t i : candidates) {
            if (most > network_.limit &&
                maps_.occupancy.most(maps_.first[i], maps_.last[i]) + maps_.size[i] >
                    network_.limit) {
                continue;
            }
            occupy(i);
        }
        for (const auto& [made, owner] : merged_) {
            maps_.fast[static_cast<std::size_t>(made)] =
                maps_.fast[static_cast<std::size_t>(owner)];
        }
    }

    void sort_by_saving(std::vector<std::size_t>& candidates) {
        std::vector<double> saved(maps_.fast.size(), 0);
        for (const Position& position : maps_.positions) add_savings(position, saved);
        for (const auto& [made, owner] : merged_) {
            saved[static_cast<std::size_t>(owner)] += saved[static_cast<std::size_t>(made)];
        }
        std::vector<double>& worth = saved;
        for (const std::size_t i : candidates) {
            const auto life = static_cast<double>(maps_.last[i] - maps_.first[i] + 1);
            worth[i] /= static_cast<double>(std::max<std::int64_t>(maps_.size[i], 1)) * life;
        }
        std::stable_sort(candidates.begin(), candidates.end(),
                         [&](std::size_t a, std::size_t b) { return worth[a] > worth[b]; });
    }

    /// Maps off-chip that a convolution reads once for each block of its depth are copied, where
    /// that saves time and has room, as copy_maps has it.
    void copy_maps() {
        struct Candidate {
            std::int64_t slow = 0, saved = 0;
            std::vector<std::size_t> readers;  ///< positions
        };
        std::map<int, Candidate> candidates;
        for (std::size_t p = 0; p < count(); ++p) {
            const QuickRange& range = maps_.positions[p].range;
            const QuickOp& op = network_.ops[range.first];
            if (range.is_cascade() || is_fast(op.ifm) || !rereads_ifm(*op.npu)) continue;
            const Buffer& map = network_.buffer(op.ifm);
            if (map.kind != Placement::Kind::feature_map || map.whole_life ||
                map.size > network_.limit) {
                continue;
            }
            const auto total = [&](bool fast) {
                const MapPlaces places{fast, is_fast(op.ifm2), is_fast(op.ofm)};
                return op.times->placed(program_, *op.npu, places).chosen.fast.total;
            };
            Candidate& candidate = candidates[op.ifm];
            candidate.slow += total(false);
            candidate.saved += total(false) - total(true);
            candidate.readers.push_back(p);
        }
        for (auto& [buffer, candidate] : candidates) {
            const std::int64_t size = network_.buffer(buffer).size;
            const stream::DmaOp copy = memory_copy({region_arena}, {region_fast}, size);
            const auto first = static_cast<std::int32_t>(candidate.readers.front());
            const auto last = static_cast<std::int32_t>(candidate.readers.back());
            candidate.saved -= program_.estimator->dma(copy).alone().count();
            if (candidate.saved <= tuning::least_wait ||
                tuning::copy_gain.exceeds(candidate.saved, candidate.slow) ||
                maps_.occupancy.most(first, last) + size > network_.limit) {
                continue;
            }
            hold(first, last, size);
            for (const std::size_t p : candidate.readers) maps_.positions[p].reads_copy = true;
            maps_.positions[candidate.readers.front()].map_copy = size;
        }
    }

    [[nodiscard]] bool is_fast(int buffer) const {
        return buffer == no_buffer || maps_.fast[static_cast<std::size_t>(buffer)];
    }

    [[nodiscard]] MapPlaces places_of(const Position& position) const {
        const QuickOp& op = network_.ops[position.range.first];
        return {position.reads_copy || is_fast(op.ifm), is_fast(op.ifm2), is_fast(op.ofm)};
    }

    [[nodiscard]] const PlacedTimes& placed_times(const Position& position) const {
        const QuickOp& op = network_.ops[position.range.first];
        return op.times->placed(program_, *op.npu, places_of(position));
    }

    /// What an operation may gain by another block must be worth looking for.
    void find_worth() {
        std::int64_t all = 0;
        for (const Position& position : maps_.positions) {
            if (!position.range.is_cascade()) all += placed_times(position).chosen.fast.total;
        }
        worth_ = tuning::least_operation_gain.of(all);
    }

    /// The better one of two blocks: neighbours of another SHRAM layout hide nothing of its ends,
    /// as refine_blocks has it.
    [[nodiscard]] const BlockTimes& block_of(const Position& position) {
        const PlacedTimes& times = placed_times(position);
        const std::size_t at = position.range.first;
        stream::KernelOp kernel = network_.ops[at].npu->kernel;
        const auto cost = [&](const BlockTimes& of) {
            of.layout.apply(kernel, of.block);
            std::int64_t cycles = of.fast.total;
            if (at > 0 && !kernel.shares_shram_layout(before_)) cycles += of.fill;
            if (at + 1 < network_.ops.size() &&
                !kernel.shares_shram_layout(network_.ops[at + 1].npu->kernel)) {
                cycles += of.fill;
            }
            return cycles;
        };
        const std::int64_t least = cost(times.chosen) * (100 - tuning::least_block_gain) / 100;
        const bool is_worth = times.chosen.fast.total - times.chosen.least >= worth_;
        const bool refined =
            is_worth && times.refined.block != times.chosen.block && cost(times.refined) < least;
        const BlockTimes& taken = refined ? times.refined : times.chosen;
        taken.layout.apply(kernel, taken.block);
        before_ = kernel;
        return taken;
    }

    void take_times(Position& position) {
        const QuickRange& range = position.range;
        if (!range.is_cascade()) {
            const BlockTimes& times = block_of(position);
            position.times = &times;
            position.places = places_of(position);
            position.fast = times.fast;
            position.direct = times.direct;
            return;
        }
        StripeWalk walk(network_, range.last, range.height);
        double total = 0;
        double off_chip = 0;
        double sram = 0;
        double crowded = 0;
        double direct = 0;
        double direct_off_chip = 0;
        for (std::size_t i = range.last;; --i) {
            const QuickOp& op = network_.ops[i];
            const StripeTimes& times = op.times->stripe(program_, *op.npu, walk.rows());
            const bool ifm = is_fast(op.ifm) || inside_[static_cast<std::size_t>(op.ifm)];
            const bool ofm = is_fast(op.ofm) || inside_[static_cast<std::size_t>(op.ofm)];
            const Duration& placed = times.at[ifm][ofm];
            const double stripes = walk.stripes();
            total += stripes * static_cast<double>(placed.total);
            off_chip += stripes * static_cast<double>(placed.off_chip);
            sram += stripes * static_cast<double>(placed.sram);
            crowded += stripes * static_cast<double>(placed.crowded);
            direct += stripes *
                      static_cast<double>(placed.total + times.direct.total - times.at[1][1].total);
            direct_off_chip +=
                stripes * static_cast<double>(placed.off_chip + times.direct.off_chip);
            if (i == range.first) break;
            walk.step();
        }
        const auto of = [](double cycles) { return static_cast<std::int64_t>(cycles); };
        position.fast = {of(total), of(off_chip), 0, of(sram), of(crowded)};
        position.direct = {of(direct), of(direct_off_chip), 0, of(sram),
                           of(direct + crowded - total)};
    }

    const QuickNetwork& network_;
    MapSavings& savings_;
    const Program& program_;
    PlacedMaps maps_;
    std::vector<std::int32_t> position_of_;    ///< by time
    std::vector<std::uint8_t> inside_;         ///< by buffer: rolls in a cascade
    std::vector<std::pair<int, int>> merged_;  ///< a result, and the map it takes over
    std::int64_t worth_ = 0;
    stream::KernelOp before_;  ///< the kernel of the position before
};

}  // namespace

std::int64_t Occupancy::most(std::int32_t first, std::int32_t last) const {
    return *std::max_element(bytes_.begin() + first, bytes_.begin() + last + 1);
}

const MapSavings::Saved& MapSavings::of(std::size_t op) {
    std::optional<Saved>& known = known_[op];
    if (!known) known = work_out(network_.ops[op]);
    return *known;
}

MapSavings::Saved MapSavings::work_out(const QuickOp& op) const {
    const Program& program = network_.program;
    const auto total = [&](const MapPlaces& places) {
        return static_cast<double>(op.times->placed(program, *op.npu, places).refined.fast.total);
    };
    const double least = total({});
    const auto saved = [&](int buffer, const View& view, const MapPlaces& without, double times) {
        if (buffer == no_buffer || !network_.may_be_fast(buffer)) return 0.0;
        return times * static_cast<double>(view.extent.elements()) * stream::bytes_of(view.type) *
                   tuning::cycles_per_byte +
               total(without) - least;
    };
    double times = 1;
    if (op.npu->kernel.kind == stream::KernelKind::conv) {
        times = static_cast<double>(ceil_div(op.npu->ofm.extent.c, op.npu->kernel.block.depth));
    }
    return {saved(op.ifm, op.npu->ifm, {false, true, true}, times),
            saved(op.ifm2, op.npu->ifm2, {true, false, true}, 1),
            saved(op.ofm, op.npu->ofm, {true, true, false}, 1)};
}

PlacedMaps place_maps(const QuickNetwork& network, MapSavings& savings,
                      const std::vector<QuickRange>& ranges, const std::vector<Turns>& turns) {
    return Placing(network, savings, ranges).run(turns);
}

}  // namespace u65sim::compiler::quick
