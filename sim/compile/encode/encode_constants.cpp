#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "base/parallel.hpp"
#include "compile/constants.hpp"
#include "compile/encode/encode_weights.hpp"
#include "compile/passes.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

namespace {

constexpr std::int64_t constant_alignment = 16;
/// Work on so many weights, about half a millisecond, is worth waking other threads.
constexpr std::int64_t least_shared = std::int64_t{1} << 18;
/// Weights of which a sample is less than a quarter.
constexpr std::int64_t least_sampled = std::int64_t{1} << 17;

/// The next place in the constants.
std::int64_t reserve_constant(Program& program, std::int64_t size) {
    const std::int64_t offset = program.constants.size;
    program.constants.size = round_up(offset + size, constant_alignment);
    return offset;
}

/// Where a constant of this content stands, or takes a new place.
struct Place {
    std::int64_t offset = 0;
    bool is_new = true;
};
Place place_constant(Program& program, std::uint64_t content, std::int64_t size) {
    const auto [it, is_new] = program.constants.offsets.emplace(content, program.constants.size);
    if (!is_new) return {it->second, false};
    Hasher hasher{program.constants.hash};
    hasher.add(content);
    program.constants.hash = hasher.digest();
    return {reserve_constant(program, size), true};
}

}  // namespace

std::int64_t append_constant(Program& program, std::span<const std::uint8_t> bytes) {
    const Place place =
        place_constant(program, hash_bytes(bytes), static_cast<std::int64_t>(bytes.size()));
    if (place.is_new && program.with_bytes) {
        program.constants.bytes.resize(static_cast<std::size_t>(program.constants.size));
        std::copy(bytes.begin(), bytes.end(),
                  program.constants.bytes.begin() + static_cast<std::ptrdiff_t>(place.offset));
    }
    return place.offset;
}

namespace {

WeightSlice make_slice(const Program& program, const NpuOp& op, std::int32_t first,
                       std::int32_t count, Sizing sizing) {
    const SliceLayout layout = lay_out_slice(op, first, count, program, sizing);
    ++program.counters->slice_lookups;
    if (layout.known) ++program.counters->slice_hits;
    WeightSlice slice;
    slice.first = first;
    slice.count = count;
    slice.content = layout.content;
    slice.size = layout.size;
    slice.sampled = sizing == Sizing::sampled;
    slice.scales = layout.scales;
    slice.weights = layout.weights;
    return slice;
}

/// Large weights are worth a sample, where they may be copied but hardly as a whole.
bool is_sampled(const Program& program, const WeightSource& source) {
    const bool modelled = source.data && source.data.model() != nullptr;
    if (modelled || program.target->memory_mode == MemoryMode::sram_only) return false;
    return source.elements() >= least_sampled;
}

/// Calls work(0) .. work(count - 1), in parallel where these are enough weights.
template <class Work>
void for_each_index(const Program& program, std::int64_t weights, std::size_t count,
                    const Work& work) {
    if (weights >= least_shared) {
        program.threads->for_each_index(count, work);
        return;
    }
    for (std::size_t i = 0; i < count; ++i) work(i);
}

/// Calls visit(op) for all.
template <class Visit>
void for_each_weighted(const Program& program, std::vector<NpuOp*> ops, Visit&& visit) {
    // The largest first, so that no thread is left alone with it at the end.
    std::stable_sort(ops.begin(), ops.end(), [](const NpuOp* a, const NpuOp* b) {
        return a->weights->elements() > b->weights->elements();
    });
    std::int64_t weights = 0;
    for (const NpuOp* op : ops) weights += op->weights->elements();
    for_each_index(program, weights, ops.size(), [&](std::size_t i) { visit(*ops[i]); });
}

}  // namespace

WeightSlice make_slice(const Program& program, const NpuOp& op, std::int32_t first,
                       std::int32_t count) {
    return make_slice(program, op, first, count,
                      program.with_bytes ? Sizing::encoded : Sizing::counted);
}

WeightSlice make_whole(const Program& program, const NpuOp& op) {
    if (!is_sampled(program, *op.weights)) return make_slice(program, op, 0, op.ofm.extent.c);
    return make_slice(program, op, 0, op.ofm.extent.c, Sizing::sampled);
}

