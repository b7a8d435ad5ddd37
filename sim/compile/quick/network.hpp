// What the rules of effort quick look at: operations with their times, maps with their lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/program.hpp"
#include "compile/quick/time_tables.hpp"

namespace u65sim::compiler::quick {

struct QuickOp {
    const NpuOp* npu = nullptr;
    OperationTimes* times = nullptr;
    int ifm = no_buffer, ifm2 = no_buffer, ofm = no_buffer;
    std::int64_t weights = 0;  ///< bytes, encoded
    bool linked = false;       ///< may hand its rows to the next one through a rolling buffer
};

/// Operations of all segments in the order of execution, over the buffers of the program.
struct QuickNetwork {
    /// `program` has blocks, weights, layouts and lifetimes, and must outlive this.
    QuickNetwork(const Program& program, TimeTables& tables);

    [[nodiscard]] const Buffer& buffer(int index) const {
        return program.buffers[static_cast<std::size_t>(index)];
    }
    /// Whether a map may live in the fast memory.
    [[nodiscard]] bool may_be_fast(int index) const;

    const Program& program;
    std::vector<QuickOp> ops;
    /// By buffer: operations that write and that read it.
    std::vector<std::int32_t> writers, readers;
    std::int64_t limit;  ///< bytes of the fast memory

private:
    [[nodiscard]] bool hands_rows_on(const QuickOp& op, const QuickOp& next) const;
};

/// Operations first .. last, run as one, `height` OFM rows of the last one a step; 0: one operation
/// as a whole.
struct QuickRange {
    std::size_t first = 0, last = 0;
    std::int32_t height = 0;
    [[nodiscard]] bool is_cascade() const { return height > 0; }
    bool operator==(const QuickRange&) const = default;
};

/// What the operations of a range do, from the last one backwards.
class StripeWalk {
public:
    StripeWalk(const QuickNetwork& network, std::size_t last, std::int32_t height);
    /// Goes to the operation in front.
    void step();
    [[nodiscard]] std::int32_t rows() const { return rows_; }  ///< OFM rows a step
    /// Bytes of the rolling buffer that this operation writes; none for the last one.
    [[nodiscard]] std::int64_t rolling() const { return rolling_; }
    /// Stripes of this kind that make up the operation.
    [[nodiscard]] double stripes() const;

private:
    const QuickNetwork& network_;
    std::size_t at_;
    std::int32_t rows_;
    std::int64_t rolling_ = 0;
};

}  // namespace u65sim::compiler::quick
