#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compile/constants.hpp"
#include "compile/passes.hpp"
#include "compile/plan/cascade_search.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/stripes.hpp"
#include "compile/reuse.hpp"

namespace u65sim::compiler {

namespace {

/// Arenas whose cascades are tried in larger ones too, so that more room is hardly ever slower.
constexpr std::array<std::int64_t, 10> ladder = {4194304, 3145728, 2097152, 1048576, 786432,
                                                 524288,  393216,  262144,  196608,  131072};

/// What a plan costs that does not fit.
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

/// The ranges of each segment.
using Cut = std::vector<std::vector<Range>>;

bool has_cascades(const Cut& cut) {
    return std::any_of(cut.begin(), cut.end(), [](const std::vector<Range>& ranges) {
        return std::any_of(ranges.begin(), ranges.end(),
                           [](const Range& range) { return range.height > 0; });
    });
}

/// Whether every segment has its ranges: a search finds none where an operation has no room.
bool is_whole(const Cut& cut, const Program& program) {
    return std::equal(cut.begin(), cut.end(), program.segments.begin(),
                      [](const std::vector<Range>& ranges, const Segment& segment) {
                          return ranges.empty() == segment.ops.empty();
                      });
}

/// Replaces the operations of a cascade by their stripes.
void append_stripes(Program& program, std::vector<NpuOp>& ops, const Range& range,
                    std::vector<NpuOp>& result) {
    const Schedule schedule(ops, range.first, range.last, range.height);
    const std::size_t members = range.last - range.first + 1;
    std::vector<std::int32_t> first_stripe(members, -1), made(members, 0), count(members, 0);
    for (const auto& step : schedule.steps) ++count[step.member];
    for (std::size_t m = 0; m < members; ++m) {
        NpuOp& op = ops[range.first + m];
        const Step highest = schedule.highest(m);
        NpuOp stripe = stripe_of(op, highest.y0, highest.y1);
        choose_block(stripe, *program.target, program.arch);
        const bool same_depth = stripe.kernel.block.depth == op.kernel.block.depth;
        op.kernel.block = stripe.kernel.block;
        op.kernel.ib_end = stripe.kernel.ib_end;
        op.kernel.ab_start = stripe.kernel.ab_start;
        op.kernel.ifm2_ib_start = stripe.kernel.ifm2_ib_start;
        if (!same_depth && op.weights) op.slices = {make_whole(program, op)};
        if (m + 1 < members) program.buffer(op.ofm).rolling_rows = schedule.rolling_rows(m);
    }
    const std::int32_t time = ops[range.first].time;
    for (const auto& step : schedule.steps) {
        NpuOp& op = ops[range.first + step.member];
        NpuOp stripe = stripe_of(op, step.y0, step.y1);
        std::int32_t& first = first_stripe[step.member];
        stripe.name = op.name + "/stripe";
        stripe.name += std::to_string(made[step.member]++);
        stripe.time = time;
        stripe.in_place = -1;
        stripe.stripes = count[step.member];
        if (first < 0) {
            first = static_cast<std::int32_t>(result.size());
            stripe.weights = std::move(op.weights);
            stripe.scales = std::move(op.scales);
            stripe.slices = std::move(op.slices);
        }
        stripe.first_stripe = first;
        result.push_back(std::move(stripe));
    }
}

void carry_out(Program& program, const Cut& cut) {
    for (std::size_t s = 0; s < cut.size(); ++s) {
        std::vector<NpuOp> result;
        std::vector<NpuOp>& ops = program.segments[s].ops;
        for (const auto& range : cut[s]) {
            if (range.height > 0) {
                append_stripes(program, ops, range, result);
            } else {
                result.push_back(std::move(ops[range.first]));
            }
        }
        ops = std::move(result);
    }
}

/// Whether all maps fit into half the arena at every time: then little can be gained.
bool maps_are_small(const Program& program) {
    const std::vector<BufferUse> uses = uses_of(program);
    std::vector<std::int64_t> change(static_cast<std::size_t>(program.times) + 2, 0);
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const Buffer& buffer = program.buffers[i];
        if (buffer.pinned || buffer.kind == Placement::Kind::constant || uses[i].first < 0)
            continue;
        change[static_cast<std::size_t>(uses[i].first)] += uses[i].size;
        change[static_cast<std::size_t>(uses[i].last) + 1] -= uses[i].size;
    }
    std::int64_t alive = 0;
    return std::all_of(change.begin(), change.end(), [&](std::int64_t by) {
        alive += by;
        return alive <= program.target->sram.size.count() / 2;
    });
}

/// Cascades that are worth a try.
struct Proposal {
    Cut cut;
    std::string name;
    std::shared_ptr<Program> placed;
    std::int64_t cost = never;  ///< of what was placed
};

/// The best cascades for each limit, with their weights copied, and read anywhere where that is
/// predicted to be faster. Each cut once.
std::vector<Proposal> propose(const Program& program, timing::KernelEstimator& estimator,
                              const std::vector<std::int64_t>& limits) {
    std::vector<CascadeSearch> searches;
    for (const auto& segment : program.segments) searches.emplace_back(program, segment, estimator);
    std::set<Cut> known;
    std::vector<Proposal> proposals;
    const auto add = [&](Cut cut, std::string name) {
        if (!has_cascades(cut) || !is_whole(cut, program) || !known.insert(cut).second) return;
        proposals.push_back({std::move(cut), std::move(name), nullptr});
    };
    using Weights = CascadeSearch::Weights;
    for (const auto limit : limits) {
        std::int64_t least_copied = 0;
        bool weights_refused = false;
        for (const Weights weights : {Weights::copied, Weights::anywhere}) {
            Cut cut;
            std::int64_t cycles = 0;
            for (auto& search : searches) {
                CascadeSearch::Plan plan = search.best(limit, weights);
                cut.push_back(std::move(plan.ranges));
                cycles += plan.cycles;
                weights_refused = weights_refused || plan.weights_refused;
            }
            if (weights == Weights::copied) {
                add(std::move(cut), fmt::format("those for {} B", limit));
                if (!weights_refused) break;
                least_copied = cycles;
            } else if (cycles < least_copied - least_copied / 100) {
                add(std::move(cut), fmt::format("those for {} B with weights off-chip", limit));
            }
        }
    }
    return proposals;
}

}  // namespace

