#include "compile/plan/delivery_clock.hpp"

#include <algorithm>
#include <limits>

#include "compile/build_kernel.hpp"
#include "compile/plan/delivery_rules.hpp"
#include "compile/plan/slice_places.hpp"

namespace u65sim::compiler {

DeliveryClock::DeliveryClock(const PlannedProgram& program, int region)
    : program_(program),
      region_(region),
      started_(static_cast<std::size_t>(program.times) + 2, 0) {}

void DeliveryClock::plan_copies(std::span<WeightLoad> loads, std::span<const std::int64_t> cycles,
                                std::int32_t begin) {
    std::vector<std::int64_t> start(cycles.size(), 0);
    for (std::size_t t = 1; t < cycles.size(); ++t) start[t] = start[t - 1] + cycles[t - 1];
    std::int64_t latest = std::numeric_limits<std::int64_t>::max();
    for (auto load = loads.rbegin(); load != loads.rend(); ++load) {
        latest = std::min(latest, start[static_cast<std::size_t>(load->time - begin)]) -
                 copy_cycles(load->size) - tuning::least_wait;
        // From a cycle to the position that runs then.
        const auto it = std::upper_bound(start.begin(), start.end(), latest);
        load->copy_from = begin + std::max<std::int64_t>(0, it - start.begin() - 1);
    }
}

void DeliveryClock::begin_segment(std::int32_t time) {
    now_ = dma_free_ = 0;
    segment_begin_ = time;
}

void DeliveryClock::begin_position(std::int32_t time, std::int64_t cycles) {
    started_[static_cast<std::size_t>(time)] = now_;
    alone_ = cycles;
    finish_ = now_ + cycles;
}

void DeliveryClock::deliver(const WeightLoad& load, const Delivery& delivery) {
    finish_ = std::max(finish_, delivery.ends.finish + alone_ - load.fast);
    dma_free_ = delivery.ends.dma_free;
}

void DeliveryClock::end_position(const NpuOp* last) {
    now_ = finish_;
    slack_ = alone_;
    if (!last || last->slices.empty()) return;
    slack_ = alone_ * last->slices.back().count / last->ofm.extent.c;
}

std::int32_t DeliveryClock::free_from(std::int32_t first, std::int32_t last) const {
    return free_position(started_, dma_free_, first, last);
}

timing::KernelEstimator::CopyTimes DeliveryClock::copy_times(std::int64_t size) {
    // Slices of one delivery are equally large.
    if (size != copy_size_) {
        copy_size_ = size;
        copy_times_ = program_.estimator->dma(memory_copy({region_constants}, {region_}, size));
    }
    return copy_times_;
}

std::array<Cycles, 2> DeliveryClock::kernel_cycles(const NpuOp& op,
                                                   const WeightSlice* slice) const {
    stream::KernelOp k = placed_kernel(program_, op);
    if (slice) set_weights(k, *slice, region_);
    return program_.estimator->weight_placements(k, {region_, region_constants});
}

Ends DeliveryClock::read_directly(const WeightLoad& load) const {
    const std::int64_t passes = weight_passes(*load.op);
    const DirectRead read{load.size * passes, load.fast, load.direct, load.op->stripes, passes > 1};
    return ends_of_read(program_, read, now_, dma_free_);
}

std::int64_t DeliveryClock::slice_cycles(WeightLoad& load, std::int32_t depth) const {
    const NpuOp& op = *load.op;
    if (depth >= op.kernel.block.depth) return load.fast * depth / op.ofm.extent.c;
    if (depth == load.shallow.first) return load.shallow.second;
    stream::KernelOp k = placed_kernel(program_, op);
    set_first_weights(k, op, region_);
    keep_channels(k, depth);
    load.shallow = {depth, program_.estimator->total(k).count()};
    return load.shallow.second;
}

std::int64_t DeliveryClock::part_cycles(WeightLoad& load, std::int32_t depth,
                                        std::size_t parts) const {
    return parts > 1 ? slice_cycles(load, depth) + tuning::extra_kernel_cycles : load.fast;
}

Ends DeliveryClock::least_copied(WeightLoad& load, std::span<const std::int32_t> depths,
                                 std::span<const std::int64_t> sizes) {
    const auto others = static_cast<std::int64_t>(depths.size()) - 1;
    const std::int64_t first = part_cycles(load, depths.front(), depths.size());
    const std::int64_t last = part_cycles(load, depths.back(), depths.size());
    Ends ends;
    ends.dma_free = dma_free_ + others * copy_times(sizes.front()).busy.count();
    const timing::KernelEstimator::CopyTimes copy = copy_times(sizes.back());
    ends.dma_free += copy.busy.count();
    ends.finish = std::max(now_ + others * first, ends.dma_free + copy.latency.count()) + last;
    return ends;
}

Ends DeliveryClock::copied(WeightLoad& load, std::span<const std::int32_t> depths,
                           std::span<const Lifetime> places) {
    const auto parts = static_cast<std::int64_t>(places.size());
    std::int32_t depth = depths.front();
    std::int64_t cycles = part_cycles(load, depth, places.size());
    starts_.clear();
    Ends ends{now_, dma_free_};
    for (std::size_t part = 0; part < places.size(); ++part) {
        const std::int32_t first = places[part].first;
        std::int64_t issue = now_;
        if (first / fine < load.time) {
            issue = started_[static_cast<std::size_t>(first / fine)];
        } else if (!starts_.empty()) {
            const std::int64_t position = (first % fine) * parts / fine;
            const auto at = std::min(static_cast<std::size_t>(position), starts_.size());
            issue = at < starts_.size() ? starts_[at] : ends.finish;
        }
        const timing::KernelEstimator::CopyTimes copy = copy_times(places[part].size);
        ends.dma_free = std::max(ends.dma_free, issue) + copy.busy.count();
        starts_.push_back(std::max(ends.finish, ends.dma_free + copy.latency.count()));
        if (depths[part] != depth) {
            depth = depths[part];
            cycles = part_cycles(load, depth, places.size());
        }
        ends.finish = starts_.back() + cycles;
    }
    return ends;
}

}  // namespace u65sim::compiler
