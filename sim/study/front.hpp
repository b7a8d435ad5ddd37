// Which points no other beats, and which ones effort quick leaves in question.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <u65sim/study.hpp>

#include "study/plan.hpp"

namespace u65sim::study {

/// A value for each objective of a study; less is better in all.
using Corner = std::vector<double>;

/// What a measured row has; nothing where it has no figure, or is no point of a front.
std::optional<Corner> corner_of(const Study::Plan& plan, const StudyRow& row);
/// The best that an estimated row's bounds leave possible; nothing as above.
std::optional<Corner> best_corner_of(const Study::Plan& plan, const StudyRow& row);

/// Whether `left` is at least as good in all objectives and better in one.
bool beats(const Corner& left, const Corner& right);

/// For each corner, whether no other beats it.
std::vector<bool> front_of(const std::vector<Corner>& corners);

/// The points to simulate until a front is known, in layers. Each layer holds those points whose
/// best corner no other open point's best corner beats: as nothing that is simulated can beat
/// them, whoever relies on the bounds alone must simulate each of them. Points whose best corner a
/// simulated point beats are closed.
class FrontSearch {
public:
    explicit FrontSearch(const Study::Plan& plan) : plan_(plan) {}

    /// A row of the first pass: a point that is open, or one that is measured already.
    void add(const StudyRow& row);
    /// Items of the next layer, in their order; none: the front is known.
    std::vector<std::size_t> layer();
    /// Takes rows of all items of that layer.
    void close(const std::vector<const StudyRow*>& rows);

private:
    struct Open {
        std::size_t item = 0;
        Corner best;
    };
    void remove_beaten(const std::vector<Corner>& measured);

    const Study::Plan& plan_;
    std::vector<Open> open_;
    std::vector<Corner> measured_;  ///< since the last layer
};

}  // namespace u65sim::study