std::int64_t room_for(const WeightSlice& slice) {
    return slice.sampled ? round_up(tuning::size_margin.of(slice.size) + tuning::size_margin_bytes,
                                    constant_alignment)
                         : slice.size;
}

void count_sampled(const Program& program, std::span<NpuOp* const> ops) {
    std::vector<NpuOp*> sampled;
    std::copy_if(ops.begin(), ops.end(), std::back_inserter(sampled),
                 [](const NpuOp* op) { return !op->slices.empty() && op->slices[0].sampled; });
    for_each_weighted(program, std::move(sampled), [&](NpuOp& op) {
        op.slices = {make_slice(program, op, 0, op.ofm.extent.c)};
    });
}

void share_slices(Program& program) {
    for (auto& segment : program.segments) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            if (!op.repeats(i)) continue;
            op.slices = segment.ops[static_cast<std::size_t>(op.first_stripe)].slices;
        }
    }
}

std::vector<WeightSlice> make_slices(const Program& program, const NpuOp& op,
                                     std::span<const std::int32_t> depths) {
    std::vector<WeightSlice> slices(depths.size());
    std::int32_t first = 0;
    for (std::size_t i = 0; i < depths.size(); ++i) {
        slices[i].first = first;
        first += depths[i];
    }
    const auto make = [&](std::size_t i) {
        slices[i] = make_slice(program, op, slices[i].first, depths[i]);
    };
    if (!op.weights->data || op.weights->data.model() == nullptr) {
        for_each_index(program, op.weights->elements(), slices.size(), make);
        return slices;
    }
    // Where models stand for weights, slices of one depth are alike.
    for (std::size_t i = 0; i < slices.size(); ++i) {
        if (i == 0 || depths[i] != depths[i - 1]) {
            make(i);
            continue;
        }
        const std::int32_t own = slices[i].first;
        slices[i] = slices[i - 1];
        slices[i].first = own;
        ++program.counters->slice_lookups;
        ++program.counters->slice_hits;
    }
    return slices;
}

void store_slices(Program& program) {
    struct Task {
        const NpuOp* op;
        const WeightSlice* slice;
    };
    std::vector<NpuOp*> ops;
    for (auto& segment : program.segments) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            if (!segment.ops[i].repeats(i)) ops.push_back(&segment.ops[i]);
        }
    }
    count_sampled(program, ops);
    std::vector<Task> tasks;
    for (NpuOp* op : ops) {
        for (auto& slice : op->slices) {
            if (slice.content == 0) {
                slice.offset = reserve_constant(program, slice.size);
                continue;
            }
            const Place place = place_constant(program, slice.content, slice.size);
            slice.offset = place.offset;
            if (place.is_new) tasks.push_back({op, &slice});
        }
    }
    share_slices(program);
    if (!program.with_bytes) return;
    program.constants.bytes.resize(static_cast<std::size_t>(program.constants.size));
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Task& a, const Task& b) { return a.slice->size > b.slice->size; });
    program.threads->for_each_index(tasks.size(), [&](std::size_t i) {
        const WeightSlice& slice = *tasks[i].slice;
        const auto bytes = std::span{program.constants.bytes}.subspan(
            static_cast<std::size_t>(slice.offset), static_cast<std::size_t>(slice.size));
        encode_slice(*tasks[i].op, slice, program, bytes);
    });
}

void encode_constants(Program& program) {
    for (auto& buffer : program.buffers) {
        if (buffer.kind != Placement::Kind::constant) continue;
        buffer.region = region_constants;
        buffer.size = static_cast<std::int64_t>(buffer.data.size());
        buffer.offset = append_constant(program, buffer.data);
    }
    std::vector<NpuOp*> weighted;
    for (auto& segment : program.segments) {
        for (auto& op : segment.ops) {
            if (!op.lut.empty()) op.lut_offset = append_constant(program, op.lut);
            if (op.weights) weighted.push_back(&op);
        }
    }
    for_each_weighted(program, std::move(weighted),
                      [&](NpuOp& op) { op.slices = {make_whole(program, op)}; });
}

}  // namespace u65sim::compiler
