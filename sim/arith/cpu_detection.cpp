// TFLite_Detection_PostProcess: boxes from offsets to anchors, the best of them that overlap least.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

// Headers alone: its locale object is in the library.
#define FLATBUFFERS_LOCALE_INDEPENDENT 0
#include <flatbuffers/flexbuffers.h>
#include <fmt/format.h>

#include "arith/binary_heap.hpp"
#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {
namespace {

constexpr std::size_t coordinates = 4;  ///< centre y and x, height, width

struct Options {
    std::size_t detections = 0, classes_a_detection = 1, detections_a_class = 100, classes = 0;
    bool by_class = false;
    float least_score = 0.0F, most_overlap = 0.5F;
    std::array<float, coordinates> scale{};
};

Options options_of(const CpuCall& call) {
    const auto& bytes = call.op.custom_options;
    std::vector<std::uint8_t> seen;
    if (bytes.size() < 3 || !flexbuffers::VerifyBuffer(bytes.data(), bytes.size(), &seen)) {
        call.invalid("its options are no flexbuffer");
    }
    const auto root = flexbuffers::GetRoot(bytes.data(), bytes.size());
    if (!root.IsMap()) call.invalid("its options are no map");
    const auto map = root.AsMap();
    const auto count = [&](const char* name, std::int64_t otherwise) {
        const std::int64_t value = map[name].IsNull() ? otherwise : map[name].AsInt64();
        constexpr std::int64_t limit = 1 << 20;
        if (value < 1 || value > limit) {
            call.invalid(fmt::format("{} is {}: must be between 1 and {}", name, value, limit));
        }
        return static_cast<std::size_t>(value);
    };
    Options options;
    options.detections = count("max_detections", 0);
    options.classes_a_detection = count("max_classes_per_detection", 0);
    options.detections_a_class = count("detections_per_class", 100);
    options.classes = count("num_classes", 0);
    options.by_class = map["use_regular_nms"].AsBool();
    options.least_score = map["nms_score_threshold"].AsFloat();
    options.most_overlap = map["nms_iou_threshold"].AsFloat();
    const std::array names{"y_scale", "x_scale", "h_scale", "w_scale"};
    for (std::size_t i = 0; i < coordinates; ++i) options.scale[i] = map[names[i]].AsFloat();
    return options;
}

std::vector<float> real_values(const CpuCall& call, std::size_t index) {
    const CpuOperand& operand = call.input(index);
    if (is_float(*operand.tensor)) return float_values(call, operand);
    const Affine affine = affine_of(call, *operand.tensor);
    std::vector<float> values;
    for (const std::int64_t raw : raw_values(call, operand)) {
        values.push_back(affine.scale * static_cast<float>(raw - affine.zero_point));
    }
    return values;
}

/// Corners: top, left, bottom, right.
using Box = std::array<float, coordinates>;

float area(const Box& box) { return (box[2] - box[0]) * (box[3] - box[1]); }

float overlap(const Box& a, const Box& b) {
    if (area(a) <= 0.0F || area(b) <= 0.0F) return 0.0F;
    const float height = std::max(std::min(a[2], b[2]) - std::max(a[0], b[0]), 0.0F);
    const float width = std::max(std::min(a[3], b[3]) - std::max(a[1], b[1]), 0.0F);
    const float common = height * width;
    return common / (area(a) + area(b) - common);
}

/// Positions of the first `count` values in descending order; of equal ones the first.
std::vector<std::size_t> descending(std::span<const float> values, std::size_t count) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
    order.resize(std::min(count, order.size()));
    return order;
}

/// The best `count` labels of a box. The reference orders equal scores as the partial sort of GNU's
/// library leaves them, and takes the first where it wants one.
std::vector<std::size_t> best_labels(std::span<const float> scores, std::size_t count) {
    if (count <= 1) return descending(scores, count);
    std::vector<std::size_t> labels(std::min(count, scores.size()));
    std::iota(labels.begin(), labels.end(), 0);
    const auto better = [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; };
    BinaryHeap kept(labels, better);  // the worst on top
    for (std::size_t label = labels.size(); label < scores.size(); ++label) {
        if (better(label, kept.top())) kept.replace_top(label);
    }
    for (std::size_t place = labels.size(); place-- > 0;) labels[place] = kept.pop();
    return labels;
}

class Detector {
public:
    explicit Detector(const CpuCall& call) : options_(options_of(call)) {
        // Before any room is taken: the options could ask for anything.
        const std::size_t room = options_.detections * options_.classes_a_detection;
        if (elements(call.output()) != static_cast<std::int64_t>(room * coordinates)) {
            call.invalid("its options disagree with the shape of the boxes");
        }
        const auto offsets = real_values(call, 0);
        const auto anchors = real_values(call, 2);
        scores_ = real_values(call, 1);
        const Shape& shape = call.input(0).tensor->shape;
        const Shape& score_shape = call.input(1).tensor->shape;
        boxes_ = anchors.size() / coordinates;
        if (shape.size() != 3 || score_shape.size() != 3 || boxes_ == 0 || shape[2] < 4) {
            call.invalid("boxes and scores must have 3 dimensions");
        }
        const auto stride = static_cast<std::size_t>(shape[2]);
        columns_ = static_cast<std::size_t>(score_shape[2]);
        if (offsets.size() != boxes_ * stride || scores_.size() != boxes_ * columns_ ||
            columns_ < options_.classes) {
            call.invalid("boxes, scores and anchors disagree");
        }
        first_class_ = columns_ - options_.classes;
        decode(offsets, stride, anchors);
    }

