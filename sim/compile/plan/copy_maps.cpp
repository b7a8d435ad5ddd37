#include "compile/plan/copy_maps.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compile/build_kernel.hpp"
#include "compile/plan/candidate_search.hpp"
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

/// Cycles of a pool that copies a map off-chip, as Vela counts them: what the output unit takes for
/// whole ublocks, and one block of so many bytes on its way in and out.
std::int64_t vela_pool_cycles(const Target& target, const Extent& map) {
    constexpr std::int64_t ublock = 2, block = 2048, macs_of_an_element = 128;
    const std::int64_t elements = round_up(map.h, ublock) * round_up(map.w, ublock) * map.c;
    const std::int64_t macs =
        std::int64_t{target.accelerator.macs_per_cycle} * target.accelerator.cores;
    return ceil_div(elements * macs_of_an_element, macs) + 2 * vela_copy_cycles(target, block);
}

}  // namespace

bool MapCopier::is_waited_for(const Candidate& candidate) const {
    const Target& target = *program_.target;
    const auto off_chip = [&](std::int64_t bytes) { return vela_copy_cycles(target, bytes); };
    std::int64_t computed = 0, read = 0, weights = 0;
    for (const NpuOp* op : candidate.readers) {
        computed += vela_cycles(program_, *op);
        read += off_chip(vela_input_bytes(program_, *op));
        if (!op->slices.empty()) {
            weights += off_chip(op->slices[0].size * weight_passes(*op));
        }
    }
    // Seen in schedules, and in how they change with the memory's bandwidth: what computes longer
    // than its input or its weights are read is left alone, and else a copy must save an eighth.
    if (std::max(read, weights) < computed) return false;
    const std::int64_t as_it_is = std::max(computed, read + weights);
    const std::int64_t copied = vela_pool_cycles(target, at(candidate.buffer).extent) + weights;
    constexpr std::int64_t share = 8;
    return share * copied < (share - 1) * as_it_is;
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
    auto found =
        copier.find([&](int buffer) { return is_input[static_cast<std::size_t>(buffer)]; });
    std::erase_if(found, [&](const auto& candidate) { return !copier.is_waited_for(candidate); });
    return place_copies(program, copier, found, placed, limit);
}

}  // namespace u65sim::compiler
