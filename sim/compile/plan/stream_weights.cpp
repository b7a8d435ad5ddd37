#include "compile/plan/stream_weights.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compile/constants.hpp"
#include "compile/plan/slice_places.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

namespace {

/// What one more kernel costs when an operation is cut (waits at its ends that overlap little).
constexpr std::int64_t cut_cycles = 300;
/// Slices smaller than this cost more in kernels than they hide.
constexpr std::int64_t smallest_slice = 4096;
/// Waits below this many cycles are not worth a cut.
constexpr std::int64_t least_wait = 500;
/// What reading weights off-chip anew for every block position costs beyond the bytes.
constexpr std::int64_t reread_cycles = 1000;

/// One operation's weights.
struct Load {
    NpuOp* op = nullptr;
    std::int32_t time = 0;
    std::int64_t size = 0;
    std::int64_t fast = 0, direct = 0;  ///< cycles with weights in SRAM, and where they are
    std::int64_t want = 0;              ///< cycle at which its copy should start
    int item = -1;                      ///< its reservation among the lifetimes
    int buffer = -1;                    ///< the reserved one
    std::pair<std::int32_t, std::int64_t> shallow{};  ///< depth and cycles of one slice
};

/// When an operation and the copies of its weights would end.
struct Ends {
    std::int64_t finish = 0, dma_free = 0;
    [[nodiscard]] std::int64_t score() const { return finish + dma_free / 8; }
};

/// A way to bring an operation's weights.
struct Way {
    std::vector<std::int32_t> depths;  ///< channels of each slice
    std::vector<Lifetime> places;  ///< of the slices, in fine positions; empty: read where they are
    Ends ends;
};

/// Slices of so many channels, of sizes predicted.
struct Cut {
    std::int32_t step = 0;
    Ends ends;
};

class WeightStreamer {
public:
    WeightStreamer(Program& program, std::vector<Lifetime> items, std::int64_t limit, int region)
        : program_(program),
          items_(std::move(items)),
          slices_(limit),
          limit_(limit),
          region_(region) {
        for (auto& item : items_) {
            item.first = first_of(item.first);
            item.last = last_of(item.last);
        }
        steps_.assign(static_cast<std::size_t>(program.times) + 2, 1);
        started_.assign(static_cast<std::size_t>(program.times) + 2, 0);
    }

    void run() {
        for (auto& segment : program_.segments) reserve(segment);
        for (auto& segment : program_.segments) stream(segment);
        count_anew();
    }

private:
    Buffer& buffer(int index) { return program_.buffers[static_cast<std::size_t>(index)]; }

