#include "compile/plan/copy_maps.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compile/build_kernel.hpp"
#include "compile/plan/candidate_search.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/plan/vela_cycles.hpp"
#include "compile/plan/weight_delivery.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

bool rereads_ifm(const NpuOp& op) {
    return op.kernel.kind == stream::KernelKind::conv && !op.is_stripe() &&
           op.ofm.extent.c > op.kernel.block.depth;
}

std::int64_t MapCopier::copy_cycles(std::int64_t size) const {
    return program_.estimator->dma(memory_copy({region_arena}, {fast_region_}, size))
        .alone()
        .count();
}

/// Whether an operation's weights will come in slices, of which each reads all of the IFM.
bool MapCopier::comes_in_turns(const NpuOp& op) const {
    return weight_passes(op) > 1 && may_be_sliced(op) &&
           op.slices[0].size > tuning::whole_weights.of(limit_);
}

/// What an operation's weights take of the off-chip port beside it: nothing where they may come
/// before, as a whole.
std::int64_t MapCopier::weight_cycles(const NpuOp& op) const {
    if (op.slices.empty() || op.slices[0].size <= tuning::whole_weights.of(limit_)) return 0;
    return copy_cycles(op.slices[0].size);
}

void MapCopier::add_reader(NpuOp& op, std::size_t first, std::vector<Candidate>& found) const {
    const Buffer& buffer = at(op.ifm.buffer);
    if (buffer.kind != Placement::Kind::feature_map || buffer.rolling_rows > 0 ||
        buffer.whole_life || buffer.size > limit_) {
        return;
    }
    stream::KernelOp k = placed_kernel(program_, op);
    set_first_weights(k, op, fast_region_);
    std::int64_t parts = 1;
    if (comes_in_turns(op)) {
        const std::int32_t depth = depth_of_turns(op, limit_);
        parts = ceil_div(op.ofm.extent.c, depth);
        keep_channels(k, depth);
    }
    const std::int64_t weights = weight_cycles(op);
    const auto cycles = [&](int region) {
        k.ifm.region = region;
        const timing::KernelTimes each = program_.estimator->times(k);
        return std::max(parts * each.total.count(), parts * each.port_cycles[1].count() + weights);
    };
    const std::int64_t slow = cycles(region_arena);
    const std::int64_t saved = slow - cycles(fast_region_);
    if (saved <= 0) return;
    const auto known =
        std::find_if(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(),
                     [&](const Candidate& candidate) { return candidate.buffer == op.ifm.buffer; });
    Candidate& candidate = known == found.end() ? found.emplace_back() : *known;
    candidate.buffer = op.ifm.buffer;
    candidate.slow += slow;
    candidate.saved += saved;
    candidate.readers.push_back(&op);
}

/// Drops copies that save nothing, and those of maps that are written when they have been copied.
void MapCopier::drop_useless(const Segment& segment, std::size_t first,
                             std::vector<Candidate>& found) const {
    const auto is_useless = [&](Candidate& candidate) {
        candidate.saved -= copy_cycles(at(candidate.buffer).size);
        return candidate.saved <= tuning::least_wait ||
               tuning::copy_gain.exceeds(candidate.saved, candidate.slow) ||
               std::any_of(segment.ops.begin(), segment.ops.end(), [&](const NpuOp& op) {
                   return op.ofm.buffer == candidate.buffer &&
                          op.time >= candidate.readers.front()->time;
               });
    };
    found.erase(
        std::remove_if(found.begin() + static_cast<std::ptrdiff_t>(first), found.end(), is_useless),
        found.end());
}

std::vector<MapCopier::Candidate> MapCopier::find_waited_for(const std::vector<bool>& among) {
    std::vector<int> readers(program_.buffers.size(), 0);
    for_each_op(program_, [&](const NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2}) {
            if (view->valid()) ++readers[static_cast<std::size_t>(view->buffer)];
        }
    });
    std::int64_t room = limit_;
    std::vector<Candidate> found;
    for_each_op(program_, [&](NpuOp& op) {
        const auto index = static_cast<std::size_t>(op.ifm.buffer);
        const bool may_be_copied = op.kernel.has_weights() && !op.vector_product &&
                                   !op.is_stripe() && among[index] && readers[index] == 1;
        if (!may_be_copied) return;
        const Buffer& map = at(op.ifm.buffer);
        Candidate candidate{op.ifm.buffer, 0, 0, {&op}};
        if (map.kind != Placement::Kind::feature_map || map.whole_life || map.size > room ||
            !is_waited_for(candidate)) {
            return;
        }
        room -= map.size;
        candidate.saved = vela_copy_cycles(*program_.target, map.size);
        found.push_back(std::move(candidate));
    });
    return found;
}

Lifetime MapCopier::lifetime(const Candidate& candidate) const {
    return {at(candidate.buffer).size, candidate.readers.front()->time,
            candidate.readers.back()->time, no_offset};
}

