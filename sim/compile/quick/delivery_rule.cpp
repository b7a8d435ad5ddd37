#include "compile/quick/delivery_rule.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/rounding.hpp"
#include "compile/build_kernel.hpp"
#include "compile/plan/delivery_rules.hpp"
#include "compile/plan/slice_places.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/plan/weight_delivery.hpp"
#include "compile/quick/loads.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler::quick {

namespace {

/// How a load comes, and when its position and the copies end.
struct Choice : Delivery {
    Ends ends;
    boost::container::small_vector<Lifetime, 2> taken;  ///< of the fast memory, by its parts
};

class Delivering {
public:
    Delivering(const QuickNetwork& network, const PlacedMaps& maps, Weights weights,
               const EndLimit& limit)
        : network_(network),
          program_(network.program),
          maps_(maps),
          occupancy_(maps.occupancy),
          stay_(weights == Weights::stay || !program_.takes(Pass::stream_weights)),
          fast_region_(program_.spilling() ? region_fast : region_arena),
          slices_(network.limit),
          limit_(limit) {}

    TimeLine run() {
        sum_kernels();
        find_common();
        if (is_late(0)) return std::move(line_);
        line_.positions.resize(maps_.positions.size());
        line_.deliveries.resize(maps_.positions.size());
        place_maps();
        loads_ = loads_of(network_, maps_);
        plan_copies();
        choose_all();
        line_.expected = now_;
        line_.peak = occupancy_.most(0, static_cast<std::int32_t>(maps_.positions.size()));
        return std::move(line_);
    }

private:
    [[nodiscard]] const timing::KernelEstimator::CopyTimes& copy_times(std::int64_t size) const {
        // The parts of a delivery have two sizes.
        CopyOfSize& known = copies_[static_cast<std::size_t>(size / 16) % copies_.size()];
        if (known.size != size) {
            const stream::DmaOp copy = memory_copy({region_constants}, {fast_region_}, size);
            known = {size, program_.estimator->dma(copy)};
        }
        return known.times;
    }

    void sum_kernels() {
        kernels_.assign(maps_.positions.size() + 1, 0);
        for (std::size_t p = 0; p < maps_.positions.size(); ++p) {
            kernels_[p + 1] = kernels_[p] + maps_.positions[p].fast.total;
        }
    }

    /// From where on the plan of the limit runs the same operations.
    void find_common() {
        const std::size_t count = maps_.positions.size();
        common_ = count;
        if (limit_.line == nullptr) return;
        const std::vector<Position>& others = limit_.maps->positions;
        std::size_t same = 0;
        while (same < std::min(count, others.size())) {
            const Position& own = maps_.positions[count - 1 - same];
            const Position& other = others[others.size() - 1 - same];
            if (own.range != other.range || own.fast.total != other.fast.total) break;
            ++same;
        }
        common_ = count - same;
    }

    /// Whether the position, which begins now, and those behind it will end behind the limit:
    /// kernels to come take what they take without waiting, at least.
    bool is_late(std::size_t position) {
        std::int64_t end = now_ + kernels_.back() - kernels_[position];
        if (position <= common_ && common_ < maps_.positions.size()) {
            const TimeLine& other = *limit_.line;
            const std::size_t same = maps_.positions.size() - common_;
            end = now_ + kernels_[common_] - kernels_[position] + other.expected -
                  other.begins[other.begins.size() - same];
        }
        line_.is_whole = end <= limit_.cycles;
        return !line_.is_whole;
    }

    /// From which position on each copy should be made so that nothing waits.
    void plan_copies() {
        std::int64_t latest = std::numeric_limits<std::int64_t>::max();
        for (auto load = loads_.rbegin(); load != loads_.rend(); ++load) {
            latest = std::min(latest, kernels_[static_cast<std::size_t>(load->position)]) -
                     copy_times(load->size).alone().count() - tuning::least_wait;
            const auto it = std::upper_bound(kernels_.begin(), kernels_.end() - 1, latest);
            load->from =
                static_cast<std::int32_t>(std::max<std::ptrdiff_t>(0, it - kernels_.begin() - 1));
        }
    }

