// Which consecutive operations should run as a cascade: the ranges of a segment with the least
// predicted time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "compile/plan/row_links.hpp"
#include "compile/plan/stripes.hpp"
#include "compile/program.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

/// Operations first .. last of a segment, run as one.
struct Range {
    std::size_t first = 0, last = 0;
    std::int32_t height = 0;  ///< OFM rows of the last operation a step; 0: not a cascade
    auto operator<=>(const Range&) const = default;
};

/// Bytes of maps for the SRAM that live together, at most.
std::int64_t most_alive(const Program& program);

/// Searches the ranges of one segment. Costs once worked out serve every limit asked for.
class CascadeSearch {
public:
    /// All must outlive this, program and segment unchanged.
    CascadeSearch(const Program& program, const Segment& segment,
                  timing::KernelEstimator& estimator);

    /// Where a cascade's weights may be while it runs.
    enum class Weights { copied, anywhere };
    struct Plan {
        std::vector<Range> ranges;     ///< in order
        std::int64_t cycles = 0;       ///< predicted
        bool weights_refused = false;  ///< more would have fitted without copied weights
    };
    /// The best ranges for an arena of `limit` bytes. None where nothing may spill and an operation
    /// does not fit in any range.
    Plan best(std::int64_t limit, Weights weights);

private:
    /// What one range takes whatever the limit, its weights in SRAM.
    struct Cost {
        std::int64_t rolling = 0;          ///< bytes of a cascade's rolling buffers
        std::int64_t weights = 0;          ///< bytes of a cascade's weights
        timing::PlacementCycles cycles{};  ///< by place of its input and of its result
    };
    /// One operation's weights in a cascade that reads them where they are, anew in each stripe.
    struct Streamed {
        std::int64_t bytes = 0;   ///< of SRAM that gives back
        std::int64_t cycles = 0;  ///< that takes more
    };
    /// An operation in all cascades of one height that end at the same one: what it does there
    /// depends on those behind it alone.
    struct Link {
        Stripes stripes;
        std::int32_t kept = 0;                  ///< rows of its result, at most at a time
        std::int64_t rolling = 0, weights = 0;  ///< bytes of a cascade that starts here
        timing::PlacementCycles cycles{};       ///< of its own stripes
        Cycles between{0};                      ///< of those between it and the last one
        std::optional<std::int64_t>
            streamed;  ///< cycles more with its own weights off-chip, once known
    };
    struct StripeCost {
        std::int32_t rows = 0, input_rows = 0;
        timing::PlacementCycles cycles{};
        std::optional<std::int64_t>
            streamed;  ///< cycles more with the weights off-chip, once known
    };
    /// A map that could live in the arena.
    struct Candidate {
        int buffer = no_buffer;
        std::int32_t first = 0, last = 0;
        std::int64_t size = 0;
    };

    [[nodiscard]] const Buffer& buffer(int index) const {
        return program_.buffers[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] const BufferUse& use(int index) const {
        return uses_[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] bool may_be_fast(int index) const;
    /// Cycles of a range where they are below `bound`, else never.
    [[nodiscard]] std::int64_t predicted(const Range& range, std::int64_t limit,
                                         std::int64_t bound);
    [[nodiscard]] std::int64_t alive_beside(const Range& range, std::int64_t limit);
    [[nodiscard]] bool is_written(int buffer, const Range& range) const;
    [[nodiscard]] bool outlives(int buffer, const Range& range, std::int64_t limit) const;
    [[nodiscard]] bool takes_more(const Range& range, std::int64_t limit);
    [[nodiscard]] std::int64_t rolling_bytes(std::size_t at, std::int32_t rows) const;
    [[nodiscard]] Cost cost_of(const Range& range);
    /// Whether the operations at a cascade's end, as far as they are known, alone take more than
    /// `limit` bytes of rolling buffers, or `bound` cycles.
    [[nodiscard]] bool is_hopeless(const Range& range, std::int64_t limit, std::int64_t bound);
    /// Adds the operation in front of a chain of stripes that ends at `last`.
    void grow(std::vector<Link>& chain, std::size_t last, std::int32_t height);
    /// The chain of a cascade, as far back as it is known.
    std::vector<Link>& known_chain(const Range& range);
    /// The same, back to the cascade's first operation at least.
    std::vector<Link>& chain_of(const Range& range);
    /// Cycles that a cascade takes more when it gives back so many bytes of weights, of which it
    /// has at least as many.
    [[nodiscard]] std::int64_t streaming(const Range& range, std::int64_t bytes);
    /// Rows y0 .. y1 of one operation, all it reads and writes in SRAM.
    [[nodiscard]] NpuOp stripe(std::size_t at, std::int32_t y0, std::int32_t y1) const;
    StripeCost& stripe_cost(std::size_t at, std::int32_t y0, std::int32_t y1);
    /// Cycles that rows y0 .. y1 take more with their weights off-chip, and what these cost others.
    std::int64_t streamed_cycles(std::size_t at, std::int32_t y0, std::int32_t y1);

    const Program& program_;
    const std::vector<NpuOp>& ops_;
    timing::KernelEstimator& estimator_;
    Weights weights_ = Weights::copied;  ///< of this search
    bool weights_refused_ = false;
    std::vector<BufferUse> uses_;
    RowLinks links_;
    std::vector<Candidate> candidates_;
    /// alive_beside for the present limit, by last operation and length.
    std::vector<std::int64_t> alive_;
    std::vector<std::int64_t> floor_;  ///< sum of the least cycles of all operations before
    std::vector<std::vector<StripeCost>> stripes_;  ///< per operation
    std::vector<std::vector<Link>> chains_;  ///< by last operation and height; the last one first
};

}  // namespace u65sim::compiler
