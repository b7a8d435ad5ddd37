#include "compile/plan/vela_cascades.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/rounding.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/stripes.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// Bytes of so many rows of a map in bricks.
std::int64_t bytes_of_rows(const View& map, std::int64_t rows) {
    return rows * map.extent.w * round_up(map.extent.c, brick_channels) *
           stream::bytes_of(map.type);
}

/// Rows that an operation reads for so many of its result.
std::int64_t input_height(const NpuOp& op, std::int64_t rows) {
    if (op.kernel.kind == KernelKind::elementwise) return rows;
    const stream::Kernel& kernel = op.kernel.kernel;
    return std::min<std::int64_t>((rows - 1) * kernel.stride_y + kernel.dilated_height(),
                                  op.ifm.extent.h);
}

/// Rows kept between stripes of `rows` and readers of `input` rows.
std::int64_t kept_rows(std::int64_t rows, std::int64_t input) {
    return round_up(rows + input, input);
}

/// Per buffer, whether some operation sees it so that it cannot lie in bricks.
std::vector<bool> linear_maps(const Program& program) {
    std::vector<bool> linear(program.buffers.size(), false);
    for_each_op(program, [&](const NpuOp& op) {
        for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
            if (!view->valid()) continue;
            const Buffer& buffer = program.buffer(*view);
            if (buffer.linear || must_be_linear(*view, buffer)) {
                linear[static_cast<std::size_t>(view->buffer)] = true;
            }
        }
    });
    return linear;
}

/// Cascades of one segment.
class VelaCascadeBuilder {
public:
    VelaCascadeBuilder(const Program& program, const Segment& segment)
        : program_(program),
          ops_(segment.ops),
          uses_(uses_of(program)),
          is_linear_(linear_maps(program)),
          limit_(program.target->sram.size.count()) {}

    std::vector<Range> run() {
        std::vector<Range> ranges;
        for (const Group& group : groups(0, ops_.size(), least_heights(), {})) {
            if (group.first == group.last) {
                ranges.push_back({group.first, group.last, 0});
            } else {
                grow_stripes(group, ranges);
            }
        }
        return ranges;
    }

private:
    /// Operations that run as one, and the bytes of their rolling buffers and weights.
    struct Group {
        std::size_t first = 0, last = 0;
        std::int64_t bytes = 0;
    };
    using Heights = std::vector<std::int32_t>;  ///< OFM rows of a stripe, per operation
    using Weights = std::vector<std::int64_t>;  ///< bytes in the arena, per operation

    /// Each operation makes the rows that the one behind it moves on by.
    [[nodiscard]] Heights least_heights() const {
        Heights heights(ops_.size(), 1);
        for (std::size_t i = 0; i + 1 < ops_.size(); ++i) heights[i] = row_stride(ops_[i + 1]);
        return heights;
    }

    [[nodiscard]] const Buffer& buffer(const View& view) const { return program_.buffer(view); }

    /// Whether an operation may be in a cascade, apart from what is beside it. One of two maps may
    /// be the first alone.
    [[nodiscard]] bool may_stripe(std::size_t at, std::int32_t height, bool is_first) const {
        const NpuOp& op = ops_[at];
        if (height >= op.ofm.extent.h || !can_stripe(op) || upscales(op) || !op.ifm.whole() ||
            !op.ofm.whole()) {
            return false;
        }
        if (is_first || op.kernel.kind != KernelKind::elementwise || !op.binary()) return true;
        return op.kernel.broadcast.scalar || buffer(op.ifm2).kind == Placement::Kind::constant;
    }

    /// Whether an operation hands all that it makes to the next one, and to no other.
    [[nodiscard]] bool feeds_next(std::size_t at) const {
        if (at + 1 >= ops_.size()) return false;
        const NpuOp& op = ops_[at];
        const NpuOp& next = ops_[at + 1];
        const Buffer& map = buffer(op.ofm);
        const BufferUse& use = uses_[static_cast<std::size_t>(op.ofm.buffer)];
        return map.kind == Placement::Kind::feature_map && !map.pinned && !map.whole_life &&
               !is_linear_[static_cast<std::size_t>(op.ofm.buffer)] &&
               op.ofm.extent == map.extent && use.writers == 1 && use.readers == 1 &&
               next.ifm.buffer == op.ofm.buffer && next.ifm.whole() &&
               next.ifm.extent == op.ofm.extent;
    }

    /// Bytes of an operation's maps when all are in the arena.
    [[nodiscard]] std::int64_t maps_of(std::size_t at) const {
        const NpuOp& op = ops_[at];
        const bool has_second =
            op.binary() && !op.kernel.broadcast.scalar && op.kernel.kind != KernelKind::elementwise;
        return map_bytes(op.ifm) + (has_second ? map_bytes(op.ifm2) : 0) +
               (op.may_overwrite_ifm ? 0 : map_bytes(op.ofm));
    }