    /// Maps have the addresses that come first; weights are placed around them.
    void place_maps() {
        items_ = maps_.held;
        items_.insert(items_.end(), maps_.left.begin(), maps_.left.end());
        place_all(items_, std::numeric_limits<std::int64_t>::max());
        items_.resize(maps_.held.size());
        for (Lifetime& item : items_) {
            item.first = first_of(item.first);
            item.last = last_of(item.last);
        }
        std::stable_sort(items_.begin(), items_.end(), ends_earlier);
    }

    /// The position from which on a load's copies are made.
    [[nodiscard]] std::int32_t earliest_of(const Load& load) const {
        if (stay_) return std::max(load.position - 1, 0);
        const std::int32_t from = std::min(load.position, std::max(load.from, earliest_));
        return free_position(line_.begins, dma_free_, from, load.position);
    }

    [[nodiscard]] Choice read_directly(const Load& load) const {
        Choice delivery;
        delivery.ends = ends_of_read(
            program_, {load.size * load.passes, load.fast, load.direct, 1, load.passes > 1}, now_,
            dma_free_);
        return delivery;
    }

    /// From when on a part would have room if places were of any form: by bytes alone.
    void count_room(const Load& load, Choice& delivery) const {
        std::int32_t from = load.position;
        std::int32_t turn = 0;
        std::int64_t bytes = 0;
        delivery.from.clear();
        const auto has_room = [&](std::int32_t position) {
            return occupancy_.at(position) + bytes <= network_.limit;
        };
        for (std::int32_t part = 0; part < delivery.parts; ++part) {
            bytes += delivery.size_of(part);
            if (part == 0) {
                while (from > from_ && has_room(from - 1)) --from;
            }
            while (from < load.position && !has_room(from)) ++from;
            // A later part takes the place of one that has been read.
            if (from == load.position && !has_room(from)) {
                ++turn;
                bytes -= delivery.part_size;
            }
            delivery.from.push_back(first_of(from) +
                                    (turn * fine + delivery.parts - 1) / delivery.parts);
        }
    }

    /// Parts of so many channels each.
    void make_parts(const Load& load, std::int32_t depth, std::int32_t step,
                    Choice& delivery) const {
        delivery.parts = static_cast<std::int32_t>(ceil_div(depth, step));
        delivery.part_size = delivery.last_size = load.size;
        delivery.channels = step;
        if (delivery.parts == 1) return;
        if (is_ragged(*load.sliceable->npu, program_)) {
            const NpuOp& op = *load.sliceable->npu;
            const std::int32_t last = channels_of(depth, step, true);
            delivery.part_size = sampled_size(op, 0, step, program_);
            delivery.last_size = sampled_size(op, depth - last, last, program_);
            return;
        }
        delivery.part_size = round_up(load.size * step / depth, 16);
        delivery.last_size =
            std::max<std::int64_t>(16, load.size - (delivery.parts - 1) * delivery.part_size);
    }

    /// Channels of the last part, or of one before.
    [[nodiscard]] static std::int32_t channels_of(std::int32_t depth, std::int32_t step,
                                                  bool last) {
        return last ? depth - (depth - 1) / step * step : step;
    }

    /// Cycles of the last part, or of one before, as DeliveryClock has them.
    [[nodiscard]] std::int64_t part_cycles(const Load& load, std::int32_t depth, std::int32_t step,
                                           bool last) const {
        const std::int32_t channels = channels_of(depth, step, last);
        const Position& position = maps_.positions[static_cast<std::size_t>(load.position)];
        if (step >= depth || channels >= position.times->block.depth) {
            return least_part_cycles(load, depth, step, last);
        }
        const BlockTimes& slice = load.sliceable->times->slice(
            program_, *load.sliceable->npu, position.places, *position.times, channels);
        return slice.fast.total + tuning::extra_kernel_cycles;
    }

