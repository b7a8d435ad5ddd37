// Plans of one network for the target's SRAM and for less, of which the best is kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compile/plan/sized_search.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// A plan for a smaller SRAM is one for a larger SRAM, too: searches the best plan for each of
/// planned_sizes that is not above the target's and for the target's own, and keeps one, or all
/// between which predictions cannot tell. So cycles do not grow from one of planned_sizes to a
/// larger size as long as predictions are wrong by no more than tuning::certain_gain and the
/// machine decides between those (docs/compiler.md).
class PlanSearch {
public:
    /// `program` has blocks and weights, and must outlive this, unchanged.
    explicit PlanSearch(const Program& program);

    using Result = SizedSearch::Result;
    /// Never empty; in front the plan to take where nobody asks the machine: of the smallest size
    /// of which none is predicted to be clearly faster.
    using Results = std::vector<Result>;
    Results run();

private:
    /// Sizes to plan for, ascending: one where everything has room is the last.
    struct Sizes {
        std::vector<std::int64_t> cramped;  ///< any more is mostly better
        std::vector<std::int64_t> others;   ///< never empty
    };
    [[nodiscard]] Sizes sizes() const;
    [[nodiscard]] bool by_size() const { return program_.options.optimise == Optimise::size; }
    [[nodiscard]] bool is_roomy(std::int64_t sram) const { return everything_ <= sram; }

    /// What a plan is judged by: its predicted cycles, or its bytes; or `useless`.
    [[nodiscard]] std::int64_t value_of(const Result& result) const;
    /// The best plan of each size that is of use, or the smallest size's of none; ascending.
    std::vector<Result> search_all();
    /// Plans for the cramped sizes, down to the first whose plan is clearly slower than others,
    /// are put in front of those for larger ones.
    void search_cramped(const std::vector<std::int64_t>& sizes, std::vector<Result>& found);
    Result smallest(std::vector<Result> found);
    [[nodiscard]] static Results fastest(std::vector<Result> found);
    /// Optimised for size: the plan for performance, where that happens to take less memory.
    void take_smaller_fast_plan(Result& best);

    const Program& program_;
    CascadeSearches searches_;
    const std::int64_t maps_;  ///< bytes of maps that live together
    std::int64_t everything_;  ///< and of all weights, with what lies between
};

}  // namespace u65sim::compiler
