#include <algorithm>
#include <memory>
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

/// Keeps what stands in the constants from `begin` on, or drops it when it stands there already.
/// Returns its offset.
std::int64_t settle_constant(Program& program, std::size_t begin) {
    auto& all = program.constants;
    const auto bytes = std::span<const std::uint8_t>{all}.subspan(begin);
    const std::uint64_t hash = hash_bytes(bytes);
    const auto [first, last] = program.constant_offsets.equal_range(hash);
    std::int64_t known = -1;
    for (auto it = first; it != last && known < 0; ++it) {
        const auto offset = static_cast<std::size_t>(it->second);
        // Without bytes to compare, equal hashes must do.
        if (program.modelled || (offset + bytes.size() <= begin &&
                                 std::equal(bytes.begin(), bytes.end(),
                                            all.begin() + static_cast<std::ptrdiff_t>(offset)))) {
            known = it->second;
        }
    }
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (known >= 0 || program.modelled) all.resize(begin);
    if (known >= 0) return known;
    const std::int64_t offset = reserve_constant(program, size);
    if (!program.modelled) all.resize(static_cast<std::size_t>(program.constants_size));
    program.constant_offsets.emplace(hash, offset);
    return offset;
}

/// A slice's place in the constants.
std::int64_t store(Program& program, const WeightSlice& slice) {
    if (slice.bytes->empty()) return reserve_constant(program, slice.size);
    const std::size_t begin = program.constants.size();
    for (const auto& piece : *slice.bytes) {
        program.constants.insert(program.constants.end(), piece->begin(), piece->end());
    }
    return settle_constant(program, begin);
}

}  // namespace

std::int64_t append_constant(Program& program, std::span<const std::uint8_t> bytes) {
    const std::size_t begin = program.constants.size();
    program.constants.insert(program.constants.end(), bytes.begin(), bytes.end());
    return settle_constant(program, begin);
}

WeightSlice make_slice(const Program& program, const NpuOp& op, std::int32_t first,
                       std::int32_t count) {
    EncodedSlice encoded =
        encode_slice(op, first, count, program.target->accelerator, program.arch);
    ++program.reuse->slices;
    if (encoded.known) ++program.reuse->known_slices;
    WeightSlice slice;
    slice.first = first;
    slice.count = count;
    slice.size = encoded.size;
    slice.scales = encoded.scales;
    slice.weights = encoded.weights;
    slice.bytes = std::make_shared<const Pieces>(std::move(encoded.bytes));
    return slice;
}

void store_slices(Program& program) {
    std::int64_t all = program.constants_size;
    for (const auto& segment : program.segments) {
        for (const auto& op : segment.ops) {
            for (const auto& slice : op.slices) all += slice.size + constant_alignment;
        }
    }
    if (!program.modelled) program.constants.reserve(static_cast<std::size_t>(all));
    for (auto& segment : program.segments) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            NpuOp& op = segment.ops[i];
            if (op.repeats(i)) {
                op.slices = segment.ops[static_cast<std::size_t>(op.first_stripe)].slices;
                continue;
            }
            for (auto& slice : op.slices) {
                slice.offset = store(program, slice);
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
