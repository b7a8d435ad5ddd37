#include "compile/plan/map_placer.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "compile/build_kernel.hpp"
#include "compile/constants.hpp"
#include "compile/plan/candidate_search.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/plan/vela_choice.hpp"
#include "compile/plan/vela_operands.hpp"
#include "compile/plan/weight_delivery.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

namespace {

Lifetime whole_life(const Buffer& buffer) {
    return {buffer.size, buffer.first_use, buffer.last_use, no_offset};
}

}  // namespace

MapPlacer::MapPlacer(PlannedProgram& program)
    : program_(program),
      limit_(program.sram),
      fast_region_(program.spilling() ? region_fast : region_arena),
      copier_(program, limit_, fast_region_) {}

void MapPlacer::place_fast() {
    collect_maps();
    if (program_.target->memory_mode != MemoryMode::sram_only) collect_weights();
    if (!program_.spilling()) place_mandatory();
    std::vector<Lifetime> items = placed_candidates();
    if (program_.spilling() && program_.takes(Pass::copy_maps)) {
        if (program_.in_turns) {
            take_turns(items);
            items = placed_candidates();
        }
        for (const Starved& each : starved(items)) {
            if (each.no_room) program_.crowded_cycles += each.cycles;
        }
    }
    settle_candidates(items);
}

void MapPlacer::place_rolling() {
    std::vector<int> rolling;
    std::vector<Lifetime> items;
    for (std::size_t i = 0; i < program_.buffers.size(); ++i) {
        const Buffer& buffer = program_.buffers[i];
        if (buffer.rolling_rows == 0 || buffer.first_use == no_time) continue;
        rolling.push_back(static_cast<int>(i));
        items.push_back(whole_life(buffer));
    }
    place_all(items, limit_);
    for (std::size_t i = 0; i < items.size(); ++i) {
        settle(rolling[i], fast_region_, items[i].offset);
    }
}

bool MapPlacer::place_beside_weights() {
    fixed_.clear();
    maps_.clear();
    std::vector<double> accesses(program_.buffers.size(), 0);
    for_each_op(program_, [&](const NpuOp& op) { add_accesses(op, accesses); });
    const double all = std::accumulate(accesses.begin(), accesses.end(), 1.0);
    std::vector<int> maps;
    std::vector<Lifetime> must, optional;
    std::vector<double> weights;
    for (std::size_t i = 0; i < program_.buffers.size(); ++i) {
        const Buffer& buffer = program_.buffers[i];
        const auto index = static_cast<int>(i);
        if (buffer.kind == Placement::Kind::constant || buffer.first_use == no_time) continue;
        if (buffer.pinned) {
            mandatory_.push_back(index);
        } else if (buffer.kind == Placement::Kind::weight_buffer || buffer.rolling_rows > 0 ||
                   buffer.copy_of != no_buffer) {
            must.push_back(whole_life(buffer));
            candidates_.push_back({index, all, nullptr});
        } else {
            maps.push_back(index);
            optional.push_back(whole_life(buffer));
            weights.push_back(accesses[i]);
        }
    }
    choose_maps(maps, choose_as_vela(must, optional, weights, limit_), weights);
    const std::vector<Lifetime> items = placed_candidates();
    const bool has_all = std::all_of(items.begin(), items.begin() + std::ptrdiff_t(must.size()),
                                     [](const Lifetime& item) { return item.is_placed(); });
    settle_candidates(items);
    return has_all;
}

