#include <algorithm>
#include <span>
#include <vector>

#include "base/hash.hpp"
#include "base/parallel.hpp"
#include "compile/constants.hpp"
#include "compile/encode_weights.hpp"
#include "compile/passes.hpp"
#include "compile/reuse.hpp"

namespace u65sim::compiler {

namespace {

constexpr std::int64_t constant_alignment = 16;

/// The next place in the constants.
std::int64_t reserve_constant(Program& program, std::int64_t size) {
    const std::int64_t offset = program.constants_size;
    program.constants_size = round_up(offset + size, constant_alignment);
    return offset;
}

/// Where a constant of this content stands, or takes a new place.
struct Place {
    std::int64_t offset = 0;
    bool is_new = true;
};
Place place_constant(Program& program, std::uint64_t content, std::int64_t size) {
    const auto [it, is_new] = program.constant_offsets.emplace(content, program.constants_size);
    if (!is_new) return {it->second, false};
    Hasher hasher{program.constants_hash};
    hasher.add(content);
    program.constants_hash = hasher.digest();
    return {reserve_constant(program, size), true};
}

}  // namespace

std::int64_t append_constant(Program& program, std::span<const std::uint8_t> bytes) {
    const Place place =
        place_constant(program, hash_bytes(bytes), static_cast<std::int64_t>(bytes.size()));
    if (place.is_new && program.with_bytes) {
        program.constants.resize(static_cast<std::size_t>(program.constants_size));
        std::copy(bytes.begin(), bytes.end(),
                  program.constants.begin() + static_cast<std::ptrdiff_t>(place.offset));
    }
    return place.offset;
}

WeightSlice make_slice(const Program& program, const NpuOp& op, std::int32_t first,
                       std::int32_t count) {
    const SliceLayout layout = lay_out_slice(op, first, count, program.target->accelerator,
                                             program.arch, program.with_bytes);
    ++program.reuse->slices;
    if (layout.known) ++program.reuse->known_slices;
    WeightSlice slice;
    slice.first = first;
    slice.count = count;
    slice.content = layout.content;
    slice.size = layout.size;
    slice.scales = layout.scales;
    slice.weights = layout.weights;
    return slice;
}

void store_slices(Program& program) {
    struct Task {
        const NpuOp* op;
        const WeightSlice* slice;
    };
    std::vector<Task> tasks;
    for (auto& segment : program.segments) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            if (op.repeats(i)) {
                op.slices = segment.ops[static_cast<std::size_t>(op.first_stripe)].slices;
                continue;
            }
            for (auto& slice : op.slices) {
                if (slice.content == 0) {
                    slice.offset = reserve_constant(program, slice.size);
                    continue;
                }
                const Place place = place_constant(program, slice.content, slice.size);
                slice.offset = place.offset;
                if (place.is_new) tasks.push_back({&op, &slice});
            }
        }
    }
    if (!program.with_bytes) return;
    program.constants.resize(static_cast<std::size_t>(program.constants_size));
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Task& a, const Task& b) { return a.slice->size > b.slice->size; });
    program.helpers->for_each_index(tasks.size(), [&](std::size_t i) {
        const WeightSlice& slice = *tasks[i].slice;
        const auto bytes = std::span{program.constants}.subspan(
            static_cast<std::size_t>(slice.offset), static_cast<std::size_t>(slice.size));
        encode_slice(*tasks[i].op, slice, program.target->accelerator, program.arch, bytes);
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
    // The largest first, so that no thread is left alone with it at the end.
    std::stable_sort(weighted.begin(), weighted.end(), [](const NpuOp* a, const NpuOp* b) {
        return a->weights->elements() > b->weights->elements();
    });
    program.helpers->for_each_index(weighted.size(), [&](std::size_t i) {
        NpuOp& op = *weighted[i];
        op.slices = {make_slice(program, op, 0, op.ofm.extent.c)};
    });
}

}  // namespace u65sim::compiler