    void reserve(Segment& segment) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            if (op.repeats(i) || op.slices.empty() || op.slices[0].buffer < 0) continue;
            const Buffer& b = buffer(op.slices[0].buffer);
            items_.push_back({b.size, first_of(op.time), last_of(op.time), b.offset});
            reserved_.emplace_back(&op, static_cast<int>(items_.size()) - 1);
        }
    }

    std::int64_t dma_cycles(std::int64_t size) {
        // Slices of one way are equally large.
        if (size == copy_.first) return copy_.second;
        stream::DmaOp copy;
        copy.source = {region_constants, false, 0};
        copy.destination = {region_, false, 0};
        copy.length = static_cast<std::uint64_t>(size);
        copy_ = {size, program_.estimator->dma(copy).count()};
        return copy_.second;
    }

    /// Cycles of an operation with its weights in SRAM, and where they are.
    std::array<Cycles, 2> kernel_cycles(const NpuOp& op, const WeightSlice* slice) const {
        stream::KernelOp k = placed_kernel(program_, op);
        if (slice) {
            k.weights = slice->weights;
            k.scales = slice->scales;
        }
        return program_.estimator->weight_placements(k, {region_, region_constants});
    }

    void stream(Segment& segment) {
        if (segment.ops.empty()) return;
        const std::int32_t begin = segment.ops.front().time;
        const std::int32_t end = segment.ops.back().time + 1;
        std::vector<std::int64_t> cycles(static_cast<std::size_t>(end - begin), 0);
        std::vector<Load> loads;
        loads.reserve(segment.ops.size());
        std::map<std::int32_t, std::int64_t> by_operator;
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            const NpuOp& owner =
                op.repeats(i) ? segment.ops[static_cast<std::size_t>(op.first_stripe)] : op;
            const WeightSlice* slice = owner.slices.empty() ? nullptr : &owner.slices[0];
            const auto [in_sram, where_they_are] = kernel_cycles(op, slice);
            const std::int64_t fast = in_sram.count();
            cycles[static_cast<std::size_t>(op.time - begin)] += fast;
            if (explaining()) by_operator[op.graph_operator] += fast;
            if (!slice || op.repeats(i)) continue;
            Load load;
            load.op = &op;
            load.time = op.time;
            load.size = slice->size;
            load.fast = fast;
            load.direct = where_they_are.count();
            for (const auto& [reserved, item] : reserved_) {
                if (reserved == &op) {
                    load.item = item;
                    load.buffer = slice->buffer;
                }
            }
            loads.push_back(load);
        }
        for (const auto& [index, sum] : by_operator) {
            const Operator& op = program_.op(index);
            program_.reasons.push_back(
                fmt::format("time of {} ({}) alone: {} cycles", op.name, to_string(op.type), sum));
        }
        wish(loads, cycles, begin);
        carry_out(loads, cycles, begin, end);
    }

    /// When each copy should start so that nothing waits: counted back from the last one.
    static void wish_before(std::vector<Load>& loads, const std::vector<std::int64_t>& start,
                            const std::vector<std::int64_t>& length, std::int32_t begin) {
        std::int64_t latest = std::numeric_limits<std::int64_t>::max();
        for (std::size_t n = loads.size(); n-- > 0;) {
            const std::int64_t due =
                std::min(latest, start[static_cast<std::size_t>(loads[n].time - begin)]);
            latest = due - length[n];
            loads[n].want = latest;
        }
    }

    void wish(std::vector<Load>& loads, const std::vector<std::int64_t>& cycles,
              std::int32_t begin) {
        std::vector<std::int64_t> start(cycles.size(), 0);
        for (std::size_t t = 1; t < cycles.size(); ++t) start[t] = start[t - 1] + cycles[t - 1];
        std::vector<std::int64_t> length;
        length.reserve(loads.size());
        for (const auto& load : loads) length.push_back(dma_cycles(load.size) + least_wait);
        wish_before(loads, start, length, begin);
        // From a cycle to the position that runs then.
        for (auto& load : loads) {
            const auto it = std::upper_bound(start.begin(), start.end(), load.want);
            load.want = begin + std::max<std::int64_t>(0, it - start.begin() - 1);
        }
    }

    void carry_out(std::vector<Load>& loads, const std::vector<std::int64_t>& cycles,
                   std::int32_t begin, std::int32_t end) {
        clock_ = dma_free_ = 0;
        segment_begin_ = begin;
        std::int32_t earliest = begin;
        std::size_t next = 0;
        for (std::int32_t time = begin; time < end; ++time) {
            started_[static_cast<std::size_t>(time)] = clock_;
            const std::int64_t alone = cycles[static_cast<std::size_t>(time - begin)];
            std::int64_t finish = clock_ + alone;
            for (; next < loads.size() && loads[next].time == time; ++next) {
                Load& load = loads[next];
                const auto from = std::max(earliest, static_cast<std::int32_t>(load.want));
                const Way way = exact_way(load, std::min(from, time));
                apply(load, way);
                // Everything of this position waits for its slowest weights.
                finish = std::max(finish, way.ends.finish + alone - load.fast);
                dma_free_ = way.ends.dma_free;
                if (!way.places.empty()) {
                    earliest = std::max(earliest, way.places.back().first / fine);
                }
            }
            clock_ = finish;
            slack_ = alone;
            if (next > 0 && loads[next - 1].time == time) {
                const NpuOp& last = *loads[next - 1].op;
                const std::int32_t tail = last.slices.back().count;
                slack_ = alone * tail / last.ofm.extent.c;
            }
        }
    }

    /// The best way, found again with exact sizes where sampled ones were too small.
    Way exact_way(Load& load, std::int32_t from) {
        Way way = best_way(load, from);
        if (!load.op->slices[0].sampled || way.places.empty()) return way;
        count_sampled(program_, std::array{load.op});
        load.size = load.op->slices[0].size;
        if (load.size > way.places[0].size) return best_way(load, from);
        way.places[0].size = load.size;
        way.ends = timed(load, way.depths, way.places);
        return way;
    }

    Way best_way(Load& load, std::int32_t from) {
        Lifetime reserved;
        if (load.item >= 0) {
            reserved = items_[static_cast<std::size_t>(load.item)];
            items_[static_cast<std::size_t>(load.item)].offset = -1;
        }
        slices_.look_at(items_, first_of(from), last_of(load.time));
        Way where_they_are = direct(load);
        const bool small = program_.options.optimise == Optimise::size;
        const std::int64_t passes = weight_passes(*load.op);
        if (small && passes == 1) return where_they_are;
        if (small) from = load.time;
        const std::int32_t depth = load.op->ofm.extent.c;
        const auto whole_at = [&](std::span<const Lifetime> places) {
            return Way{{depth}, {places.begin(), places.end()}, timed(load, {&depth, 1}, places)};
        };
        if (program_.options.like_vela) {
            return load.item >= 0 && load.op->stripes > 1 ? whole_at({&reserved, 1})
                                                          : as_vela(load);
        }
        if (!program_.takes("stream_weights")) {
            return load.item >= 0 ? whole_at({&reserved, 1}) : where_they_are;
        }
        Way best = std::move(where_they_are);
        const std::int64_t room = room_for(load.op->slices[0]);
        auto places = slices_.earliest({from, load.time}, {&room, 1});
        if (places.empty() && load.item >= 0) places = {&reserved, 1};
        if (!places.empty()) {
            Way whole = whole_at(places);
            // A copy takes from what other reads get meanwhile.
            const std::int64_t gain = passes == 1 ? least_wait : 0;
            if (whole.ends.score() + gain <= best.ends.score()) best = std::move(whole);
        }
        const bool reread = best.places.empty() && passes > 1;
        if (!may_be_cut(load) || (!reread && best.ends.finish <= clock_ + load.fast + least_wait)) {
            return best;
        }
        for (const Cut& way : cuts(load, from, best.ends)) {
            Way real = cut(load, from, cut_into(depth, way.step, way.step));
            if (!real.places.empty()) return real;
        }
        return best;
    }

    /// Ways in slices, of sizes predicted, that are better than the one that ends so: the best
    /// first.
    std::span<const Cut> cuts(Load& load, std::int32_t from, const Ends& without) {
        cuts_.clear();
        const std::int32_t depth = load.op->ofm.extent.c;
        const std::int32_t unit = std::min<std::int32_t>(
            load.op->kernel.block.depth, static_cast<std::int32_t>(round_up(depth, 16)));
        Ends best = without;
        const std::array steps{unit, 16};
        for (const auto step_of : std::span{steps}.first(unit == 16 ? 1 : 2)) {
            // Whole blocks are as good where nothing waits, and where the gain is less than what is
            // known of the rates.
            if (step_of < unit && best.finish <= clock_ + load.fast + least_wait) break;
            std::int32_t tried = depth;
            for (const std::int64_t target : {65536, 32768, 16384, 8192}) {
                const std::int64_t parts = ceil_div(load.size, target);
                const auto step =
                    static_cast<std::int32_t>(round_up(ceil_div(depth, parts), step_of));
                if (step >= tried || ceil_div(depth, step) > fine / 2) continue;
                tried = step;
                depths_.assign(static_cast<std::size_t>(ceil_div(depth, step)), step);
                depths_.back() = depth - step * static_cast<std::int32_t>(depths_.size() - 1);
                sizes_.assign(depths_.size(), predicted_size(load, step));
                sizes_.back() = predicted_size(load, depths_.back());
                const auto serves = [&](const Ends& ends) {
                    const bool gains = (ends.finish - clock_) * 32 < (best.finish - clock_) * 31;
                    return ends.score() < without.score() && (step_of == unit || gains);
                };
                if (!serves(ends_at_least(load, depths_, sizes_))) continue;
                const auto places = sliced(load, from, sizes_);
                if (places.empty()) continue;
                const Ends ends = timed(load, depths_, places);
                if (!serves(ends)) continue;
                if (ends.score() < best.score()) best = ends;
                cuts_.push_back({step, ends});
            }
        }
        std::stable_sort(cuts_.begin(), cuts_.end(), [](const Cut& a, const Cut& b) {
            return a.ends.score() < b.ends.score();
        });
        return cuts_;
    }

    /// Slices are of output channels alone, so a depthwise operation stays whole. A map in DRAM
    /// that blocks read once would be read again for each slice.
    bool may_be_cut(const Load& load) const {
        const bool in_reach =
            weight_passes(*load.op) > 1 || program_.buffer(load.op->ifm).region == region_;
        return may_be_cut(*load.op) && in_reach && load.size >= 2 * smallest_slice;
    }
    static bool may_be_cut(const NpuOp& op) {
        return op.kernel.kind == stream::KernelKind::conv && op.stripes == 1 && op.first_stripe < 0;
    }

    /// Channels of a slice of `first`, then ones of `step`.
    static std::vector<std::int32_t> cut_into(std::int32_t depth, std::int32_t first,
                                              std::int32_t step) {
        std::vector<std::int32_t> depths{std::min(first, depth)};
        for (std::int32_t c = first; c < depth; c += step) {
            depths.push_back(std::min(step, depth - c));
        }
        return depths;
    }

    static std::int64_t predicted_size(const Load& load, std::int64_t channels) {
        return load.size * channels / load.op->ofm.extent.c * 51 / 50 + 128;
    }
    static std::vector<std::int64_t> predicted_sizes(const Load& load,
                                                     const std::vector<std::int32_t>& depths) {
        std::vector<std::int64_t> sizes;
        sizes.reserve(depths.size());
        for (const auto share : depths) sizes.push_back(predicted_size(load, share));
        return sizes;
    }

    static std::vector<std::int64_t> sizes_of(const std::vector<WeightSlice>& slices) {
        std::vector<std::int64_t> sizes;
        sizes.reserve(slices.size());
        for (const auto& slice : slices) sizes.push_back(slice.size);
        return sizes;
    }

    /// Places for slices of these sizes. None when there is no room.
    std::span<const Lifetime> sliced(const Load& load, std::int32_t from,
                                     std::span<const std::int64_t> sizes) {
        // Places of one size: each fits where an earlier slice was.
        equal_.assign(sizes.size(), *std::max_element(sizes.begin(), sizes.end()));
        const auto places = slices_.earliest({from, load.time}, equal_);
        if (places.empty()) return slices_.earliest({from, load.time}, sizes);
        sliced_.assign(places.begin(), places.end());
        for (std::size_t i = 0; i < sizes.size(); ++i) sliced_[i].size = sizes[i];
        return sliced_;
    }

    /// Encodes slices of these depths. No places, and nothing changed, when they turn out larger
    /// than there is room for.
    Way cut(Load& load, std::int32_t from, std::vector<std::int32_t> depths) {
        std::vector<WeightSlice> slices = make_slices(program_, *load.op, depths);
        const auto places = sliced(load, from, sizes_of(slices));
        if (places.empty()) return {};
        const Ends ends = timed(load, depths, places);
        load.op->slices = std::move(slices);
        return {std::move(depths), {places.begin(), places.end()}, ends};
    }

    /// What Vela does: one operation ahead at most, whole where the time of the operation before
    /// is enough, else in slices through two buffers that take turns, or one. With a dedicated SRAM
    /// its streams copy nothing that is read once (seen in VGG19's and kws_micronet_m's).
    Way as_vela(Load& load) {
        const NpuOp& op = *load.op;
        Way where_they_are = direct(load);
        if (program_.op(op.graph_operator).type == OpType::fully_connected) return where_they_are;
        if (program_.spilling() && weight_passes(op) == 1) return where_they_are;
        const std::int32_t before = std::max(load.time - 1, segment_begin_);
        slices_.look_at(items_, first_of(load.time), last_of(load.time));
        const std::int64_t room = limit_ - slices_.bytes();
        slices_.look_at(items_, first_of(before), last_of(load.time));
        const std::int64_t slack = load.time > segment_begin_ ? slack_ : 0;
        const std::int64_t ahead =
            std::min({load.size, load.size * slack / dma_cycles(load.size), room / 2});
        if (ahead < load.size && may_be_cut(op) && op.ofm.extent.c > 16) {
            Way way = slices_as_vela(load, before, ahead, room);
            if (!way.places.empty()) return way;
        }
        const std::array whole{room_for(op.slices[0])};
        const auto places = in_turns(load, before, whole, true);
        if (places.empty()) return where_they_are;
        const std::vector<std::int32_t> depths{op.ofm.extent.c};
        return {depths, {places.begin(), places.end()}, timed(load, depths, places)};
    }

    /// Places for slices that take turns, copied while the operation before runs if possible.
    std::span<const Lifetime> in_turns(const Load& load, std::int32_t before,
                                       std::span<const std::int64_t> sizes, bool twice) {
        const auto places = slices_.in_turns({before, load.time}, sizes, twice);
        return places.empty() ? slices_.in_turns({load.time, load.time}, sizes, twice) : places;
    }

    /// The first slice of those `ahead` bytes, the others as deep as the time of the one before
    /// lets them come; shallower until two have room to take turns. Else one after the other.
    Way slices_as_vela(Load& load, std::int32_t before, std::int64_t ahead, std::int64_t room) {
        const std::int32_t block = load.op->kernel.block.depth;
        const std::int32_t depth = load.op->ofm.extent.c;
        const auto whole_blocks = [block](std::int64_t channels) {
            return std::max(16, static_cast<std::int32_t>(channels / block * block));
        };
        std::int32_t first = whole_blocks(depth * ahead / load.size / 16 * 16);
        const std::int64_t meanwhile =
            round_up(std::max<std::int64_t>(load.fast * first / dma_cycles(load.size), 1), block);
        std::int32_t step = whole_blocks(std::min(depth * (room / 2) / load.size, meanwhile));
        std::vector<std::int32_t> one_by_one;
        while (true) {
            std::vector<std::int32_t> depths = cut_into(depth, first, step);
            const bool few = depths.size() <= static_cast<std::size_t>(fine / 2);
            const auto sizes = predicted_sizes(load, depths);
            if (few && depths.size() > 1 && sizes[0] + sizes[1] <= room) {
                if (one_by_one.empty()) one_by_one = depths;
                if (!in_turns(load, before, sizes, true).empty()) {
                    Way way = encoded(load, before, std::move(depths), true);
                    if (!way.places.empty()) return way;
                }
            }
            if (!few || (first == 16 && step == 16)) break;
            std::int32_t& larger = first > step ? first : step;
            larger = whole_blocks(larger / 2);
        }
        return one_by_one.empty() ? Way{} : encoded(load, before, std::move(one_by_one), false);
    }

    /// The way of slices of these depths, in two buffers or one. No places, and nothing changed,
    /// when there is no room.
    Way encoded(Load& load, std::int32_t before, std::vector<std::int32_t> depths, bool twice) {
        std::vector<WeightSlice> slices = make_slices(program_, *load.op, depths);
        const auto places = in_turns(load, before, sizes_of(slices), twice);
        if (places.empty()) return {};
        const Ends ends = timed(load, depths, places);
        load.op->slices = std::move(slices);
        return {std::move(depths), {places.begin(), places.end()}, ends};
    }

    Way direct(const Load& load) {
        Way way;
        // The decoder's reads fill fewer bursts than whole ones: one sixteenth slower (measured on
        // the machine, 2.85 of 3.03 bytes a cycle).
        const std::int64_t read =
            program_.estimator->weight_reads(load.size * weight_passes(*load.op), region_constants)
                .count();
        Ends& ends = way.ends;
        ends.dma_free = std::max(clock_, dma_free_) + read + read / 16;
        ends.finish = clock_ + load.fast + (load.direct - load.fast) * load.op->stripes;
        ends.finish = std::max(ends.finish, ends.dma_free);
        if (weight_passes(*load.op) > 1) ends.finish += reread_cycles;
        return way;
    }

    /// Cycles of a slice of so many channels with its weights in SRAM.
    [[nodiscard]] std::int64_t slice_cycles(Load& load, std::int32_t depth) const {
        const NpuOp& op = *load.op;
        if (depth >= op.kernel.block.depth) return load.fast * depth / op.ofm.extent.c;
        if (depth == load.shallow.first) return load.shallow.second;
        stream::KernelOp k = placed_kernel(program_, op);
        k.ofm.depth = depth;
        k.weights = op.slices[0].weights;
        k.scales = op.slices[0].scales;
        for (auto* ranges : {&k.weights, &k.scales}) {
            for (stream::ByteRange& range : *ranges) {
                range.length = static_cast<std::uint32_t>(std::int64_t{range.length} * depth /
                                                          op.ofm.extent.c);
            }
        }
        k.weight_region = k.scale_region = region_;
        load.shallow = {depth, program_.estimator->total(k).count()};
        return load.shallow.second;
    }

    /// Cycles of one of an operation's parts of so many channels.
    [[nodiscard]] std::int64_t part_cycles(Load& load, std::int32_t depth,
                                           std::size_t parts) const {
        return parts > 1 ? slice_cycles(load, depth) + cut_cycles : load.fast;
    }

    /// No way in slices like these ends earlier.
    Ends ends_at_least(Load& load, std::span<const std::int32_t> depths,
                       std::span<const std::int64_t> sizes) {
        // All but the last are alike.
        const auto others = static_cast<std::int64_t>(depths.size()) - 1;
        const std::int64_t first = part_cycles(load, depths.front(), depths.size());
        const std::int64_t last = part_cycles(load, depths.back(), depths.size());
        Ends ends;
        ends.dma_free = dma_free_ + others * dma_cycles(sizes.front()) + dma_cycles(sizes.back());
        ends.finish = std::max(clock_ + others * first, ends.dma_free) + last;
        return ends;
    }

    /// Predicts when an operation ends whose weights come in parts like these.
    Ends timed(Load& load, std::span<const std::int32_t> depths, std::span<const Lifetime> places) {
        const auto parts = static_cast<std::int64_t>(places.size());
        std::int32_t depth = depths.front();
        std::int64_t cycles = part_cycles(load, depth, places.size());
        starts_.clear();
        Ends ends{clock_, dma_free_};
        for (std::size_t part = 0; part < places.size(); ++part) {
            const std::int32_t first = places[part].first;
            std::int64_t issue = clock_;
            if (first / fine < load.time) {
                issue = started_[static_cast<std::size_t>(first / fine)];
            } else if (!starts_.empty()) {
                const std::int64_t position = (first % fine) * parts / fine;
                const auto at = std::min(static_cast<std::size_t>(position), starts_.size());
                issue = at < starts_.size() ? starts_[at] : ends.finish;
            }
            ends.dma_free = std::max(ends.dma_free, issue) + dma_cycles(places[part].size);
            starts_.push_back(std::max(ends.finish, ends.dma_free));
            if (depths[part] != depth) {
                depth = depths[part];
                cycles = part_cycles(load, depth, places.size());
            }
            ends.finish = starts_.back() + cycles;
        }
        return ends;
    }

    /// Reasons are only written for those who read them.
    [[nodiscard]] bool explaining() const { return !program_.options.dump_after.empty(); }

    void explain(const Load& load, const Way& way) {
        if (!explaining()) return;
        const auto from = [](const Way& w) { return w.places.front().first / fine; };
        std::string form = "read where they are";
        if (way.places.size() == 1) {
            form = fmt::format("copied from position {} on", from(way));
        } else if (way.places.size() > 1) {
            form = fmt::format("copied in {} slices from position {} on", way.places.size(),
                               from(way));
        }
        program_.reasons.push_back(
            fmt::format("weights of {} at position {}, {} B: {} cycles with weights in SRAM, {} "
                        "where they are; {}, which waits {} cycles",
                        load.op->name, load.time, load.size, load.fast, load.direct, form,
                        std::max<std::int64_t>(0, way.ends.finish - clock_ - load.fast)));
    }

    void apply(Load& load, const Way& way) {
        NpuOp& op = *load.op;
        explain(load, way);
        if (load.buffer >= 0) buffer(load.buffer).first_use = -1;
        if (way.places.empty()) {
            for (auto& slice : op.slices) slice.buffer = -1;
            return;
        }
        op.steps = static_cast<std::int32_t>(way.places.size());
        steps_[static_cast<std::size_t>(op.time)] =
            std::max(steps_[static_cast<std::size_t>(op.time)], op.steps);
        for (std::size_t i = 0; i < way.places.size(); ++i) {
            const Lifetime& place = way.places[i];
            Buffer made;
            made.name = op.name + "/weights";
            if (way.places.size() > 1) made.name += std::to_string(i);
            made.kind = Placement::Kind::weight_buffer;
            made.size = place.size;
            made.first_use = place.first;
            made.last_use = place.last;
            made.region = region_;
            made.offset = place.offset;
            streamed_.push_back(static_cast<int>(program_.buffers.size()));
            op.slices[i].buffer = streamed_.back();
            program_.buffers.push_back(std::move(made));
            items_.push_back(place);
        }
    }

    /// Gives operations cut into slices a position for each.
    void count_anew() {
        std::vector<std::int32_t> start(steps_.size() + 1, 0);
        for (std::size_t t = 0; t < steps_.size(); ++t) start[t + 1] = start[t] + steps_[t];
        const auto begin = [&](std::int32_t time) { return start[static_cast<std::size_t>(time)]; };
        const auto exact = [&](std::int32_t position) {
            const std::int32_t time = position / fine;
            return begin(time) + position % fine * steps_[static_cast<std::size_t>(time)] / fine;
        };
        std::vector<bool> is_fine(program_.buffers.size(), false);
        for (const auto index : streamed_) is_fine[static_cast<std::size_t>(index)] = true;
        for (std::size_t i = 0; i < program_.buffers.size(); ++i) {
            Buffer& b = program_.buffers[i];
            if (b.first_use < 0) continue;
            b.first_use = is_fine[i] ? exact(b.first_use) : begin(b.first_use);
            b.last_use = is_fine[i] ? exact(b.last_use) : begin(b.last_use + 1) - 1;
        }
        for (auto& segment : program_.segments) {
            for (auto& op : segment.ops) {
                op.time = begin(op.time);
                for (auto& slice : op.slices) {
                    if (slice.buffer >= 0) slice.ready_from = buffer(slice.buffer).first_use;
                }
            }
        }
        for (auto& time : program_.cpu_time) {
            if (time >= 0) time = begin(time);
        }
        program_.times = begin(program_.times);
    }

    Program& program_;
    std::vector<Lifetime> items_;
    SlicePlacer slices_;
    std::int64_t limit_;
    int region_;
    std::vector<std::pair<const NpuOp*, int>> reserved_;
    std::vector<std::int32_t> steps_;
    std::vector<std::int64_t> started_;
    std::vector<int> streamed_;
    // Of the way that is looked at.
    std::vector<Cut> cuts_;
    std::vector<std::int32_t> depths_;
    std::vector<std::int64_t> sizes_, equal_, starts_;
    std::vector<Lifetime> sliced_;
    std::pair<std::int64_t, std::int64_t> copy_{-1, 0};  ///< size and cycles of one copy
    std::int64_t clock_ = 0, dma_free_ = 0;
    std::int32_t segment_begin_ = 0;
    std::int64_t slack_ = 0;  ///< cycles of the operation before, or of its last slice
};

}  // namespace

stream::KernelOp placed_kernel(const Program& program, const NpuOp& op) {
    stream::KernelOp k = op.kernel;
    const auto map = [&](const View& view) {
        stream::FeatureMap resolved = resolve(program, view);
        if (resolved.region < 0) resolved.region = region_arena;
        return resolved;
    };
    k.ifm = map(op.ifm);
    k.ofm = map(op.ofm);
    if (k.is_binary() && !k.broadcast.scalar) k.ifm2 = map(op.ifm2);
    return k;
}

std::int64_t weight_passes(const NpuOp& op) {
    return op.stripes * ceil_div(op.ofm.extent.h, op.kernel.block.height) *
           ceil_div(op.ofm.extent.w, op.kernel.block.width);
}

void stream_weights(Program& program, std::vector<Lifetime> maps, std::int64_t limit,
                    int fast_region) {
    WeightStreamer(program, std::move(maps), limit, fast_region).run();
}

}  // namespace u65sim::compiler
