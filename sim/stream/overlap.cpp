#include "stream/overlap.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace u65sim::stream {
namespace {

/// Runs of `length` bytes, repeated with two strides.
struct Lattice {
    std::int64_t length;
    std::int64_t count_a, stride_a;
    std::int64_t count_b, stride_b;
};

/// Two runs meet when some difference of their positions is shorter than a run.
bool meets_itself(Lattice runs) {
    runs.stride_a = std::abs(runs.stride_a);
    runs.stride_b = std::abs(runs.stride_b);
    if (runs.stride_a > runs.stride_b) {
        std::swap(runs.stride_a, runs.stride_b);
        std::swap(runs.count_a, runs.count_b);
    }
    if (runs.count_a > 1 && runs.stride_a < runs.length) return true;
    if (runs.count_b <= 1) return false;
    const std::int64_t span_of_a = (runs.count_a - 1) * runs.stride_a + runs.length;
    if (runs.stride_b >= span_of_a) return false;
    if (runs.count_a <= 1) return true;
    // Steps along b that stay within the span: the nearest steps back along a.
    const std::int64_t reach = std::min(runs.count_b - 1, span_of_a / runs.stride_b);
    for (std::int64_t step = 1; step <= reach; ++step) {
        const std::int64_t forward = step * runs.stride_b;
        const std::int64_t back = std::min(forward / runs.stride_a, runs.count_a - 1);
        if (forward - back * runs.stride_a < runs.length) return true;
        if (back + 1 < runs.count_a && (back + 1) * runs.stride_a - forward < runs.length) {
            return true;
        }
    }
    return false;
}

Lattice lattice_of(const FeatureMap& map, std::int64_t rows, std::int64_t columns) {
    const std::int64_t element = bytes_of(map.type);
    if (map.layout == Layout::nhwc) {
        return {map.depth * element, columns, map.stride_x, rows, map.stride_y};
    }
    // A row of bricks counts as one run.
    constexpr std::int64_t brick = 16;
    const std::int64_t last = std::min<std::int64_t>(map.depth, brick);
    return {((columns - 1) * brick + last) * element, (map.depth + brick - 1) / brick, map.stride_c,
            rows, map.stride_y};
}

}  // namespace

bool overlaps_itself(const FeatureMap& map) {
    const int left = std::min(map.width, map.width0);
    const int right = map.width - left;
    const auto tile = [&](std::int64_t rows, std::int64_t columns) {
        return rows > 0 && columns > 0 && meets_itself(lattice_of(map, rows, columns));
    };
    return tile(std::min(map.height, map.height0), left) ||
           tile(map.height - std::min(map.height, map.height0), left) ||
           tile(std::min(map.height, map.height1), right) ||
           tile(map.height - std::min(map.height, map.height1), right);
}

}  // namespace u65sim::stream