void form_cascades(Program& program) {
    const bool spilling = program.spilling();
    const bool small = spilling && program.options.optimise == Optimise::size;
    if (!program.takes("form_cascades")) return;
    if (program.target->memory_mode == MemoryMode::sram_only) return;
    if (!small && maps_are_small(program)) return;
    const std::int64_t arena = program.target->sram.size.count();
    // What is to be small: bytes, or cycles. Where nothing may spill, what does not fit is worth
    // nothing.
    const auto cost = [&](const Program& placed) {
        if (!spilling && placed.arena_size > arena) return never;
        return small ? placed.fast_size + placed.arena_size : predict_cycles(placed);
    };
    const auto text = [&](std::int64_t found) {
        return found == never ? std::string{"does not fit"}
                              : fmt::format("{} {}", found, small ? "B" : "cycles");
    };
    std::vector<std::int64_t> limits{arena};
    for (const auto rung : ladder) {
        if (rung < arena && (small || rung >= arena / (spilling ? 3 : 4))) limits.push_back(rung);
    }
    // Cascades are searched while the plan without them is made. Estimators serve one thread.
    const bool beside = spilling && program.helpers->any();
    const auto estimator =
        beside ? borrow_estimator(*program.target, *program.reuse) : program.estimator;
    std::vector<Proposal> proposals;
    const auto search = [&] { proposals = propose(program, *estimator, limits); };
    std::optional<Helpers::Aside> searching;
    if (beside) searching.emplace(*program.helpers, search);
    auto plain = std::make_shared<Program>(program);
    place_maps(*plain);
    const std::int64_t whole = cost(*plain);
    std::shared_ptr<Program> placed_best = std::move(plain);
    // Where nothing may spill, whole maps that fit are best as they are.
    if (!spilling && whole != never) {
        program.placed = std::move(placed_best);
        return;
    }
    if (searching) {
        searching->finish();
    } else {
        search();
    }
    // The prediction is that good: a smaller gain than one percent may be a loss.
    std::int64_t least = small || whole == never ? whole : whole * 99 / 100;
    std::string reason = fmt::format("cascades: none {}", text(whole));
    std::string taken = "none";
    Cut best;
    std::atomic<std::size_t> next{0};
    const auto try_next = [&](const std::shared_ptr<timing::KernelEstimator>& own,
                              const std::shared_ptr<Helpers>& helpers) {
        for (std::size_t i = next++; i < proposals.size(); i = next++) {
            Proposal& proposal = proposals[i];
            proposal.placed = std::make_shared<Program>(program);
            proposal.placed->estimator = own;
            proposal.placed->helpers = helpers;
            carry_out(*proposal.placed, proposal.cut);
            place_maps(*proposal.placed);
            proposal.cost = cost(*proposal.placed);
            proposal.placed->estimator = program.estimator;
            proposal.placed->helpers = program.helpers;
        }
    };
    if (beside && proposals.size() > 1) {
        const auto alone = std::make_shared<Helpers>(1);
        Helpers::Aside trying{*program.helpers, [&] { try_next(estimator, alone); }};
        try_next(program.estimator, program.helpers);
        trying.finish();
    } else {
        try_next(program.estimator, program.helpers);
    }
    for (Proposal& proposal : proposals) {
        reason += fmt::format(", {} {}", proposal.name, text(proposal.cost));
        if (proposal.cost < least) {
            least = proposal.cost;
            taken = proposal.name;
            best = std::move(proposal.cut);
            placed_best = std::move(proposal.placed);
        }
    }
    if (!best.empty()) carry_out(program, best);
    const std::string decision = fmt::format("{}: taken {}", reason, taken);
    const auto behind = static_cast<std::ptrdiff_t>(program.reasons.size());
    placed_best->reasons.insert(placed_best->reasons.begin() + behind, decision);
    program.reasons.push_back(decision);
    program.placed = std::move(placed_best);
}

}  // namespace u65sim::compiler
