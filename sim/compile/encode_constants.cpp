#include <algorithm>
#include <memory>
#include <vector>

#include "base/hash.hpp"
#include "base/parallel.hpp"
#include "compile/constants.hpp"
#include "compile/encode_weights.hpp"
#include "compile/passes.hpp"

namespace u65sim::compiler {

namespace {

/// The next place in the constants.
std::int64_t reserve_constant(Program& program, std::int64_t size) {
    const std::int64_t offset = program.constants_size;
    program.constants_size = round_up(offset + size, 16);
    return offset;
}

}  // namespace

std::int64_t append_constant(Program& program, std::span<const std::uint8_t> bytes) {
    auto& all = program.constants;
    const std::uint64_t hash = hash_bytes(bytes);
    const auto [first, last] = program.constant_offsets.equal_range(hash);
    for (auto it = first; it != last; ++it) {
        // Without bytes to compare, equal hashes must do.
        if (program.modelled) return it->second;
        const auto offset = static_cast<std::size_t>(it->second);
        if (offset + bytes.size() <= all.size() &&
            std::equal(bytes.begin(), bytes.end(),
                       all.begin() + static_cast<std::ptrdiff_t>(offset))) {
            return it->second;
        }
    }
    const std::int64_t offset = reserve_constant(program, static_cast<std::int64_t>(bytes.size()));
    if (!program.modelled) {
        all.insert(all.end(), bytes.begin(), bytes.end());
        all.resize(static_cast<std::size_t>(program.constants_size));
    }
    program.constant_offsets.emplace(hash, offset);
    return offset;
}

WeightSlice make_slice(const Program& program, const NpuOp& op, std::int32_t first,
                       std::int32_t count) {
    EncodedSlice encoded =
        encode_slice(op, first, count, program.target->accelerator, program.arch);
    WeightSlice slice;
    slice.first = first;
    slice.count = count;
    slice.size = encoded.size;
    slice.scales = encoded.scales;
    slice.weights = encoded.weights;
    slice.bytes = std::make_shared<const std::vector<std::uint8_t>>(std::move(encoded.bytes));
    return slice;
}

void store_slices(Program& program) {
    for (auto& segment : program.segments) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            if (op.repeats(i)) {
                op.slices = segment.ops[static_cast<std::size_t>(op.first_stripe)].slices;
                continue;
            }
            for (auto& slice : op.slices) {
                slice.offset = slice.bytes->empty() ? reserve_constant(program, slice.size)
                                                    : append_constant(program, *slice.bytes);
                slice.bytes.reset();
            }
        }
    }
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
    for_each_index(weighted.size(), program.options.threads, [&](std::size_t i) {
        NpuOp& op = *weighted[i];
        op.slices = {make_slice(program, op, 0, op.ofm.extent.c)};
    });
}

}  // namespace u65sim::compiler