    /// The part's share of the operation: hardly a slice takes less.
    [[nodiscard]] static std::int64_t least_part_cycles(const Load& load, std::int32_t depth,
                                                        std::int32_t step, bool last) {
        if (step >= depth) return load.fast;
        return load.fast * channels_of(depth, step, last) / depth + tuning::extra_kernel_cycles;
    }

    /// No places let the parts end earlier, as DeliveryClock has it.
    template <class PartCycles>
    [[nodiscard]] Ends least_ends(const Choice& delivery, const PartCycles& part_cycles) const {
        const std::int64_t others = delivery.parts - 1;
        const auto& last = copy_times(delivery.last_size);
        Ends ends{now_ + others * part_cycles(false), dma_free_ + last.busy.count()};
        if (others > 0) ends.dma_free += others * copy_times(delivery.part_size).busy.count();
        ends.finish =
            std::max(ends.finish, ends.dma_free + last.latency.count()) + part_cycles(true);
        return ends;
    }

    /// The places that the compiler finds for parts of one size and a last one; none where one of
    /// them never has room.
    [[nodiscard]] bool place(const Load& load, std::int64_t last, Choice& delivery) const {
        sizes_.assign(static_cast<std::size_t>(delivery.parts), delivery.part_size);
        sizes_.back() = last;
        const auto places = slices_.earliest({from_, load.position}, sizes_);
        delivery.taken.assign(places.begin(), places.end());
        delivery.from.clear();
        for (const Lifetime& each : places) delivery.from.push_back(each.first);
        return !places.empty();
    }

    /// The places of slices and when they end: as if all were of one size, or as they are where
    /// that is clearly better, as DeliveryChooser has it. Whether they have room.
    [[nodiscard]] bool place_slices(const Load& load, std::int32_t depth, std::int32_t step,
                                    std::int64_t least, Choice& delivery) const {
        if (!place(load, delivery.part_size, delivery)) return false;
        follow(load, depth, step, delivery);
        const std::int64_t clear = clearly_sooner(delivery.ends, now_);
        if (!has_small_last(delivery.part_size, delivery.last_size) || least >= clear) return true;
        other_ = delivery;
        if (!place(load, other_.last_size, other_)) return true;
        follow(load, depth, step, other_);
        if (other_.ends.finish < clear) std::swap(delivery, other_);
        return true;
    }

    /// When the parts, of so many channels each, and the operation end: as DeliveryClock has it.
    void follow(const Load& load, std::int32_t depth, std::int32_t step, Choice& delivery) const {
        const std::int64_t each = part_cycles(load, depth, step, false);
        const std::int64_t end = part_cycles(load, depth, step, true);
        const auto of_each = copy_times(delivery.part_size);
        const auto of_last = copy_times(delivery.last_size);
        starts_.clear();
        Ends ends{now_, dma_free_};
        for (std::int32_t part = 0; part < delivery.parts; ++part) {
            const std::int32_t from = delivery.from[static_cast<std::size_t>(part)];
            std::int64_t issue = now_;
            if (from / fine < load.position) {
                issue = line_.begins[static_cast<std::size_t>(from / fine)];
            } else if (part > 0) {
                const auto at = static_cast<std::size_t>(from % fine * delivery.parts / fine);
                issue = at < starts_.size() ? starts_[at] : ends.finish;
            }
            const bool is_last = part + 1 == delivery.parts;
            const auto& copy = is_last ? of_last : of_each;
            ends.dma_free = std::max(ends.dma_free, issue) + copy.busy.count();
            starts_.push_back(std::max(ends.finish, ends.dma_free + copy.latency.count()));
            ends.finish = starts_.back() + (is_last ? end : each);
        }
        delivery.ends = ends;
    }

