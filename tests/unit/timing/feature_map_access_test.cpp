// What boxes of maps cost on a port, against a count of their runs one by one.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "timing/block_boxes.hpp"
#include "timing/feature_map_access.hpp"

#include "kernels.hpp"

using namespace timing_test;
using stream::FeatureMap;
using stream::Layout;
using timing::Access;
using timing::Box;
using timing::BusShape;

namespace {

class Draw {
public:
    int operator()(int low, int high) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return low + static_cast<int>((state_ >> 33) % static_cast<std::uint64_t>(high - low + 1));
    }

private:
    std::uint64_t state_ = 7;
};

/// A map in one of both layouts, its rows, columns and slices anywhere; often cut into tiles.
FeatureMap drawn_map(Draw& draw) {
    FeatureMap map;
    map.layout = draw(0, 1) == 0 ? Layout::nhwc : Layout::nhcwb16;
    map.type = draw(0, 1) == 0 ? stream::DataType::s8 : stream::DataType::s16;
    map.height = draw(1, 40);
    map.width = draw(1, 40);
    map.depth = draw(1, 70);
    const std::int64_t element = bytes_of(map.type);
    map.stride_x = draw(0, 2) == 0 ? element * map.depth : draw(1, 300);
    map.stride_y = draw(0, 2) == 0 ? map.stride_x * map.width : draw(1, 5000);
    map.stride_c = draw(1, 5000);
    if (draw(0, 2) == 0) map.stride_c = map.stride_y = std::int64_t{16} * draw(1, 100);
    for (std::uint64_t& base : map.base) base = static_cast<std::uint64_t>(draw(0, 100000));
    if (draw(0, 3) == 0) {
        map.width0 = draw(1, 40);
        map.height0 = draw(1, 40);
        map.height1 = draw(1, 40);
    }
    return map;
}

Box drawn_box(Draw& draw, const FeatureMap& map) {
    Box box{draw(0, map.height - 1), draw(0, map.width - 1), draw(0, map.depth - 1), 0, 0, 0};
    box.height = draw(1, map.height - box.y);
    box.width = draw(1, map.width - box.x);
    box.depth = draw(1, map.depth - box.z);
    return box;
}

BusShape drawn_bus(Draw& draw) {
    const std::int64_t beat = draw(0, 1) == 0 ? 8 : 16;
    return {beat, beat << draw(0, 5)};
}

/// Splits at every edge of a tile; then counts row by row, and pixel by pixel where a run ends
/// with each.
Access counted(FeatureMap map, const Box& box, const BusShape& bus) {
    for (int* split : {&map.width0, &map.height0, &map.height1}) {
        if (*split == 0) *split = std::numeric_limits<int>::max();
    }
    Access total;
    const auto add = [&](int y, int x, int z, std::int64_t bytes) {
        total += run_access(map.address(y, x, z), bytes, bus);
    };
    const std::int64_t element = bytes_of(map.type);
    const int end = box.x + box.width;
    const int middle = map.width0 > 0 ? std::clamp(map.width0, box.x, end) : end;
    for (int y = box.y; y < box.y + box.height; ++y) {
        for (const auto& [from, to] : {std::pair{box.x, middle}, std::pair{middle, end}}) {
            if (from == to) continue;
            if (map.layout == Layout::nhcwb16) {
                for (int z = box.z / 16 * 16; z < box.z + box.depth; z += 16) {
                    add(y, from, z, 16 * element * (to - from));
                }
            } else if (map.stride_x == element * box.depth) {
                add(y, from, box.z, map.stride_x * (to - from));
            } else {
                for (int x = from; x < to; ++x) add(y, x, box.z, element * box.depth);
            }
        }
    }
    return total;
}

}  // namespace

TEST_CASE("boxes of whatever layout cost what their runs do, counted one by one") {
    Draw draw;
    for (int i = 0; i < 4000; ++i) {
        const FeatureMap map = drawn_map(draw);
        const Box box = drawn_box(draw, map);
        const BusShape bus = drawn_bus(draw);
        CAPTURE(i, map.stride_y, map.stride_x, map.stride_c, bus.burst_bytes);
        REQUIRE(box_access(map, box, bus) == counted(map, box, bus));
    }
}

TEST_CASE("repeated boxes cost what each of them does") {
    Draw draw;
    for (int i = 0; i < 2000; ++i) {
        const FeatureMap map = drawn_map(draw);
        Box box = drawn_box(draw, map);
        if (draw(0, 3) > 0) box.height = 1;
        const BusShape bus = drawn_bus(draw);
        const int times = draw(1, 30);
        const int step = draw(0, 20);
        Access all;
        for (int k = 0; k < times; ++k) {
            Box moved = box;
            moved.x += k * step;
            all += box_access(map, moved, bus);
        }
        CAPTURE(i, times, step);
        REQUIRE(repeated_access(map, box, times, step, bus) == all);
    }
}

TEST_CASE("the boxes of all blocks are grouped without loss") {
    Draw draw;
    int grouped = 0;
    for (int i = 0; i < 1000; ++i) {
        KernelOp op = convolution(draw(1, 5), 0);
        op.ofm.height = draw(1, 60);
        op.ofm.width = draw(1, 60);
        op.block = {draw(1, 6), draw(1, 6), 16};
        op.kernel.stride_y = draw(1, 3);
        op.kernel.stride_x = draw(1, 3);
        op.pad.top = draw(0, 4);
        op.pad.left = draw(0, 4);
        op.ifm.height = draw(1, 100);
        op.ifm.width = draw(1, 100);
        if (draw(0, 2) == 0) op.upscale = stream::Upscale::nearest;
        const timing::Traversal traversal{op, architecture(Accelerator{})};
        const auto box_of = [&](const Box& block) {
            return traversal.ifm_box(block, 0, traversal.sub_kernel(0));
        };
        const auto boxes = timing::block_boxes(traversal, op.ifm.height, op.ifm.width, box_of);
        std::int64_t rows = 0;
        for (int y = 0; y < traversal.blocks_y(); ++y) {
            rows += box_of(traversal.block(y, 0, 0)).height;
        }
        REQUIRE(boxes.rows == rows);
        std::vector<std::pair<int, int>> want;
        std::vector<std::pair<int, int>> found;
        for (int x = 0; x < traversal.blocks_x(); ++x) {
            const Box box = box_of(traversal.block(0, x, 0));
            want.emplace_back(box.x, box.width);
        }
        for (const auto& [box, times, step] : boxes.columns) {
            if (times > 1) ++grouped;
            for (int k = 0; k < times; ++k) {
                found.emplace_back(box.x + k * static_cast<int>(step), box.width);
            }
        }
        std::sort(found.begin(), found.end());
        std::sort(want.begin(), want.end());
        CAPTURE(i);
        REQUIRE(found == want);
    }
    CHECK(grouped > 100);
}
