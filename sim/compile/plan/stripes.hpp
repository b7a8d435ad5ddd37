// Operations a few OFM rows at a time: which rows they read, and in which order a cascade of them
// runs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Whether an operation reads each element of its input several times, as a larger one.
inline bool upscales(const NpuOp& op) { return op.kernel.upscale != stream::Upscale::none; }
/// OFM rows that an operation's stripes begin at multiples of: the row that is read first must be
/// the first of those that it stands for.
inline std::int32_t row_unit(const NpuOp& op) { return upscales(op) ? 2 : 1; }

/// Rows of the input that OFM rows y0 .. y1 read, and the padding that is left.
struct InputRows {
    std::int32_t begin = 0, end = 0, top = 0, bottom = 0;
};
inline InputRows input_rows(const NpuOp& op, std::int32_t y0, std::int32_t y1) {
    if (op.kernel.kind == stream::KernelKind::elementwise) return {y0, y1, 0, 0};
    if (upscales(op)) return {y0 / 2, (y1 + 1) / 2, 0, 0};
    const stream::Kernel& kernel = op.kernel.kernel;
    const std::int32_t begin = y0 * kernel.stride_y - op.kernel.pad.top;
    const std::int32_t end =
        (y1 - 1) * kernel.stride_y + kernel.dilated_height() - op.kernel.pad.top;
    const std::int32_t height = op.ifm.extent.h;
    return {std::max(begin, 0), std::min(end, height), std::max(-begin, 0),
            std::max(end - height, 0)};
}

/// Whether an operation can run a few rows at a time.
bool can_stripe(const NpuOp& op);

/// The registers of OFM rows y0 .. y1 of an operation, without what it owns as a whole.
NpuOp stripe_of(const NpuOp& op, std::int32_t y0, std::int32_t y1);

/// OFM rows from the first up to but without the last.
using Rows = std::array<std::int32_t, 2>;
/// An operation's stripes in a cascade, one for each of its last operation's; of no rows where it
/// has nothing to make.
using Stripes = std::vector<Rows>;
/// An operation of a cascade that reads a map.
struct RowReader {
    const NpuOp* op = nullptr;
    const Stripes* stripes = nullptr;
};
/// The stripes of an operation that makes rows when the first of its readers needs them, in the end
/// all of them where the map is to be `complete`; returns the rows that its result must be kept
/// for, at most at a time.
std::int32_t stripes_before(std::span<const RowReader> readers, const NpuOp& op, bool complete,
                            Stripes& stripes);

/// OFM rows of one operation of a cascade.
struct Step {
    std::size_t member = 0;
    std::int32_t y0 = 0, y1 = 0;
};

class RowLinks;

/// The order of all stripes of operations first .. last: for each stripe of the last one, `height`
/// rows, what is missing of the others, in their order.
class Schedule {
public:
    Schedule(const std::vector<NpuOp>& ops, const RowLinks& links, std::size_t first,
             std::size_t last, std::int32_t height);

    std::vector<Step> steps;
    /// Rows an operation's result must be kept for, at most at a time; 0: the map stays whole.
    [[nodiscard]] std::int32_t rolling_rows(std::size_t member) const { return rows_[member]; }
    /// The highest stripe of an operation, a later one where several are as high.
    [[nodiscard]] Step highest(std::size_t member) const;

private:
    std::vector<std::int32_t> rows_;
};

}  // namespace u65sim::compiler