    /// Slices as DeliveryChooser tries them.
    void try_slices(const Load& load, Choice& best) const {
        const std::int32_t depth = load.sliceable->npu->ofm.extent.c;
        const BlockShape& block =
            maps_.positions[static_cast<std::size_t>(load.position)].times->block;
        SlicingTrial trial({load.size, load.fast, depth, block.depth, now_,
                            slice_unit(*load.sliceable->npu, program_)},
                           best.ends);
        const auto serves = [&] { return trial.is_best(trial_.ends) && trial.serves(trial_.ends); };
        trial.run([&](std::int32_t step) {
            make_parts(load, depth, step, trial_);
            // Estimates of slices take time.
            trial_.ends = least_ends(
                trial_, [&](bool last) { return least_part_cycles(load, depth, step, last); });
            if (!serves()) return;
            trial_.ends =
                least_ends(trial_, [&](bool last) { return part_cycles(load, depth, step, last); });
            if (!serves()) return;
            const std::int64_t least = trial_.ends.finish;
            count_room(load, trial_);
            follow(load, depth, step, trial_);
            // Looking for places is what takes time.
            if (!serves() || !place_slices(load, depth, step, least, trial_)) return;
            if (!serves()) return;
            trial.add(trial_.ends);
            std::swap(best, trial_);
        });
    }

    /// A map off-chip that blocks read once would be read again for each slice.
    [[nodiscard]] bool is_worth_slicing(const Load& load) const {
        if (load.sliceable == nullptr || load.size < 2 * tuning::smallest_slice) return false;
        const int map = load.sliceable->ifm;
        return load.passes > 1 || maps_.fast[static_cast<std::size_t>(map)] ||
               maps_.positions[static_cast<std::size_t>(load.position)].reads_copy;
    }

    Choice choose(const Load& load) const {
        if (program_.target->memory_mode == MemoryMode::sram_only) return read_directly(load);
        from_ = earliest_of(load);
        const std::int32_t first = first_of(from_);
        const auto alive = std::lower_bound(
            items_.begin(), items_.end(), first,
            [](const Lifetime& item, std::int32_t time) { return item.last < time; });
        slices_.set_neighbours({alive, items_.end()}, first, last_of(load.position));
        return stay_ ? choose_staying(load) : choose_copied(load);
    }

    /// Weights that are read over and over have room as a whole with the maps, if any.
    Choice choose_staying(const Load& load) const {
        make_parts(load, 1, 1, trial_);
        if (load.passes < 2 || !place(load, load.size, trial_)) return read_directly(load);
        follow(load, 1, 1, trial_);
        return trial_;
    }

    Choice choose_copied(const Load& load) const {
        Choice best = read_directly(load);
        const auto serves = [&] { return is_copy_better(trial_.ends, best.ends, load.passes); };
        make_parts(load, 1, 1, trial_);
        trial_.ends = least_ends(trial_, [&](bool) { return load.fast; });
        if (serves() && place(load, load.size, trial_)) {
            follow(load, 1, 1, trial_);
            if (serves()) std::swap(best, trial_);
        }
        const bool reread = best.parts == 0 && load.passes > 1;
        const bool waits = best.ends.finish - now_ - load.fast > tuning::least_wait;
        if (is_worth_slicing(load) && (reread || waits)) try_slices(load, best);
        return best;
    }

    void choose_all() {
        line_.begins.assign(maps_.positions.size(), 0);
        std::size_t next = 0;
        for (std::size_t p = 0; p < maps_.positions.size(); ++p) {
            line_.begins[p] = now_;
            std::int64_t finish = now_ + maps_.positions[p].fast.total;
            if (next < loads_.size() && loads_[next].position == static_cast<std::int32_t>(p)) {
                const Load& load = loads_[next++];
                Choice delivery = choose(load);
                finish = std::max(finish, delivery.ends.finish);
                dma_free_ = delivery.ends.dma_free;
                if (delivery.parts == 0) note_starved(load);
                take(load, delivery);
            }
            now_ = finish;
            if (is_late(p + 1)) return;
        }
    }

