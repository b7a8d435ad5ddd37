#include "bound/axis.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace u65sim::bound {

namespace {

template <class Meet>
void for_each_pair(const Axis& axis, const Range& outputs, const Meet& meet) {
    for (std::int32_t out = outputs.begin; out < outputs.end; ++out) {
        if (!outputs.has(out)) continue;
        for (std::int64_t k = 0; k < axis.kernel; ++k) {
            const std::int64_t at = std::int64_t{out} * axis.stride - axis.pad + k * axis.dilation;
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
    if (outputs.step == 1 && outputs.size() > 0 && axis.dilation == 1 &&
        axis.stride <= axis.kernel) {  // windows touch each other
        const Range range{
            std::max(0, outputs.begin * axis.stride - axis.pad),
            std::min(axis.input, (outputs.end - 1) * axis.stride - axis.pad + axis.kernel)};
        return range.size() > 0 ? range : Range{};
    }
    std::vector<bool> met(static_cast<std::size_t>(axis.input));
    for_each_pair(axis, outputs, [&](std::size_t at) { met[at] = true; });
    const auto place = [&](auto at) { return static_cast<std::int32_t>(at - met.begin()); };
    const std::int32_t end = place(std::find(met.rbegin(), met.rend(), true).base());
    auto begin = std::find(met.begin(), met.end(), true);
    // Padding may cut the first run short: if so the second one tells how they lie.
    for (int attempt = 0; attempt < 2 && begin != met.end(); ++attempt) {
        const auto gap = std::find(begin, met.end(), false);
        const auto next = std::find(gap, met.end(), true);
        Range range{place(begin), end, 1, 1};
        if (next != met.end())
            range = {place(begin), end, place(next) - place(begin), place(gap) - place(begin)};
        bool is_even = true;
        for (std::int32_t at = range.begin; at < end; ++at) {
            is_even = is_even && range.has(at) == met[static_cast<std::size_t>(at)];
        }
        if (is_even) return range;
        begin = next;
    }
    return {};
}

std::int32_t same_padding(const Axis& axis) {
    const std::int32_t span = (axis.kernel - 1) * axis.dilation + 1;
    return std::max(0, (axis.output - 1) * axis.stride + span - axis.input) / 2;
}

}  // namespace u65sim::bound
