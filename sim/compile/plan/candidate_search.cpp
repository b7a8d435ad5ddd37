#include "compile/plan/candidate_search.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <random>
#include <utility>

#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

namespace {

class CandidateSearch {
public:
    CandidateSearch(std::vector<Lifetime>& items, std::span<const double> benefits,
                    std::int64_t limit)
        : items_(items),
          benefits_(benefits),
          limit_(limit),
          fixed_(items.size() - benefits.size()),
          packer_(items),
          all_benefits_(std::accumulate(benefits.begin(), benefits.end(), 0.0)) {}

    void run() {
        try_everything();
        if (!is_complete()) try_orders();
        advance_left_out();
        if (!best_.empty()) items_ = best_;
    }

private:
    [[nodiscard]] bool is_complete() const { return best_benefit_ >= all_benefits_; }

    /// Sum of benefits of what got a place.
    [[nodiscard]] double benefit_of_placed() const {
        double sum = 0;
        for (std::size_t i = 0; i < benefits_.size(); ++i) {
            if (items_[fixed_ + i].is_placed()) sum += benefits_[i];
        }
        return sum;
    }

    /// Keeps the present places where they are better than the best ones.
    bool keep_if_better() {
        const double benefit = benefit_of_placed();
        if (benefit <= best_benefit_) return false;
        best_benefit_ = benefit;
        best_ = items_;
        return true;
    }

    void try_everything() {
        if (fixed_ > 0 || lower_bound(items_) > limit_) return;
        if (place_all(items_, limit_) > limit_) return;
        best_ = items_;
        best_benefit_ = all_benefits_;
    }

    /// Candidates with the largest key first, around what is fixed.
    template <class Key>
    void try_order(Key key) {
        std::vector<std::size_t> order(benefits_.size());
        std::iota(order.begin(), order.end(), fixed_);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
        for (const std::size_t item : order) items_[item].offset = no_offset;
        packer_.place(order, limit_);
        if (keep_if_better()) turns_.order = std::move(order);
    }

    void try_orders() {
        const auto size = [&](std::size_t item) {
            return static_cast<double>(std::max<std::int64_t>(items_[item].size, 1));
        };
        const auto life = [&](std::size_t item) {
            return static_cast<double>(items_[item].last - items_[item].first + 1);
        };
        const auto benefit = [&](std::size_t item) { return benefits_[item - fixed_]; };
        try_order([&](std::size_t i) { return benefit(i) / (size(i) * life(i)); });
        try_order([&](std::size_t i) { return benefit(i) / size(i); });
        try_order(benefit);
        try_order([&](std::size_t i) { return -size(i); });
    }

    void count_turns() {
        turns_.of.assign(items_.size(), -1);
        left_out_.clear();
        for (std::size_t turn = 0; turn < turns_.order.size(); ++turn) {
            turns_.of[turns_.order[turn]] = static_cast<std::int64_t>(turn);
            if (!best_[turns_.order[turn]].is_placed()) left_out_.push_back(turn);
        }
    }

    /// Gives something left out an earlier turn, again and again.
    void advance_left_out() {
        count_turns();
        std::mt19937 random(1);
        for (int round = 0; round < tuning::advance_rounds && !is_complete(); ++round) {
            if (benefits_.size() < 2 || left_out_.empty()) break;
            const std::size_t from = left_out_[random() % left_out_.size()];
            const std::size_t to = from == 0 ? 0 : random() % from;
            if (!packer_.advance(best_, turns_, from, to, limit_) || !keep_if_better()) continue;
            const auto begin = turns_.order.begin();
            std::rotate(begin + static_cast<std::ptrdiff_t>(to),
                        begin + static_cast<std::ptrdiff_t>(from),
                        begin + static_cast<std::ptrdiff_t>(from) + 1);
            count_turns();
        }
    }

    std::vector<Lifetime>& items_;
    std::span<const double> benefits_;
    const std::int64_t limit_;
    const std::size_t fixed_;  ///< items in front of the candidates
    Packer packer_;
    const double all_benefits_;
    std::vector<Lifetime> best_;
    double best_benefit_ = -1;
    Packer::Turns turns_;                ///< of the best
    std::vector<std::size_t> left_out_;  ///< turns without a place
};

}  // namespace

void place_candidates(std::vector<Lifetime>& items, std::span<const double> benefits,
                      std::int64_t limit) {
    if (is_crowded(items)) {
        place_by_time(items, limit);
    } else {
        CandidateSearch(items, benefits, limit).run();
    }
}

}  // namespace u65sim::compiler
