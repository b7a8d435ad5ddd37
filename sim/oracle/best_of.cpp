// The best of many networks: ranked by effort quick, settled by the oracle's own effort.
#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "compile/quick/answer.hpp"
#include "oracle/batch.hpp"
#include "oracle/state.hpp"
#include "report/join.hpp"

namespace u65sim {

namespace {

/// Networks whose reports are in memory at a time.
constexpr std::size_t chunk = 1024;

/// What effort quick says of a network, milliseconds. Where it had no answer, anything may be.
struct Ranked {
    double ms = 0, least = 0, most = std::numeric_limits<double>::infinity();
};

double ms_of(const Report& report, Cycles cycles) {
    return report::milliseconds(cycles, report.target.accelerator.clock) + report.total.host_ms;
}

class BestSearch {
public:
    /// A network's report by effort quick, and by the oracle's own.
    using Ask = std::function<Report(std::size_t)>;

    BestSearch(std::size_t count, Ask ask_quick, Ask ask_exact, BestOptions options)
        : count_(count),
          ask_quick_(std::move(ask_quick)),
          ask_exact_(std::move(ask_exact)),
          options_(std::move(options)),
          ranked_(count),
          is_refused_(count, 0) {
        if (options_.batch.threads == 0) {
            options_.batch.threads = std::max(1U, std::thread::hardware_concurrency());
        }
    }

    Best run() {
        rank();
        if (options_.scores.empty()) {
            find_fastest();
        } else {
            find_largest();
        }
        return std::move(best_);
    }

private:
    void rank() {
        std::size_t before = 0;
        for (std::size_t from = 0; from < count_; from += chunk) {
            const std::size_t size = std::min(chunk, count_ - from);
            BatchOptions batch = options_.batch;
            if (batch.progress) {
                batch.progress = [&](std::size_t done) {
                    return options_.batch.progress(before + done);
                };
            }
            const std::vector<Answer> answers = oracle::answer_all(
                size, batch, [&](std::size_t i) { return ask_quick_(from + i); });
            before += size;
            for (std::size_t i = 0; i < size; ++i) take(from + i, answers[i]);
        }
    }

    void take(std::size_t index, const Answer& answer) {
        if (answer.report) {
            ++best_.quick_answers;
            const Report& report = *answer.report;
            if (!report.runs_on_npu()) {
                is_refused_[index] = 1;
                ++best_.failed;
                return;
            }
            ranked_[index] = {report.latency_ms(), ms_of(report, report.interval->least),
                              ms_of(report, report.interval->most)};
            return;
        }
        try {
            std::rethrow_exception(answer.error);
        } catch (const Cancelled&) {
            throw;
        } catch (const InvalidModel&) {
            is_refused_[index] = 1;
            ++best_.failed;
        } catch (const DoesNotFit&) {
            // The compiler's own search may yet find a plan.
        }
    }

    /// Exact answers of networks order[from] .. order[until - 1]; calls see(index, report).
    template <class See>
    void settle(const std::vector<std::size_t>& order, std::size_t from, std::size_t until,
                See see) {
        BatchOptions batch;
        batch.threads = options_.batch.threads;
        const std::vector<Answer> answers = oracle::answer_all(
            until - from, batch, [&](std::size_t i) { return ask_exact_(order[from + i]); });
        for (std::size_t i = 0; i < answers.size(); ++i) {
            ++best_.exact_answers;
            const std::size_t index = order[from + i];
            try {
                const Report& report = answers[i].get();
                if (!report.runs_on_npu()) throw NothingOnNpu(report.model.name);
                const double ms = report.latency_ms();
                if (ms < ranked_[index].least || ms > ranked_[index].most) ++best_.misses;
                see(index, report, ms);
            } catch (const Error&) {
                ++best_.failed;
            }
        }
    }

    void keep(std::size_t index, const Report& report) {
        best_.index = index;
        best_.report = report;
    }

    [[nodiscard]] std::size_t step() const {
        return std::max<std::size_t>(options_.batch.threads, 1);
    }

    [[nodiscard]] std::vector<std::size_t> candidates() const {
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < count_; ++i) {
            const bool is_late = options_.budget_ms && ranked_[i].least > *options_.budget_ms;
            if (is_refused_[i] == 0 && !is_late) order.push_back(i);
        }
        return order;
    }

    /// In order of the least that each may take, until no other can take less.
    void find_fastest() {
        std::vector<std::size_t> order = candidates();
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return ranked_[a].least < ranked_[b].least;
        });
        // The likeliest winner first: its time leaves fewer of the others in question.
        const auto likely = std::min_element(
            order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return ranked_[a].ms < ranked_[b].ms; });
        if (likely != order.end()) std::rotate(order.begin(), likely, likely + 1);
        double least = options_.budget_ms.value_or(std::numeric_limits<double>::infinity());
        for (std::size_t from = 0; from < order.size();) {
            std::size_t until = from;
            while (until < order.size() && until - from < step() &&
                   (from == 0 ? until == 0 : ranked_[order[until]].least <= least)) {
                ++until;
            }
            if (until == from) return;
            settle(order, from, until, [&](std::size_t index, const Report& report, double ms) {
                const bool is_first = best_.index && ms == least && index < *best_.index;
                if (ms < least || is_first || (!best_.index && ms <= least)) {
                    least = ms;
                    keep(index, report);
                }
            });
            from = until;
        }
    }

    /// In order of scores, until one is within the budget.
    void find_largest() {
        std::vector<std::size_t> order = candidates();
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return options_.scores[a] > options_.scores[b];
        });
        const double budget = options_.budget_ms.value_or(std::numeric_limits<double>::infinity());
        for (std::size_t from = 0; from < order.size() && !best_.index; from += step()) {
            const std::size_t until = std::min(order.size(), from + step());
            settle(order, from, until, [&](std::size_t index, const Report& report, double ms) {
                if (!best_.index && ms <= budget) keep(index, report);
            });
        }
    }

    const std::size_t count_;
    const Ask ask_quick_, ask_exact_;
    BestOptions options_;
    std::vector<Ranked> ranked_;
    std::vector<char> is_refused_;  ///< has no time at all
    Best best_;
};

}  // namespace

Best Oracle::best_of(std::size_t count, const std::function<Graph(std::size_t)>& make,
                     const BestOptions& options) {
    if (state_->options.effort == Effort::quick) {
        throw InvalidConfig(
            "best_of with effort quick: it settles what effort quick leaves in question: take "
            "effort normal or high");
    }
    if (!options.scores.empty() && options.scores.size() != count) {
        throw InvalidConfig(fmt::format("{} scores for {} networks: must be one each",
                                        options.scores.size(), count));
    }
    compiler::quick::check_options(state_->target, state_->options.compile);
    BestOptions resolved = options;
    if (resolved.batch.threads == 0) resolved.batch.threads = state_->options.workers;
    const auto ask_quick = [&](std::size_t i) { return state_->work_out_quick(make(i), Bytes{0}); };
    const auto ask_exact = [&](std::size_t i) { return state_->estimate(make(i), std::nullopt); };
    return BestSearch(count, ask_quick, ask_exact, std::move(resolved)).run();
}

Best Oracle::best_of(const std::vector<Graph>& graphs, const BestOptions& options) {
    return best_of(
        graphs.size(), [&graphs](std::size_t i) { return graphs[i]; }, options);
}

}  // namespace u65sim
