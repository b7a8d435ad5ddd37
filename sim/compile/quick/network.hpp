// What the rules of effort quick look at: operations with their times, maps with their lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <boost/container/static_vector.hpp>

#include "compile/plan/row_links.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/program.hpp"
#include "compile/quick/time_tables.hpp"

namespace u65sim::compiler::quick {

struct QuickOp {
    const NpuOp* npu = nullptr;
    OperationTimes* times = nullptr;
    int ifm = no_buffer, ifm2 = no_buffer, ofm = no_buffer;
    std::int64_t weights = 0;  ///< bytes, encoded
    std::size_t segment = 0;
};

/// Operations first .. last, run as one, `height` OFM rows of the last one a step; 0: one operation
/// as a whole.
struct QuickRange {
    std::size_t first = 0, last = 0;
    std::int32_t height = 0;
    [[nodiscard]] bool is_cascade() const { return height > 0; }
    bool operator==(const QuickRange&) const = default;
};

/// Operations of all segments in the order of execution, over the buffers of the program.
class QuickNetwork {
public:
    /// `program` has blocks, weights, layouts and lifetimes, and must outlive this.
    QuickNetwork(const Program& program, TimeTables& tables);

    [[nodiscard]] const Buffer& buffer(int index) const {
        return program.buffers[static_cast<std::size_t>(index)];
    }
    /// Whether a map may live in the fast memory.
    [[nodiscard]] bool may_be_fast(int index) const;

    /// Finds who may hand rows to whom; all below asks for that.
    void link_rows();
    /// Whether operation `at` may be in a cascade that ends at `last` with those between.
    [[nodiscard]] bool may_precede(std::size_t at, std::size_t last) const;
    /// Whether a buffer rolls in a cascade; never where the range is none.
    [[nodiscard]] bool rolls(int buffer, const QuickRange& range) const;
    /// The rows' ways in a segment whose first operation is number `begin`.
    struct SegmentLinks {
        std::size_t begin = 0;
        RowLinks links;
    };
    [[nodiscard]] const SegmentLinks& links_of(std::size_t at) const {
        return links_[ops[at].segment];
    }

    const Program& program;
    std::vector<QuickOp> ops;
    std::vector<std::int32_t> readers;  ///< by buffer: operations that read it
    std::int64_t limit;                 ///< bytes of the fast memory

private:
    std::vector<std::size_t> begins_;  ///< by segment: its first operation
    std::vector<SegmentLinks> links_;  ///< by segment
};

/// What the operations of a range do in the middle of their maps, where each step is like the one
/// before: from the last one backwards.
class StripeWalk {
public:
    StripeWalk(const QuickNetwork& network, std::size_t last, std::int32_t height);
    /// Goes to the operation in front.
    void step();
    /// OFM rows a stripe.
    [[nodiscard]] std::int32_t rows() const { return members_.back().rows; }
    /// Stripes of this kind that make up the operation.
    [[nodiscard]] double stripes() const;
    /// Whether the map that this operation makes rolls from here on.
    [[nodiscard]] bool rolls() const { return rolling_ > 0; }
    /// Bytes that take the place of the map then; 0 where none rolls.
    [[nodiscard]] std::int64_t rolling() const { return rolling_; }

private:
    /// An operation in step 0 of many like it.
    struct Member {
        std::int32_t rows = 0;  ///< that it makes
        std::int32_t made = 0;  ///< rows that are made then
        std::int32_t kept = 0;  ///< rows that its result must be kept for
    };
    [[nodiscard]] std::size_t at() const { return last_ + 1 - members_.size(); }
    [[nodiscard]] Member in_front() const;
    [[nodiscard]] std::int64_t rolling_bytes() const;

    const QuickNetwork& network_;
    const QuickNetwork::SegmentLinks& segment_;
    std::size_t last_;
    boost::container::static_vector<Member, tuning::max_cascade_length> members_;  ///< last first
    std::int64_t rolling_ = 0;
};

}  // namespace u65sim::compiler::quick
