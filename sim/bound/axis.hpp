// One axis of a window that slides over a map: which inputs meet which outputs.
#pragma once

#include <cstdint>

namespace u65sim::bound {

struct Axis {
    std::int32_t input = 1, output = 1;
    std::int32_t kernel = 1, stride = 1, dilation = 1;
    std::int32_t pad = 0;  ///< before the first input
};

/// Places from `begin` on and in front of `end`: of every `step` the first `run`.
struct Range {
    std::int32_t begin = 0, end = 0, step = 1, run = 1;
    [[nodiscard]] bool has(std::int32_t place) const {
        return place >= begin && place < end && (place - begin) % step < run;
    }
    [[nodiscard]] std::int64_t size() const {
        if (end <= begin) return 0;
        const std::int32_t rest = (end - begin) % step;
        return std::int64_t{(end - begin) / step} * run + (rest < run ? rest : run);
    }
    bool operator==(const Range&) const = default;
};

/// Pairs of one of these outputs and a kernel element that lies on an input, not on padding.
std::int64_t pairs(const Axis& axis, const Range& outputs);
/// Inputs that these outputs need: all if they lie evenly, the first ones of a padded map aside;
/// else none.
Range needed_inputs(const Axis& axis, const Range& outputs);
/// Padding in front of the map where it is as TensorFlow Lite's SAME.
std::int32_t same_padding(const Axis& axis);

}  // namespace u65sim::bound