    /// Bytes of a map as it is stored.
    [[nodiscard]] std::int64_t map_bytes(const View& view) const {
        const auto index = static_cast<std::size_t>(view.buffer);
        return is_linear_[index] ? view.extent.elements() * stream::bytes_of(view.type)
                                 : bytes_of_rows(view, view.extent.h);
    }

    /// Bytes of the rolling buffer behind an operation.
    [[nodiscard]] std::int64_t rolling(std::size_t at, const Heights& heights) const {
        return bytes_of_rows(ops_[at].ofm,
                             kept_rows(heights[at], input_height(ops_[at + 1], heights[at + 1])));
    }

    [[nodiscard]] static std::int64_t weights_at(const Weights& weights, std::size_t at) {
        return weights.empty() ? 0 : weights[at];
    }

    /// Splits operations first .. end - 1 into cascades, each as long as it may be.
    [[nodiscard]] std::vector<Group> groups(std::size_t first, std::size_t end,
                                            const Heights& heights, const Weights& weights) const {
        std::vector<Group> result;
        for (std::size_t at = first; at < end; at = result.back().last + 1) {
            Group best{at, at, 0};
            std::int64_t bytes = weights_at(weights, at);
            for (std::size_t i = at; may_stripe(i, heights[i], i == at) && i + 1 < end &&
                                     feeds_next(i) && may_stripe(i + 1, heights[i + 1], false);
                 ++i) {
                bytes += rolling(i, heights) + weights_at(weights, i + 1);
                if (maps_of(i + 1) < limit_ || bytes > limit_) break;
                best = {at, i + 1, bytes};
            }
            result.push_back(best);
        }
        return result;
    }

    /// The weights of a cascade's operations that find room beside its rolling buffers.
    [[nodiscard]] Weights weights_of(const Group& group) const {
        Weights weights(ops_.size(), 0);
        std::int64_t room = limit_ - group.bytes;
        for (std::size_t i = group.first; i <= group.last; ++i) {
            if (ops_[i].slices.empty() || ops_[i].slices[0].size > room) continue;
            weights[i] = ops_[i].slices[0].size;
            room -= weights[i];
        }
        return weights;
    }

    /// OFM rows of each operation where the last one makes `rows`.
    [[nodiscard]] Heights heights_of(const Group& group, std::int32_t rows) const {
        Heights heights(ops_.size(), 0);
        for (std::size_t i = group.last + 1; i-- > group.first;) {
            heights[i] = rows;
            rows *= row_stride(ops_[i]);
        }
        return heights;
    }

    /// Whether groups of a cascade's operations leave nothing that has no room.
    [[nodiscard]] bool fits(const std::vector<Group>& parts, const Weights& weights) const {
        return std::all_of(parts.begin(), parts.end(), [&](const Group& part) {
            if (part.first < part.last) return part.bytes <= limit_;
            const NpuOp& op = ops_[part.first];
            return map_bytes(op.ifm) + map_bytes(op.ofm) + weights[part.first] <= limit_;
        });
    }

    /// A cascade with the highest stripes that leave it in one piece; or its operations whole.
    void grow_stripes(const Group& group, std::vector<Range>& ranges) const {
        const Weights weights = weights_of(group);
        const std::int32_t height = ops_[group.last].ofm.extent.h;
        std::vector<Group> best{group};
        std::int32_t best_rows = least_heights()[group.last];
        std::optional<std::ptrdiff_t> most;
        for (std::int32_t rows = best_rows + 1; rows <= height / 2; ++rows) {
            const Heights heights = heights_of(group, rows);
            std::vector<Group> parts = groups(group.first, group.last + 1, heights, weights);
            const auto cascades = std::count_if(parts.begin(), parts.end(), [](const Group& part) {
                return part.first < part.last;
            });
            if (!most) most = cascades;
            if (cascades > *most || !fits(parts, weights)) break;
            best = std::move(parts);
            best_rows = rows;
            if (cascades == 0) break;
        }
        const Heights heights = heights_of(group, best_rows);
        for (const Group& part : best) {
            ranges.push_back(
                {part.first, part.last, part.first < part.last ? heights[part.last] : 0});
        }
    }

    const Program& program_;
    const std::vector<NpuOp>& ops_;
    const std::vector<BufferUse> uses_;
    const std::vector<bool> is_linear_;  ///< per buffer
    const std::int64_t limit_;
};

}  // namespace

std::int32_t row_stride(const NpuOp& op) {
    return op.kernel.kind == KernelKind::elementwise ? 1 : op.kernel.kernel.stride_y;
}

std::int32_t rolling_rows_of_vela(const NpuOp& op, std::int32_t rows, const NpuOp& next,
                                  std::int32_t next_rows) {
    const std::int64_t kept = kept_rows(rows, input_height(next, next_rows));
    return static_cast<std::int32_t>(std::min<std::int64_t>(kept, op.ofm.extent.h));
}

Cascades vela_cascades(const Program& program) {
    Cascades cascades;
    for (const Segment& segment : program.segments) {
        cascades.push_back(VelaCascadeBuilder{program, segment}.run());
    }
    return cascades;
}

}  // namespace u65sim::compiler
