// Plans of one network with different cascades, of which the best is kept.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compile/plan/cascades.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// Tries cascades: makes a whole plan with each set of them that looks good, and compares these by
/// predicted cycles, or by bytes where these are asked for. The result does not depend on the
/// number of threads.
class PlanSearch {
public:
    /// `program` has blocks and weights, and must outlive this, unchanged.
    explicit PlanSearch(const Program& program);

    struct Result {
        Cascades cascades;                   ///< empty: none
        bool in_turns = false;               ///< Program::in_turns
        std::optional<PlannedProgram> plan;  ///< with them, where one was made
        std::string reason;                  ///< alternatives and what they cost; "": none
    };
    Result run();

private:
    /// Cascades that are worth a try.
    struct Proposal {
        Cascades cascades;
        std::string name;
        std::optional<PlannedProgram> plan;
        std::int64_t cost = 0;  ///< of the plan
    };

    [[nodiscard]] bool is_worth_it() const;
    Result search();
    void try_turns(Result& result);
    [[nodiscard]] std::vector<std::int64_t> arenas() const;
    /// What is to be small: bytes, or cycles.
    [[nodiscard]] std::int64_t cost_of(const PlannedProgram& plan) const;
    [[nodiscard]] std::string text_of(std::int64_t cost) const;
    /// A plan without cascades; meanwhile cascades are proposed, where there are threads for it.
    Result plan_without();
    void propose();
    /// Tries proposals until none is left, with one thread's estimator.
    void try_proposals(const std::shared_ptr<timing::KernelEstimator>& estimator,
                       const std::shared_ptr<ThreadPool>& threads);
    void try_all();
    void choose_best(Result& result);

    const Program& program_;
    bool by_size_;   ///< bytes are to be small, not cycles
    bool parallel_;  ///< a second thread helps, with an estimator of its own
    std::shared_ptr<timing::KernelEstimator> second_estimator_;
    std::vector<Proposal> proposals_;
    std::atomic<std::size_t> next_{0};
    std::int64_t plain_cost_ = 0;  ///< of the plan without cascades
};

}  // namespace u65sim::compiler