    /// Boxes, classes, scores and their number; what is left over is 0.
    CpuResults run() {
        if (options_.by_class) {
            detect_by_class();
        } else {
            detect();
        }
        const std::size_t room = options_.detections * options_.classes_a_detection;
        std::vector<float> boxes(room * coordinates), classes(room), scores(room);
        for (std::size_t i = 0; i < found_.size(); ++i) {
            const std::size_t at = place(i);
            if (at >= room) break;
            std::copy_n(decoded_[found_[i].box].begin(), coordinates, &boxes[at * coordinates]);
            classes[at] = static_cast<float>(found_[i].label);
            scores[at] = found_[i].score;
        }
        const std::array number{static_cast<float>(detections_)};
        return {store_floats(boxes), store_floats(classes), store_floats(scores),
                store_floats(number)};
    }

private:
    struct Found {
        std::size_t box, label;
        float score;
    };

    void decode(const std::vector<float>& offsets, std::size_t stride,
                const std::vector<float>& anchors) {
        for (std::size_t i = 0; i < boxes_; ++i) {
            const float* const offset = &offsets[i * stride];
            const float* const anchor = &anchors[i * coordinates];
            Box box{};
            for (std::size_t axis = 0; axis < 2; ++axis) {
                // Both in double and stored in single precision, as the reference.
                const double extent = anchor[axis + 2];
                const auto centre = static_cast<float>(
                    double{offset[axis]} / double{options_.scale[axis]} * extent + anchor[axis]);
                const auto half = static_cast<float>(
                    0.5 * std::exp(double{offset[axis + 2]} / double{options_.scale[axis + 2]}) *
                    extent);
                box[axis] = centre - half;
                box[axis + 2] = centre + half;
            }
            decoded_.push_back(box);
        }
    }

    /// Where result `i` stands: each box has room for all the classes that the options ask for,
    /// also where there are fewer.
    [[nodiscard]] std::size_t place(std::size_t i) const {
        if (options_.by_class) return i;
        const std::size_t labels = std::min(options_.classes_a_detection, options_.classes);
        return i / labels * options_.classes_a_detection + i % labels;
    }

    /// Boxes by falling score, without those that overlap a better one.
    [[nodiscard]] std::vector<std::size_t> suppressed(const std::vector<float>& scores,
                                                      std::size_t most) const {
        std::vector<std::size_t> kept, result;
        std::vector<float> kept_scores;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (scores[i] < options_.least_score) continue;
            kept.push_back(i);
            kept_scores.push_back(scores[i]);
        }
        const auto order = descending(kept_scores, kept.size());
        std::vector<bool> gone(order.size(), false);
        for (std::size_t i = 0; i < order.size() && result.size() < most; ++i) {
            if (gone[i]) continue;
            const std::size_t box = kept[order[i]];
            result.push_back(box);
            for (std::size_t j = i + 1; j < order.size(); ++j) {
                gone[j] = gone[j] ||
                          overlap(decoded_[box], decoded_[kept[order[j]]]) > options_.most_overlap;
            }
        }
        return result;
    }

    /// All classes of a box stand or fall with its best one.
    void detect() {
        const std::size_t labels = std::min(options_.classes_a_detection, options_.classes);
        std::vector<float> best;
        std::vector<std::vector<std::size_t>> sorted;
        for (std::size_t i = 0; i < boxes_; ++i) {
            const auto row =
                std::span{scores_}.subspan(i * columns_ + first_class_, options_.classes);
            sorted.push_back(best_labels(row, labels));
            best.push_back(row[sorted.back().front()]);
        }
        for (const std::size_t box : suppressed(best, options_.detections)) {
            for (const std::size_t label : sorted[box]) {
                found_.push_back({box, label, scores_[box * columns_ + first_class_ + label]});
            }
            ++detections_;
        }
    }

    void detect_by_class() {
        for (std::size_t label = 0; label < options_.classes; ++label) {
            std::vector<float> scores;
            for (std::size_t i = 0; i < boxes_; ++i) {
                scores.push_back(scores_[i * columns_ + first_class_ + label]);
            }
            for (const std::size_t box : suppressed(scores, options_.detections_a_class)) {
                found_.push_back({box, label, scores[box]});
            }
            std::stable_sort(found_.begin(), found_.end(),
                             [](const Found& a, const Found& b) { return a.score > b.score; });
            found_.resize(std::min(found_.size(), options_.detections));
        }
        detections_ = found_.size();
    }

    Options options_;
    std::vector<float> scores_;
    std::size_t boxes_ = 0, columns_ = 0, first_class_ = 0, detections_ = 0;
    std::vector<Box> decoded_;
    std::vector<Found> found_;
};

}  // namespace

CpuResults cpu_detection(const CpuCall& call) { return Detector{call}.run(); }

}  // namespace u65sim::arith
