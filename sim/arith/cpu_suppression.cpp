// NON_MAX_SUPPRESSION_V4 and V5: the best boxes of those that overlap, with or without lowered
// scores.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "arith/binary_heap.hpp"
#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {
namespace {

struct Box {
    float bottom, left, top, right;
    [[nodiscard]] float area() const { return (top - bottom) * (right - left); }
};

/// Corners may be given in any order.
std::vector<Box> boxes_of(const CpuCall& call) {
    const auto corners = float_values(call, call.input(0));
    constexpr std::size_t numbers = 4;
    if (corners.size() % numbers != 0) call.invalid("boxes must have 4 numbers");
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < corners.size(); i += numbers) {
        const auto [bottom, top] = std::minmax(corners[i], corners[i + 2]);
        const auto [left, right] = std::minmax(corners[i + 1], corners[i + 3]);
        boxes.push_back({bottom, left, top, right});
    }
    return boxes;
}

float intersection_over_union(const Box& a, const Box& b) {
    const float of_a = a.area(), of_b = b.area();
    if (of_a <= 0.0F || of_b <= 0.0F) return 0.0F;
    const float height = std::min(a.top, b.top) - std::max(a.bottom, b.bottom);
    const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
    const float common = std::max(height, 0.0F) * std::max(width, 0.0F);
    return common / (of_a + of_b - common);
}

struct Candidate {
    std::size_t box;
    float score;
    std::size_t compared;  ///< chosen boxes that it has met
};

struct Limits {
    std::size_t most;
    float overlap, score, sigma;
};

struct Chosen {
    std::vector<std::int64_t> boxes;
    std::vector<float> scores;
};

/// Lowers the candidate's score by each chosen box that it has not met; false when one covers it.
bool survives(const std::vector<Box>& boxes, const Chosen& chosen, const Limits& limits,
              Candidate& candidate) {
    for (std::size_t j = chosen.boxes.size(); j-- > candidate.compared;) {
        const float overlap = intersection_over_union(
            boxes[candidate.box], boxes[static_cast<std::size_t>(chosen.boxes[j])]);
        if (overlap >= limits.overlap) return false;
        if (limits.sigma > 0.0F) {
            candidate.score *= std::exp(-0.5F / limits.sigma * overlap * overlap);
        }
        if (candidate.score <= limits.score) break;
    }
    candidate.compared = chosen.boxes.size();
    return true;
}

Chosen choose(const std::vector<Box>& boxes, const std::vector<float>& scores,
              const Limits& limits) {
    const auto worse = [](const Candidate& a, const Candidate& b) { return a.score < b.score; };
    BinaryHeap<Candidate, decltype(worse)> queue(worse);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        if (scores[i] > limits.score) queue.push({i, scores[i], 0});
    }
    Chosen chosen;
    while (chosen.boxes.size() < limits.most && !queue.empty()) {
        Candidate next = queue.pop();
        const float before = next.score;
        if (!survives(boxes, chosen, limits, next)) continue;
        if (next.score == before) {
            chosen.boxes.push_back(static_cast<std::int64_t>(next.box));
            chosen.scores.push_back(next.score);
        } else if (next.score > limits.score) {
            queue.push(next);
        }
    }
    return chosen;
}

float number(const CpuCall& call, std::size_t index) {
    const auto values = float_values(call, call.input(index));
    if (values.size() != 1) call.invalid(fmt::format("operand {}: must be one number", index));
    return values.front();
}

}  // namespace

CpuResults cpu_non_max_suppression(const CpuCall& call) {
    const bool scored = call.op.type == OpType::non_max_suppression_v5;
    const auto boxes = boxes_of(call);
    const auto scores = float_values(call, call.input(1));
    if (scores.size() != boxes.size()) call.invalid("as many scores as boxes are wanted");
    const auto most = integers(call, 2);
    if (most.size() != 1 || most.front() < 0) call.invalid("operand 2: must be one number above 0");
    const Limits limits{static_cast<std::size_t>(most.front()), number(call, 3), number(call, 4),
                        scored ? number(call, 5) : 0.0F};
    Chosen chosen = choose(boxes, scores, limits);
    const auto count = static_cast<std::int64_t>(chosen.boxes.size());
    const auto room = static_cast<std::size_t>(elements(call.output()));
    chosen.boxes.resize(room, 0);
    chosen.scores.resize(room, 0.0F);
    CpuResults results{store_raw(call, call.output().type, chosen.boxes)};
    if (scored) results.push_back(store_floats(chosen.scores));
    results.push_back(store_raw(call, call.output(scored ? 2 : 1).type, std::array{count}));
    return results;
}

}  // namespace u65sim::arith
