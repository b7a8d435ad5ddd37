#include "bound/axis.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace u65sim::bound {

namespace {

template <class Meet>
void for_each_pair(const Axis& axis, const Range& outputs, const Meet& meet) {
    for (std::int64_t out = outputs.begin; out < outputs.end; out += outputs.step) {
        for (std::int64_t k = 0; k < axis.kernel; ++k) {
            const std::int64_t at = out * axis.stride - axis.pad + k * axis.dilation;
            if (at >= 0 && at < axis.input) meet(static_cast<std::size_t>(at));
        }
    }
}

}  // namespace

std::int64_t pairs(const Axis& axis, const Range& outputs) {
    std::int64_t count = 0;
    for_each_pair(axis, outputs, [&](std::size_t) { ++count; });
    return count;
}

Range needed_inputs(const Axis& axis, const Range& outputs) {
    std::vector<bool> met(static_cast<std::size_t>(axis.input));
    for_each_pair(axis, outputs, [&](std::size_t at) { met[at] = true; });
    const auto first = std::find(met.begin(), met.end(), true);
    if (first == met.end()) return {};
    const auto last = std::find(met.rbegin(), met.rend(), true).base();
    const auto second = std::find(first + 1, last, true);
    Range range{static_cast<std::int32_t>(first - met.begin()),
                static_cast<std::int32_t>(last - met.begin()),
                second == last ? 1 : static_cast<std::int32_t>(second - first)};
    return std::count(first, last, true) == range.size() &&
                   (range.end - 1 - range.begin) % range.step == 0
               ? range
               : Range{};
}

std::int32_t same_padding(const Axis& axis) {
    const std::int32_t span = (axis.kernel - 1) * axis.dilation + 1;
    return std::max(0, (axis.output - 1) * axis.stride + span - axis.input) / 2;
}

}  // namespace u65sim::bound
