#include "compile/quick/network.hpp"

#include <algorithm>
#include <limits>

#include "compile/plan/stripes.hpp"

namespace u65sim::compiler::quick {

namespace {

/// What a reader that makes `rows` a step, `made` by its first one, asks of its input.
struct Asked {
    std::int32_t rows = 0;    ///< a step
    std::int32_t end = 0;     ///< the row behind the last one that is there after the first step
    std::int32_t needed = 0;  ///< the first row that is still needed in that step
};
Asked asked_of(const NpuOp& reader, std::int32_t rows, std::int32_t made) {
    if (reader.kernel.kind == stream::KernelKind::elementwise) return {rows, made, made - rows};
    if (upscales(reader)) return {rows / 2, made / 2, (made - rows) / 2};
    const stream::Kernel& window = reader.kernel.kernel;
    const std::int32_t stride = window.stride_y;
    const std::int32_t pad = reader.kernel.pad.top;
    return {rows * stride, (made - 1) * stride + window.dilated_height() - pad,
            (made - rows) * stride - pad};
}

}  // namespace

QuickNetwork::QuickNetwork(const Program& from, TimeTables& tables)
    : program(from), readers(from.buffers.size(), 0), limit(from.target->sram.size.count()) {
    for (const Segment& segment : program.segments) {
        for (const NpuOp& npu : segment.ops) {
            QuickOp& op = ops.emplace_back();
            op.npu = &npu;
            op.times = &tables.of(program, npu);
            op.ifm = npu.ifm.buffer;
            op.ifm2 = npu.ifm2.buffer;
            op.ofm = npu.ofm.buffer;
            op.segment = begins_.size();
            if (!npu.slices.empty()) op.weights = npu.slices[0].size;
            ++readers[static_cast<std::size_t>(op.ifm)];
            if (op.ifm2 != no_buffer) ++readers[static_cast<std::size_t>(op.ifm2)];
        }
        begins_.push_back(ops.size() - segment.ops.size());
    }
}

bool QuickNetwork::may_be_fast(int index) const {
    const Buffer& map = buffer(index);
    return map.kind != Placement::Kind::constant && !(program.spilling() && map.pinned);
}

void QuickNetwork::link_rows() {
    const std::vector<BufferUse> uses = uses_of(program);
    for (std::size_t i = 0; i < begins_.size(); ++i) {
        links_.push_back({begins_[i], RowLinks(program, program.segments[i].ops, uses)});
    }
}

bool QuickNetwork::may_precede(std::size_t at, std::size_t last) const {
    const auto& [begin, links] = links_of(at);
    return ops[at].segment == ops[last].segment && links.may_precede(at - begin, last - begin);
}

bool QuickNetwork::rolls(int buffer, const QuickRange& range) const {
    if (!range.is_cascade() || buffer == ops[range.last].ofm) return false;
    const auto& [begin, links] = links_of(range.first);
    return links.rolls(buffer, range.first - begin, range.last - begin);
}

StripeWalk::StripeWalk(const QuickNetwork& network, std::size_t last, std::int32_t height)
    : network_(network),
      segment_(network.links_of(last)),
      last_(last),
      members_{{height, height, 0}} {}

void StripeWalk::step() {
    members_.push_back(in_front());
    const auto& [begin, links] = segment_;
    rolling_ = links.rolls_from(at() - begin, last_ - begin) ? rolling_bytes() : 0;
}

StripeWalk::Member StripeWalk::in_front() const {
    const std::size_t at = last_ - members_.size();
    const NpuOp& op = *network_.ops[at].npu;
    const auto& [begin, links] = segment_;
    Member member;
    std::int32_t needed = std::numeric_limits<std::int32_t>::max();
    for (const std::size_t i : links.readers(at - begin)) {
        const std::size_t reader = begin + i;
        if (reader > last_) break;
        const Member& behind = members_[last_ - reader];
        const Asked asked = asked_of(*network_.ops[reader].npu, behind.rows, behind.made);
        member.rows = std::max(member.rows, asked.rows);
        member.made = std::max(member.made, asked.end);
        needed = std::min(needed, asked.needed);
    }
    const std::int32_t unit = row_unit(op);
    const std::int32_t height = op.ofm.extent.h;
    const auto whole_units = [&](std::int32_t rows) {
        return std::min(height, (rows + unit - 1) / unit * unit);
    };
    member.kept = std::min(height, whole_units(member.made) - needed);
    member.rows = std::max(1, whole_units(member.rows));
    member.made = whole_units(member.made);
    return member;
}

std::int64_t StripeWalk::rolling_bytes() const {
    const int map = network_.ops[at()].ofm;
    const auto& [begin, links] = segment_;
    std::int32_t kept = 0;
    for (const std::size_t writer : links.writers(map)) {
        kept = std::max(kept, members_[last_ - (begin + writer)].kept);
    }
    const Buffer& buffer = network_.buffer(map);
    Extent rolling = buffer.extent;
    rolling.h = kept;
    return storage_bytes(rolling, buffer.type, layout_for(network_.program, buffer.extent));
}

double StripeWalk::stripes() const {
    return static_cast<double>(network_.ops[at()].npu->ofm.extent.h) / rows();
}

}  // namespace u65sim::compiler::quick