/// Candidates of the maps that stay, and of those that part from one as operands leave.
void MapPlacer::choose_maps(const std::vector<int>& maps, const std::vector<bool>& stays,
                            const std::vector<double>& accesses) {
    std::vector<bool> is_fast(program_.buffers.size(), false);
    for (const Candidate& must : candidates_) is_fast[static_cast<std::size_t>(must.buffer)] = true;
    for (std::size_t i = 0; i < maps.size(); ++i) {
        is_fast[static_cast<std::size_t>(maps[i])] = stays[i];
    }
    const auto added = static_cast<int>(program_.buffers.size());
    keep_operands_together(program_, is_fast);
    const auto add_map = [&](int index, double benefit) {
        if (is_fast[static_cast<std::size_t>(index)]) {
            candidates_.push_back({index, benefit, nullptr});
        } else {
            spilled_.push_back(index);
        }
    };
    for (std::size_t i = 0; i < maps.size(); ++i) add_map(maps[i], accesses[i]);
    const double most = accesses.empty() ? 0 : *std::max_element(accesses.begin(), accesses.end());
    for (int index = added; index < static_cast<int>(program_.buffers.size()); ++index) {
        add_map(index, most);
    }
}

std::vector<Lifetime> MapPlacer::placed_candidates() const {
    std::vector<Lifetime> items = fixed_;
    std::vector<double> benefits;
    for (const Candidate& candidate : candidates_) {
        items.push_back(lifetime_of(candidate));
        benefits.push_back(candidate.benefit);
    }
    place_candidates(items, benefits, limit_);
    return items;
}

Lifetime MapPlacer::lifetime_of(const Candidate& candidate) const {
    if (candidate.copy) return copier_.lifetime(*candidate.copy);
    if (candidate.buffer == no_buffer) return candidate.turns;
    return whole_life(program_.buffers[static_cast<std::size_t>(candidate.buffer)]);
}

/// Channels of slices that take turns: shallow ones may leave so much of the array idle that they
/// bring little of what is lost.
std::int32_t MapPlacer::depth_of_turns(const NpuOp& op, std::int64_t off_chip,
                                       std::int64_t lost) const {
    const std::int32_t block = op.kernel.block.depth;
    std::int32_t depth = compiler::depth_of_turns(op, limit_);
    while (depth < block) {
        stream::KernelOp kernel = all_fast(op);
        keep_channels(kernel, depth);
        const std::int64_t each =
            program_.estimator->total(kernel).count() + tuning::extra_kernel_cycles;
        const std::int64_t gain = off_chip - each * ceil_div(op.ofm.extent.c, depth);
        if (gain >= tuning::shallow_turns.of(lost)) break;
        depth = std::min(2 * depth, block);
    }
    return depth;
}

MapPlacer::Starved MapPlacer::starved(NpuOp& op, const std::vector<Lifetime>& items) const {
    const auto [least, off_chip] =
        program_.estimator->weight_placements(all_fast(op), {fast_region_, region_constants});
    const Cycles read = program_.estimator->weight_reads(op.slices[0].size, region_constants);
    const std::int64_t lost = (off_chip - std::max(least, read)).count();
    if (lost <= tuning::least_wait) return {};
    const std::int64_t room = room_for_turns(op, depth_of_turns(op, off_chip.count(), lost));
    return {&op, lost, room, !has_room_for_two(items, op.time, room / 2, limit_)};
}

std::vector<MapPlacer::Starved> MapPlacer::starved(const std::vector<Lifetime>& items) const {
    std::vector<Starved> found;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        NpuOp* const op = candidates_[i].weights_of;
        const bool has_none = op && candidates_[i].buffer != no_buffer &&
                              !items[fixed_.size() + i].is_placed() && may_be_sliced(*op);
        if (!has_none) continue;
        const Starved each = starved(*op, items);
        if (each.op) found.push_back(each);
    }
    return found;
}