    void note_starved(const Load& load) {
        const std::int64_t lost = load.direct - load.fast;
        if (load.passes < 2 || load.sliceable == nullptr || lost <= tuning::least_wait) return;
        const NpuOp& op = *load.sliceable->npu;
        line_.starved.push_back(
            {load.position, room_for_turns(op, depth_of_turns(op, network_.limit))});
        line_.lost += lost;
    }

    static bool ends_earlier(const Lifetime& a, const Lifetime& b) { return a.last < b.last; }

    void insert(const Lifetime& place) {
        items_.insert(std::upper_bound(items_.begin(), items_.end(), place, ends_earlier), place);
    }

    void take(const Load& load, Choice& delivery) {
        TimedPosition& timed = line_.positions[static_cast<std::size_t>(load.position)];
        if (delivery.parts == 0) {
            timed.read = load.size * load.passes;
            return;
        }
        timed.copied = (delivery.parts - 1) * delivery.part_size + delivery.last_size;
        timed.copies = delivery.parts;
        for (const Lifetime& place : delivery.taken) {
            occupancy_.add(place.first / fine, load.position, place.size);
        }
        for (const Lifetime& place : delivery.taken) insert(place);
        earliest_ = std::max(earliest_, delivery.from.back() / fine);
        for (const Lifetime& place : delivery.taken) delivery.after.push_back(last_before(place));
        line_.deliveries[static_cast<std::size_t>(load.position)] = std::move(delivery);
    }

    /// The fine position until which something else has a part of a place: of what the kernels in
    /// flight when its copy may go read, for those before have ended.
    [[nodiscard]] std::int32_t last_before(const Lifetime& place) const {
        const std::int32_t least =
            first_of(place.first / fine - program_.arch.max_outstanding_kernels);
        auto item = std::lower_bound(
            items_.begin(), items_.end(), place.first,
            [](const Lifetime& other, std::int32_t time) { return other.last < time; });
        while (item != items_.begin() && (--item)->last >= least) {
            if (item->offset < place.offset + place.size &&
                place.offset < item->offset + item->size) {
                return item->last;
            }
        }
        return Delivery::nothing;
    }

    const QuickNetwork& network_;
    const Program& program_;
    const PlacedMaps& maps_;
    Occupancy occupancy_;  ///< by maps and weights
    const bool stay_;      ///< weights, where they are
    const int fast_region_;
    std::vector<Lifetime> items_;  ///< in the fast memory, in fine positions, by their ends
    mutable SlicePlacer slices_;
    mutable std::int32_t from_ = 0;            ///< position from which the present load is copied
    mutable Choice trial_, other_;             ///< deliveries that are tried
    mutable std::vector<std::int64_t> sizes_;  ///< of its parts
    const EndLimit limit_;
    std::size_t common_ = 0;             ///< with the limit's plan: from this position on
    std::vector<std::int64_t> kernels_;  ///< cycles of those before each position, without waits
    std::vector<Load> loads_;
    mutable std::vector<std::int64_t> starts_;  ///< of the slices of a delivery
    struct CopyOfSize {
        std::int64_t size = -1;
        timing::KernelEstimator::CopyTimes times;
    };
    mutable std::array<CopyOfSize, 16> copies_;  ///< some that were asked for
    std::int64_t now_ = 0, dma_free_ = 0;
    std::int32_t earliest_ = 0;  ///< copies stay in the order of their use
    TimeLine line_;
};

}  // namespace

TimeLine deliver_weights(const QuickNetwork& network, const PlacedMaps& maps, Weights weights,
                         const EndLimit& limit) {
    return Delivering(network, maps, weights, limit).run();
}

void run_clock(const QuickNetwork& network, const PlacedMaps& maps, TimeLine& line) {
    issue(network, maps, line.deliveries, line.positions);
    if (!line.positions.empty()) line.cycles = line.positions.back().end;
}

}  // namespace u65sim::compiler::quick
