// Plans of one network for one size of SRAM, of which the best is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compile/plan/cascades.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// What is decided before the passes of make_plan.
struct PlanVariant {
    std::int64_t sram = 0;      ///< Program::sram
    Cascades cascades;          ///< empty: none
    bool in_turns = false;      ///< Program::in_turns
    bool weights_stay = false;  ///< stream_weights is left out

    void apply(Program& program) const;
};

/// Searches of each segment's cascades, which serve all sizes.
class CascadeSearches {
public:
    /// `program` must outlive this, unchanged.
    explicit CascadeSearches(const Program& program) : program_(program) {}

    struct Found {
        Cascades cascades;
        std::int64_t cycles = 0;       ///< predicted
        bool weights_refused = false;  ///< more would have fitted without copied weights
    };
    const Found& best(std::int64_t sram, CascadeSearch::Weights weights);

private:
    const Program& program_;
    std::vector<CascadeSearch> searches_;  ///< by segment; made when one is asked for
    std::map<std::pair<std::int64_t, CascadeSearch::Weights>, Found> known_;
};

/// Tries cascades: makes a whole plan with each set of them that looks good, and compares these by
/// predicted cycles, or by bytes where these are asked for. Then tries whether maps should take
/// turns, and whether weights should stay where they are.
class SizedSearch {
public:
    /// `program` has blocks and weights; both must outlive this, it unchanged. Plans take no more
    /// than `size.bytes`, and have no cascades where that is roomy; cascades that take
    /// `size.too_many_cycles` are given up.
    struct Size {
        std::int64_t bytes = 0;
        bool is_roomy = false;  ///< everything has room at once
        std::int64_t too_many_cycles = std::numeric_limits<std::int64_t>::max();
        /// The only cascades that are tried; no plan without them unless none are among these.
        const std::set<Cascades>* only = nullptr;
    };
    SizedSearch(const Program& program, CascadeSearches& searches, const Size& size);

    struct Result {
        PlanVariant variant;
        PlannedProgram plan;
        std::int64_t cost = 0;  ///< predicted cycles, or bytes; or `useless`
        [[nodiscard]] bool is_useless() const { return cost == useless; }
        bool is_tried = false;  ///< there were cascades to try, or a plan without
        std::string reason;     ///< alternatives and what they cost; "": none
        /// These cascades and those that may be faster for all that predictions tell.
        std::set<Cascades> close{};
        /// With weights where they are, where that may be faster for all that predictions tell.
        std::unique_ptr<Result> staying{};
    };
    Result run();

    /// What a plan costs that does not fit, or was given up.
    static constexpr std::int64_t useless = std::numeric_limits<std::int64_t>::max();

private:
    /// Cascades that are worth a try.
    struct Proposal {
        PlanVariant variant;
        std::string name;
        std::int64_t least = 0;  ///< cycles: what the search for them predicts
        std::optional<PlannedProgram> plan;
        std::int64_t cost = 0;  ///< of the plan
    };

    [[nodiscard]] bool is_worth_it() const;
    [[nodiscard]] bool is_tried(const Cascades& cascades) const;
    [[nodiscard]] PlannedProgram plan_of(const PlanVariant& variant, std::int64_t too_many) const;
    Result search();
    /// Keeps a variant of the result that takes less than this; what it is called among the
    /// reasons.
    void try_variant(Result& result, const PlanVariant& variant, std::int64_t less_than,
                     std::string_view what);
    void try_turns(Result& result);
    void try_staying(Result& result);
    [[nodiscard]] std::vector<std::int64_t> arenas() const;
    /// What is to be small: bytes, or cycles.
    [[nodiscard]] std::int64_t cost_of(const PlannedProgram& plan) const;
    [[nodiscard]] std::string text_of(std::int64_t cost) const;
    /// What a variant costs beside another plan, for who asks why.
    [[nodiscard]] std::string compared(std::string_view what, std::int64_t cost,
                                       std::int64_t other) const;
    /// The plan with the cascades of the variant, where that is tried.
    void try_one(Result& result) const;
    /// A plan without cascades; then cascades are proposed.
    Result plan_without();
    void propose();
    void try_all();
    void choose_best(Result& result);
    /// Keeps which cascades are close to the best.
    void note_close(Result& result) const;

    const Program& program_;
    CascadeSearches& searches_;
    const Size size_;
    std::int64_t too_many_cycles_;  ///< of cascades
    bool by_size_;                  ///< bytes are to be small, not cycles
    std::vector<Proposal> proposals_;
};

}  // namespace u65sim::compiler