void MapPlacer::take_turns(const std::vector<Lifetime>& items) {
    std::vector<bool> is_fast(program_.buffers.size(), false);
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (candidates_[i].buffer == no_buffer || !items[fixed_.size() + i].is_placed()) continue;
        is_fast[static_cast<std::size_t>(candidates_[i].buffer)] = true;
    }
    const auto is_off_chip = [&](int buffer) { return !is_fast[static_cast<std::size_t>(buffer)]; };
    const std::vector<Starved> weights = starved(items);
    std::set<std::int32_t> crowded;
    for (const Starved& each : weights) {
        if (each.no_room) crowded.insert(each.op->time);
    }
    for (const auto& copy : copier_.find(is_off_chip)) {
        for (const NpuOp* reader : copy.readers) crowded.insert(reader->time);
    }
    leave(crowded, is_fast);
    for (auto& copy : copier_.find(is_off_chip)) {
        for (const NpuOp* reader : copy.readers) crowded.insert(reader->time);
        const auto benefit = static_cast<double>(copy.saved);
        candidates_.push_back({no_buffer, benefit, nullptr, std::move(copy), {}});
    }
    for (const Starved& each : weights) {
        const std::int32_t time = each.op->time;
        if (!crowded.contains(time)) continue;
        const Lifetime turns{each.room, time, time, no_offset};
        candidates_.push_back(
            {no_buffer, static_cast<double>(each.cycles), nullptr, std::nullopt, turns});
    }
}

/// Maps that are alive at one of these times, for others than who reads them then, are left where a
/// copy can serve who reads them over and over.
void MapPlacer::leave(const std::set<std::int32_t>& times, std::vector<bool>& is_fast) {
    std::vector<bool> may_leave(program_.buffers.size(), false);
    for (const auto& copy : copier_.find([](int) { return true; })) {
        const Buffer& map = at(copy.buffer);
        may_leave[static_cast<std::size_t>(copy.buffer)] =
            std::any_of(times.begin(), times.end(), [&](std::int32_t time) {
                return map.first_use <= time && time < copy.readers.front()->time;
            });
    }
    for (auto it = candidates_.begin(); it != candidates_.end();) {
        const bool is_map = it->buffer != no_buffer && !it->weights_of;
        if (!is_map || !may_leave[static_cast<std::size_t>(it->buffer)]) {
            ++it;
            continue;
        }
        is_fast[static_cast<std::size_t>(it->buffer)] = false;
        spilled_.push_back(it->buffer);
        it = candidates_.erase(it);
    }
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

/// What several operations write counts half, which makes Vela spill joined maps first where it has
/// a choice; but whole where each writes elements all over, as phases of a resize do.
void MapPlacer::add_accesses(const NpuOp& op, std::vector<double>& accesses) const {
    for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
        if (!view->valid()) continue;
        const bool is_joined = view == &op.ofm && !op.is_stripe() && !op.ofm.whole();
        double times = is_joined ? 0.5 : 1;
        if (is_joined && view->storage != program_.buffer(*view).extent) {
            times = static_cast<double>(program_.buffer(*view).extent.elements()) /
                    static_cast<double>(view->extent.elements());
        }
        if (view == &op.ifm && op.kernel.kind == stream::KernelKind::conv) {
            times = static_cast<double>(ceil_div(op.ofm.extent.c, op.kernel.block.depth));
        }
        accesses[static_cast<std::size_t>(view->buffer)] +=
            times * static_cast<double>(view->extent.elements()) * stream::bytes_of(view->type);
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
    for (const auto index : mandatory_) items.push_back(whole_life(at(index)));
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

void MapPlacer::add(const std::vector<Lifetime>& maps) {
    fixed_.insert(fixed_.end(), maps.begin(), maps.end());
    maps_.insert(maps_.end(), maps.begin(), maps.end());
}

/// Items are those fixed and then the candidates, with the places that were found.
void MapPlacer::settle_candidates(const std::vector<Lifetime>& items) {
    const std::size_t fixed = fixed_.size();
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        const Candidate& candidate = candidates_[i];
        const std::int64_t offset = items[fixed + i].offset;
        if (candidate.buffer == no_buffer) {
            if (offset == no_offset) continue;
            fixed_.push_back(items[fixed + i]);
            if (!candidate.copy) continue;
            maps_.push_back(items[fixed + i]);
            copier_.add(*candidate.copy, items[fixed + i]);
        } else if (offset != no_offset) {
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
    for (const auto index : mandatory_) items.push_back(whole_life(at(index)));
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