void MapCopier::add(const Candidate& candidate, const Lifetime& place) {
    Buffer copy = at(candidate.buffer);
    program_.reasons.push_back(
        fmt::format("{}: copied to the fast memory for {}, predicted to take {} cycles less",
                    copy.name, candidate.readers.front()->name, candidate.saved));
    copy.name += "/copy";
    copy.copy_of = candidate.buffer;
    copy.pinned = false;
    copy.spill_reason.clear();
    copy.region = fast_region_;
    copy.offset = place.offset;
    copy.first_use = place.first;
    copy.last_use = place.last;
    for (NpuOp* op : candidate.readers) {
        op->ifm.buffer = static_cast<int>(program_.buffers.size());
    }
    program_.buffers.push_back(std::move(copy));
}

namespace {

/// Cycles of a pool that copies a map off-chip, as Vela counts them: what the array takes for whole
/// ublocks, and one block of so many bytes on its way in, through the output unit and out.
std::int64_t vela_pool_cycles(const Target& target, const Extent& map) {
    constexpr std::int64_t ublock = 2, block = 2048, macs_of_an_element = 128, macs_behind = 64;
    const std::int64_t elements = round_up(map.h, ublock) * round_up(map.w, ublock) * map.c;
    const std::int64_t macs =
        std::int64_t{target.accelerator.macs_per_cycle} * target.accelerator.cores;
    return ceil_div(elements * macs_of_an_element + block * macs_behind, macs) +
           vela_copy_cycles(target, block) + vela_read_cycles(target, target.sram, block);
}

}  // namespace

/// As Vela's scheduler decides: a convolution that reads its map more than once, and waits for it
/// rather than for itself or for its weights.
bool MapCopier::is_waited_for(const Candidate& candidate) const {
    const Target& target = *program_.target;
    const NpuOp& op = *candidate.readers.front();
    const std::int32_t depth = op.ofm.extent.c;
    const std::int64_t size = op.slices.empty() ? 0 : op.slices[0].size;
    const VelaPerformance as_it_is = vela_performance(program_, op, {{&depth, 1}, {&size, 1}});
    if (as_it_is.ifm_bytes <= as_it_is.ifm_size || as_it_is.is_bound_by_itself()) return false;
    constexpr std::int64_t record = 10;  // bytes of scales a channel
    const std::int64_t brick =
        std::max<std::int64_t>(size - record * depth, 0) / ceil_div(depth, brick_channels);
    const bool waits_for_weights = as_it_is.weight_cycles > as_it_is.ifm_cycles;
    const std::int64_t copy = brick > 0 && waits_for_weights ? vela_copy_cycles(target, brick) : 0;
    const auto in_sram = [&](std::int64_t bytes) {
        return vela_read_cycles(target, target.sram, bytes);
    };
    if (in_sram(as_it_is.weight_bytes) > copy + as_it_is.ifm_cycles) return false;
    return vela_pool_cycles(target, at(candidate.buffer).extent) + in_sram(as_it_is.ifm_bytes) <
           as_it_is.ifm_cycles;
}

namespace {

/// Gives copies places beside what is there.
std::vector<Lifetime> place_copies(PlannedProgram& program, MapCopier& copier,
                                   const std::vector<MapCopier::Candidate>& found,
                                   std::span<const Lifetime> placed, std::int64_t limit) {
    if (found.empty()) return {};
    std::vector<Lifetime> items(placed.begin(), placed.end());
    std::vector<double> benefits;
    for (const auto& candidate : found) {
        items.push_back(copier.lifetime(candidate));
        benefits.push_back(static_cast<double>(candidate.saved));
    }
    place_candidates(items, benefits, limit);
    std::vector<Lifetime> copies;
    for (std::size_t i = 0; i < found.size(); ++i) {
        const Lifetime& item = items[placed.size() + i];
        if (item.is_placed()) {
            copier.add(found[i], item);
            copies.push_back(item);
        } else {
            program.crowded_cycles += found[i].saved;
        }
    }
    return copies;
}

}  // namespace

std::vector<Lifetime> copy_maps(PlannedProgram& program, std::span<const Lifetime> placed,
                                std::int64_t limit, int fast_region) {
    MapCopier copier(program, limit, fast_region);
    const auto found = copier.find([&](int buffer) {
        return program.buffers[static_cast<std::size_t>(buffer)].region != fast_region;
    });
    return place_copies(program, copier, found, placed, limit);
}

std::vector<Lifetime> copy_inputs(PlannedProgram& program, std::span<const Lifetime> placed,
                                  std::int64_t limit, int fast_region) {
    MapCopier copier(program, limit, fast_region);
    std::vector<bool> is_input(program.buffers.size(), false);
    for (const TensorId id : program.graph->inputs) {
        const View& view = program.views[static_cast<std::size_t>(id)];
        if (view.valid()) is_input[static_cast<std::size_t>(view.buffer)] = true;
    }
    return place_copies(program, copier, copier.find_waited_for(is_input), placed, limit);
}

}  // namespace u65sim::compiler
