#include "compile/emit/hazards.hpp"

#include <algorithm>

#include "compile/emit/lut_slots.hpp"

namespace u65sim::compiler {

namespace {

/// How many of the newest may stay unfinished so that no conflicting one is.
std::optional<int> newest_allowed(const boost::circular_buffer<Accesses>& others,
                                  const Accesses& accesses) {
    int waits = 0;
    for (auto it = others.rbegin(); it != others.rend(); ++it, ++waits) {
        if (it->conflicts(accesses)) return waits;
    }
    return std::nullopt;
}

void drop_finished(boost::circular_buffer<Accesses>& others, std::optional<int> unfinished) {
    while (unfinished && others.size() > static_cast<std::size_t>(*unfinished)) {
        others.pop_front();
    }
}

}  // namespace

bool MemoryRanges::any_meet(const MemoryRanges& other) const {
    return std::any_of(begin(), end(), [&](const MemoryRange& x) {
        return std::any_of(other.begin(), other.end(),
                           [&](const MemoryRange& y) { return x.meets(y); });
    });
}

bool Accesses::conflicts(const Accesses& other) const {
    return writes.meet(other.reads) || reads.meet(other.writes) || writes.meet(other.writes);
}

MemoryRange range_of(const stream::FeatureMap& map) {
    const std::int64_t element = stream::bytes_of(map.type);
    if (map.width0 < map.width && map.width0 > 0) {
        stream::FeatureMap left = map;
        left.width = map.width0;
        stream::FeatureMap right = map;
        right.base[0] = map.base[1];
        right.base[2] = map.base[3];
        right.height0 = map.height1;
        right.width = right.width0 = map.width - map.width0;
        const MemoryRange a = range_of(left);
        const MemoryRange b = range_of(right);
        return {map.region, std::min(a.begin, b.begin), std::max(a.end, b.end)};
    }
    if (map.height0 < map.height && map.height0 > 0) {
        stream::FeatureMap upper = map;
        upper.height = map.height0;
        stream::FeatureMap lower = map;
        lower.base[0] = map.base[2];
        lower.height = lower.height0 = map.height - map.height0;
        const MemoryRange a = range_of(upper);
        const MemoryRange b = range_of(lower);
        return {map.region, std::min(a.begin, b.begin), std::max(a.end, b.end)};
    }
    // Strides may go backwards from the base.
    std::int64_t before = 0, behind = 0;
    const auto extend = [&](std::int64_t count, std::int64_t stride) {
        (stride < 0 ? before : behind) += (count - 1) * stride;
    };
    extend(map.height, map.stride_y);
    extend(map.width, map.stride_x);
    if (map.layout == stream::Layout::nhcwb16) {
        extend((map.depth + 15) / 16, map.stride_c);
        behind += 16 * element;
    } else {
        behind += map.depth * element;
    }
    // A stream of somebody else's may reach below the region.
    const auto down = static_cast<std::uint64_t>(-before);
    return {map.region, map.base[0] - std::min(down, map.base[0]),
            map.base[0] + static_cast<std::uint64_t>(behind)};
}

namespace {

/// The table that a kernel reads: 256 bytes for results of a byte; what others read is not told
/// apart from the tables beside it.
MemoryRange table_of(const stream::KernelOp& op, const Architecture& arch) {
    constexpr int wide_index = 5;
    const auto all = static_cast<std::uint64_t>(arch.lut_address());
    const bool is_small =
        stream::bytes_of(op.ofm.type) == 1 && op.activation.clip_range != wide_index;
    constexpr std::uint64_t bytes = LutSlots::slot_bytes;
    if (!is_small) return {MemoryRange::shram, all, all + LutSlots::slots * bytes};
    const auto slot = static_cast<std::uint64_t>(op.activation.function - LutSlots::first_function);
    return {MemoryRange::shram, all + slot * bytes, all + (slot + 1) * bytes};
}

}  // namespace

Accesses accesses_of(const stream::KernelOp& op, const Architecture& arch) {
    Accesses a;
    a.reads.push_back(range_of(op.ifm));
    if (op.is_binary() && !op.broadcast.scalar) a.reads.push_back(range_of(op.ifm2));
    const auto constants = [&](int region, const stream::ByteRange& range) {
        if (range.length > 0) a.reads.push_back({region, range.base, range.base + range.length});
    };
    if (op.has_weights()) {
        for (std::size_t core = 0; core < 2; ++core) {
            constants(op.weight_region, op.weights[core]);
            constants(op.scale_region, op.scales[core]);
        }
    }
    a.writes.push_back(range_of(op.ofm));
    const bool uses_lut = op.activation.uses_lut();
    if (uses_lut) a.reads.push_back(table_of(op, arch));
    const int banks = arch.shram_banks - (uses_lut ? 2 : arch.reserved_end_banks);
    a.writes.push_back({MemoryRange::shram, 0, static_cast<std::uint64_t>(banks) * 1024});
    return a;
}

Accesses accesses_of(const stream::DmaOp& op) {
    const auto end = [&](const stream::DmaEnd& at) {
        return MemoryRange{at.internal ? MemoryRange::shram : at.region, at.address,
                           at.address + (at.internal ? op.total_bytes() : op.span(at))};
    };
    Accesses a;
    a.reads.push_back(end(op.source));
    a.writes.push_back(end(op.destination));
    return a;
}

std::optional<int> HazardTracker::kernel(const Accesses& accesses) {
    kernels_.push_back(accesses);
    const auto wait = newest_allowed(dmas_, accesses);
    drop_finished(dmas_, wait);
    return wait;
}

std::optional<int> HazardTracker::dma(const Accesses& accesses) {
    dmas_.push_back(accesses);
    const auto wait = newest_allowed(kernels_, accesses);
    drop_finished(kernels_, wait);
    return wait;
}

std::optional<int> HazardTracker::wait_for_kernels(const Accesses& accesses) const {
    return newest_allowed(kernels_, accesses);
}

}  // namespace u65sim::compiler
