#include "compile/plan/map_placer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compile/build_kernel.hpp"
#include "compile/constants.hpp"
#include "compile/plan/candidate_search.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/plan/weight_delivery.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

namespace {

Lifetime lifetime_of(const Buffer& buffer) {
    return {buffer.size, buffer.first_use, buffer.last_use, no_offset};
}

}  // namespace

MapPlacer::MapPlacer(PlannedProgram& program)
    : program_(program),
      limit_(program.target->sram.size.count()),
      fast_region_(program.spilling() ? region_fast : region_arena) {}

void MapPlacer::place_fast() {
    collect_maps();
    if (program_.target->memory_mode != MemoryMode::sram_only) collect_weights();
    if (!program_.spilling()) place_mandatory();
    std::vector<Lifetime> items = fixed_;
    std::vector<double> benefits;
    for (const auto& candidate : candidates_) {
        items.push_back(lifetime_of(at(candidate.buffer)));
        benefits.push_back(candidate.benefit);
    }
    place_candidates(items, benefits, limit_);
    settle_candidates(items);
}

stream::KernelOp MapPlacer::all_fast(const NpuOp& op) const {
    stream::KernelOp k = placed_kernel(program_, op);
    k.ifm.region = k.ifm2.region = k.ofm.region = fast_region_;
    set_first_weights(k, op, fast_region_);
    return k;
}

void MapPlacer::add_savings(const NpuOp& op, std::vector<double>& saved) {
    const stream::KernelOp fast = all_fast(op);
    timing::PlacementCycles cycles{};  // by place of IFM and OFM; the second is fast
    if (program_.spilling()) {
        cycles = program_.estimator->placements(fast, {region_arena, fast_region_});
    }
    const Cycles least = cycles[1][1];
    for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
        if (!view->valid()) continue;
        double times = 1;
        if (view == &op.ifm && op.kernel.kind == stream::KernelKind::conv) {
            times = static_cast<double>(ceil_div(op.ofm.extent.c, op.kernel.block.depth));
        }
        double& sum = saved[static_cast<std::size_t>(view->buffer)];
        sum += times * static_cast<double>(view->extent.elements()) * stream::bytes_of(view->type) *
               tuning::cycles_per_byte;
        if (!program_.spilling()) continue;
        Cycles slow = view == &op.ifm ? cycles[0][1] : cycles[1][0];
        if (view == &op.ifm2) {
            stream::KernelOp second = fast;
            second.ifm2.region = region_arena;
            slow = program_.estimator->total(second);
        }
        sum += static_cast<double>((slow - least).count());
    }
}

void MapPlacer::collect_maps() {
    std::vector<double> saved(program_.buffers.size(), 0);
    for_each_op(program_, [&](const NpuOp& op) { add_savings(op, saved); });
    for (std::size_t i = 0; i < program_.buffers.size(); ++i) {
        const Buffer& buffer = program_.buffers[i];
        if (buffer.kind == Placement::Kind::constant || buffer.first_use == no_time) continue;
        if (buffer.pinned) {
            mandatory_.push_back(static_cast<int>(i));
        } else {
            candidates_.push_back({static_cast<int>(i), saved[i], nullptr});
        }
    }
}

double MapPlacer::benefit_of_weights(const NpuOp& op, std::int64_t passes) {
    // Whatever happens here, the weights can come in slices later on.
    const auto [least, off_chip] =
        program_.estimator->weight_placements(all_fast(op), {fast_region_, region_constants});
    const auto more = static_cast<double>((off_chip - least).count());
    return tuning::weight_benefit * (static_cast<double>((passes - 1) * op.slices[0].size) +
                                     more * static_cast<double>(op.stripes));
}

void MapPlacer::collect_weights() {
    std::vector<NpuOp*> buffered;
    for_each_op(program_, [&](NpuOp& op) {
        if (op.weights && weight_passes(op) > 1) buffered.push_back(&op);
    });
    count_sampled(program_, buffered);
    for (auto& segment : program_.segments) {
        const std::int32_t first_time = segment.ops.empty() ? 0 : segment.ops.front().time;
        const NpuOp* before = nullptr;
        for (auto& op : segment.ops) {
            const NpuOp* previous = std::exchange(before, &op);
            if (!op.weights) continue;
            const std::int64_t passes = weight_passes(op);
            if (passes < 2) continue;
            const double benefit = benefit_of_weights(op, passes);
            // Inside a cascade only its first operation's copy may start before it.
            const bool inside = previous && previous->time == op.time;
            const std::int32_t from = inside ? op.time : std::max(op.time - 1, first_time);
            candidates_.push_back({add_weight_buffer(op, from, op.time), benefit, &op});
        }
    }
}

