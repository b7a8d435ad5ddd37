#include "compile/plan/stream_weights.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compile/plan/delivery_chooser.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

namespace {

class WeightStreamer {
public:
    WeightStreamer(PlannedProgram& program, std::vector<Lifetime> items, std::int64_t limit,
                   int region, SlicePlaces places)
        : program_(program),
          items_(std::move(items)),
          clock_(program, region),
          chooser_(program, items_, clock_, {limit, region, places}),
          region_(region),
          places_(places) {
        for (auto& item : items_) {
            item.first = first_of(item.first);
            item.last = last_of(item.last);
        }
        parts_.assign(static_cast<std::size_t>(program.times) + 2, 1);
    }

    void run() {
        for (auto& segment : program_.segments) reserve(segment);
        for (auto& segment : program_.segments) segments_.push_back(loads_of(segment));
        program_.is_given_up =
            tuning::kernels_apart.of(program_.kernel_cycles) >= program_.too_many_cycles;
        if (program_.is_given_up) return;
        for (SegmentLoads& segment : segments_) stream(segment);
        renumber();
    }

private:
    Buffer& buffer(int index) { return program_.buffers[static_cast<std::size_t>(index)]; }

    /// Takes the places that weights have already.
    void reserve(Segment& segment) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            if (op.repeats(i) || op.slices.empty() || op.slices[0].buffer == no_buffer) continue;
            const Buffer& b = buffer(op.slices[0].buffer);
            items_.push_back({b.size, first_of(op.time), last_of(op.time), b.offset});
            reserved_.emplace_back(&op, items_.size() - 1);
        }
    }

    /// The loads of a segment.
    struct SegmentLoads {
        std::int32_t begin = 0;              ///< its first position
        std::vector<std::int64_t> cycles{};  ///< of each position, with all weights in SRAM
        std::vector<const NpuOp*> ops{};     ///< one of each position
        std::vector<WeightLoad> loads{};
    };

    void stream(SegmentLoads& segment) {
        if (segment.cycles.empty()) return;
        clock_.plan_copies(segment.loads, segment.cycles, segment.begin);
        deliver_all(segment);
    }

    /// Cycles of the copy that an operation's IFM is, where it is the first to read it.
    std::int64_t map_copy_cycles(const NpuOp& op) {
        const Buffer& map = program_.buffer(op.ifm);
        const bool first = map.copy_of != no_buffer && map.first_use == op.time;
        return first ? clock_.copy_cycles(map.size) : 0;
    }

    SegmentLoads loads_of(Segment& segment) {
        if (segment.ops.empty()) return {};
        SegmentLoads result{segment.ops.front().time};
        result.cycles.assign(static_cast<std::size_t>(segment.ops.back().time + 1 - result.begin),
                             0);
        result.ops.assign(result.cycles.size(), nullptr);
        std::vector<WeightLoad>& loads = result.loads;
        loads.reserve(segment.ops.size());
        std::map<std::int32_t, std::int64_t> by_operator;
        const NpuOp* before = nullptr;
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            const NpuOp& owner =
                op.repeats(i) ? segment.ops[static_cast<std::size_t>(op.first_stripe)] : op;
            const WeightSlice* slice = owner.slices.empty() ? nullptr : &owner.slices[0];
            const auto [in_sram, where_they_are] = clock_.kernel_cycles(op, slice);
            const std::int64_t fast = in_sram.count();
            const auto position = static_cast<std::size_t>(op.time - result.begin);
            result.cycles[position] += fast + map_copy_cycles(op);
            result.ops[position] = &op;
            program_.kernel_cycles += fast;
            const bool has_room = slice && slice->buffer != no_buffer;
            program_.staying_cycles += has_room ? fast : where_they_are.count();
            if (program_.is_explained()) by_operator[op.graph_operator] += fast;
            if (op.repeats(i)) continue;
            const NpuOp* const previous = std::exchange(before, &op);
            if (!slice) continue;
            WeightLoad& load = loads.emplace_back();
            load.op = &op;
            load.before = previous;
            load.time = op.time;
            load.size = slice->size;
            load.fast = fast;
            load.direct = where_they_are.count();
            for (const auto& [reserved, item] : reserved_) {
                if (reserved != &op) continue;
                load.reservation = item;
                load.buffer = slice->buffer;
            }
        }
        for (const auto& [index, sum] : by_operator) {
            const Operator& op = program_.op(index);
            program_.reasons.push_back(
                fmt::format("time of {} ({}) alone: {} cycles", op.name, to_string(op.type), sum));
        }
        return result;
    }

    void deliver_all(SegmentLoads& segment) {
        const std::int32_t begin = segment.begin;
        const std::vector<std::int64_t>& cycles = segment.cycles;
        std::vector<WeightLoad>& loads = segment.loads;
        clock_.begin_segment(begin);
        std::int32_t earliest = begin;
        std::size_t next = 0;
        for (std::size_t position = 0; position < cycles.size(); ++position) {
            const std::int32_t time = begin + static_cast<std::int32_t>(position);
            clock_.begin_position(time, cycles[position]);
            const NpuOp* last = segment.ops[position];
            for (; next < loads.size() && loads[next].time == time; ++next) {
                WeightLoad& load = loads[next];
                const auto from = std::max(earliest, static_cast<std::int32_t>(load.copy_from));
                const Delivery delivery = chooser_.choose(load, std::min(from, time));
                apply(load, delivery);
                clock_.deliver(load, delivery);
                if (!delivery.places.empty()) {
                    earliest = std::max(earliest, delivery.places.back().first / fine);
                }
                last = load.op;
            }
            clock_.end_position(last);
        }
    }

    /// Reasons are only written for those who read them.
    void explain(const WeightLoad& load, const Delivery& delivery) {
        if (!program_.is_explained()) return;
        const std::size_t parts = delivery.places.size();
        std::string form = "read where they are";
        if (parts > 0) {
            form = fmt::format("copied {}from position {} on",
                               parts > 1 ? fmt::format("in {} slices ", parts) : "",
                               delivery.places.front().first / fine);
        }
        program_.reasons.push_back(fmt::format(
            "weights of {} at position {}, {} B: {} cycles with weights in SRAM, {} where they "
            "are; {}, which waits {} cycles",
            load.op->name, load.time, load.size, load.fast, load.direct, form,
            std::max<std::int64_t>(0, clock_.wait_of(load, delivery.ends.finish))));
    }

    void apply(WeightLoad& load, const Delivery& delivery) {
        NpuOp& op = *load.op;
        explain(load, delivery);
        if (load.buffer != no_buffer) buffer(load.buffer).first_use = no_time;
        if (delivery.places.empty()) {
            for (auto& slice : op.slices) slice.buffer = no_buffer;
            return;
        }
        op.steps = static_cast<std::int32_t>(delivery.places.size());
        std::int32_t& parts = parts_[static_cast<std::size_t>(op.time)];
        parts = std::max(parts, op.steps);
        for (std::size_t i = 0; i < delivery.places.size(); ++i) {
            const Lifetime& place = delivery.places[i];
            WeightSlice& slice = op.slices[i];
            slice.ready_from = place.first;
            items_.push_back(place);
            const std::size_t turns = buffers_of(delivery);
            if (i < turns) {
                slice.buffer = add_buffer(op, delivery, i, place);
            } else {
                slice.buffer = op.slices[i % turns].buffer;
                Buffer& again = buffer(slice.buffer);
                again.size = std::max(again.size, place.size);
                again.last_use = place.last;
            }
        }
    }

    /// How many buffers slices take. Each has one of its own where it has its place for good, else
    /// they take turns.
    [[nodiscard]] std::size_t buffers_of(const Delivery& delivery) const {
        if (places_ == SlicePlaces::final || delivery.places.size() < 2) {
            return delivery.places.size();
        }
        return delivery.places[0].meets(delivery.places[1]) ? 2 : 1;
    }

    int add_buffer(const NpuOp& op, const Delivery& delivery, std::size_t index,
                   const Lifetime& place) {
        Buffer made;
        made.name = op.name + "/weights";
        if (delivery.places.size() > 1) made.name += std::to_string(index);
        made.kind = Placement::Kind::weight_buffer;
        made.size = place.size;
        made.first_use = place.first;
        made.last_use = place.last;
        made.region = region_;
        made.offset = place.offset;
        streamed_.push_back(static_cast<int>(program_.buffers.size()));
        program_.buffers.push_back(std::move(made));
        return streamed_.back();
    }

    /// Gives operations in slices a position for each.
    void renumber() {
        std::vector<std::int32_t> start(parts_.size() + 1, 0);
        for (std::size_t t = 0; t < parts_.size(); ++t) start[t + 1] = start[t] + parts_[t];
        const auto begin = [&](std::int32_t time) { return start[static_cast<std::size_t>(time)]; };
        const auto exact = [&](std::int32_t position) {
            const std::int32_t time = position / fine;
            return begin(time) + position % fine * parts_[static_cast<std::size_t>(time)] / fine;
        };
        std::vector<bool> is_fine(program_.buffers.size(), false);
        for (const auto index : streamed_) is_fine[static_cast<std::size_t>(index)] = true;
        for (std::size_t i = 0; i < program_.buffers.size(); ++i) {
            Buffer& b = program_.buffers[i];
            if (b.first_use == no_time) continue;
            b.first_use = is_fine[i] ? exact(b.first_use) : begin(b.first_use);
            b.last_use = is_fine[i] ? exact(b.last_use) : begin(b.last_use + 1) - 1;
        }
        for_each_op(program_, [&](NpuOp& op) {
            op.time = begin(op.time);
            for (auto& slice : op.slices) {
                if (slice.buffer != no_buffer) slice.ready_from = exact(slice.ready_from);
            }
        });
        for (auto& time : program_.cpu_time) {
            if (time != no_time) time = begin(time);
        }
        program_.times = begin(program_.times);
    }

    PlannedProgram& program_;
    std::vector<Lifetime> items_;
    DeliveryClock clock_;
    DeliveryChooser chooser_;
    const int region_;
    const SlicePlaces places_;
    std::vector<SegmentLoads> segments_;
    std::vector<std::pair<const NpuOp*, std::size_t>> reserved_;
    std::vector<std::int32_t> parts_;  ///< slices of each position
    std::vector<int> streamed_;        ///< buffers made
};

}  // namespace

void stream_weights(PlannedProgram& program, std::vector<Lifetime> maps, std::int64_t limit,
                    int fast_region, SlicePlaces places) {
    WeightStreamer(program, std::move(maps), limit, fast_region, places).run();
}

}  // namespace u65sim::compiler