int MapPlacer::add_weight_buffer(const NpuOp& op, std::int32_t first, std::int32_t last) {
    Buffer buffer;
    buffer.name = op.name + "/weights";
    buffer.kind = Placement::Kind::weight_buffer;
    buffer.size = op.slices[0].size;
    buffer.first_use = first;
    buffer.last_use = last;
    program_.buffers.push_back(std::move(buffer));
    return static_cast<int>(program_.buffers.size()) - 1;
}

/// Without spilling every map lives in the arena, whatever it takes; weights get the rest.
void MapPlacer::place_mandatory() {
    for (auto it = candidates_.begin(); it != candidates_.end();) {
        if (it->weights_of) {
            ++it;
            continue;
        }
        mandatory_.push_back(it->buffer);
        it = candidates_.erase(it);
    }
    std::vector<Lifetime> items;
    for (const auto index : mandatory_) items.push_back(lifetime_of(at(index)));
    place_all(items, 0);
    for (std::size_t i = 0; i < items.size(); ++i) {
        settle(mandatory_[i], region_arena, items[i].offset);
    }
    mandatory_.clear();
}

void MapPlacer::settle(int index, int region, std::int64_t offset) {
    Buffer& buffer = at(index);
    buffer.region = region;
    buffer.offset = offset;
    if (region != fast_region_) return;
    fixed_.push_back({buffer.size, buffer.first_use, buffer.last_use, offset});
    if (buffer.kind != Placement::Kind::weight_buffer) maps_.push_back(fixed_.back());
}

/// Items are those fixed and then the candidates, with the places that were found.
void MapPlacer::settle_candidates(const std::vector<Lifetime>& items) {
    const std::size_t fixed = fixed_.size();
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        const Candidate& candidate = candidates_[i];
        const std::int64_t offset = items[fixed + i].offset;
        if (offset != no_offset) {
            settle(candidate.buffer, fast_region_, offset);
            if (candidate.weights_of) candidate.weights_of->slices[0].buffer = candidate.buffer;
        } else if (candidate.weights_of) {
            Buffer& none = at(candidate.buffer);
            none.first_use = none.last_use = no_time;
            none.size = 0;
        } else {
            spilled_.push_back(candidate.buffer);
        }
    }
}

std::vector<std::vector<const NpuOp*>> MapPlacer::touching() {
    std::vector<std::vector<const NpuOp*>> all(program_.buffers.size());
    for_each_op(program_, [&](const NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (!view->valid()) continue;
            auto& ops = all[static_cast<std::size_t>(view->buffer)];
            if (ops.empty() || ops.back() != &op) ops.push_back(&op);
        }
    });
    return all;
}

std::int64_t MapPlacer::spill_cycles(int index, const std::vector<const NpuOp*>& ops) {
    std::int64_t sum = 0;
    for (const NpuOp* op : ops) {
        const auto cycles = [&](int region) {
            stream::KernelOp k = placed_kernel(program_, *op);
            if (op->ifm.buffer == index) k.ifm.region = region;
            if (op->ofm.buffer == index) k.ofm.region = region;
            if (op->ifm2.buffer == index) k.ifm2.region = region;
            return program_.estimator->total(k).count();
        };
        sum += cycles(region_arena) - cycles(fast_region_);
    }
    return sum;
}

void MapPlacer::explain_spills() {
    const auto ops = spilled_.empty() ? std::vector<std::vector<const NpuOp*>>{} : touching();
    for (const auto index : spilled_) {
        Buffer& buffer = at(index);
        buffer.spill_reason =
            buffer.size > limit_
                ? fmt::format("larger than the fast memory: {} B of {} B", buffer.size, limit_)
                : fmt::format("fast memory of {} B full while it lives: needs {} B", limit_,
                              buffer.size);
        buffer.spill_reason +=
            fmt::format("; predicted to take {} cycles more than in SRAM",
                        spill_cycles(index, ops[static_cast<std::size_t>(index)]));
    }
}

void MapPlacer::place_rest() {
    explain_spills();
    mandatory_.insert(mandatory_.end(), spilled_.begin(), spilled_.end());
    std::vector<Lifetime> items;
    for (const auto index : mandatory_) items.push_back(lifetime_of(at(index)));
    place_all(items, 0);
    for (std::size_t i = 0; i < items.size(); ++i) {
        at(mandatory_[i]).region = region_arena;
        at(mandatory_[i]).offset = items[i].offset;
    }
    measure_regions();
}

void MapPlacer::measure_regions() {
    for (const auto& buffer : program_.buffers) {
        if (buffer.first_use == no_time || buffer.region == no_region ||
            buffer.region == region_constants) {
            continue;
        }
        auto& top = buffer.region == region_fast ? program_.fast_size : program_.arena_size;
        top = std::max(top, round_up(buffer.offset + buffer.size, allocation_alignment));
    }
}

}  // namespace u65sim::compiler
