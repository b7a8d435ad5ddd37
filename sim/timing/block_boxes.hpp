// Which boxes of a feature map all blocks of an operation take together, in few groups.
#pragma once

#include <cstdint>
#include <vector>

#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Boxes of columns of blocks, alike but for their place: `times` boxes, each `step` columns on.
struct BoxGroup {
    Box box;
    std::int64_t times = 1, step = 0;
};

/// What all blocks take of one feature map, whatever their depth. Rows and columns of blocks are
/// independent of each other, so one row of blocks stands for all.
struct BlockBoxes {
    std::int64_t rows = 0;          ///< of the boxes in one column of blocks, all together
    std::vector<BoxGroup> columns;  ///< the boxes of a row of blocks, each one row high
};

/// Calls visit(first, count, times, step) for groups of equal spans of one axis. `span_of(block)`
/// is {first, count} of a block's span: it moves evenly while it touches neither end of the map,
/// that is [0, limit).
template <class SpanOf, class Visit>
void for_each_span(int blocks, int limit, const SpanOf& span_of, const Visit& visit) {
    const auto one = [&](int block) {
        const auto [first, count] = span_of(block);
        visit(first, count, std::int64_t{1}, 0);
    };
    int begin = 0;
    while (begin < blocks && span_of(begin).first <= 0) one(begin++);
    int end = blocks;
    while (end > begin && span_of(end - 1).first + span_of(end - 1).count >= limit) one(--end);
    if (end - begin < 3) {
        while (begin < end) one(begin++);
        return;
    }
    const auto [first, count] = span_of(begin);
    const int step = span_of(begin + 1).first - first;
    const auto [last, last_count] = span_of(end - 1);
    if (last - first == step * (end - 1 - begin) && last_count == count) {
        visit(first, count, std::int64_t{end - begin}, step);
        return;
    }
    while (begin < end) one(begin++);  // spans of every second block: of an upscaled map
}

/// `box_of(block)` is the box of an OFM block; its rows depend on the block's alone, its columns
/// as well. `height` and `width` are the map's.
template <class BoxOf>
BlockBoxes block_boxes(const Traversal& traversal, int height, int width, const BoxOf& box_of) {
    struct Span {
        int first = 0, count = 0;
    };
    BlockBoxes result;
    for_each_span(
        traversal.blocks_y(), height,
        [&](int block) {
            const Box box = box_of(traversal.block(block, 0, 0));
            return Span{box.y, box.height};
        },
        [&](int, int count, std::int64_t times, int) { result.rows += count * times; });
    Box row = box_of(traversal.block(0, 0, 0));
    row.height = 1;
    for_each_span(
        traversal.blocks_x(), width,
        [&](int block) {
            const Box box = box_of(traversal.block(0, block, 0));
            return Span{box.x, box.width};
        },
        [&](int first, int count, std::int64_t times, int step) {
            row.x = first;
            row.width = count;
            result.columns.push_back({row, times, step});
        });
    return result;
}

/// Sum of cost(group) over all of them, with the channels of `depth`.
template <class Cost>
auto cost_of(const BlockBoxes& boxes, const Box& depth, const Cost& cost) {
    decltype(cost(BoxGroup{})) sum{};
    for (BoxGroup group : boxes.columns) {
        group.box.z = depth.z;
        group.box.depth = depth.depth;
        sum += cost(group);
    }
    return sum * boxes.rows;
}

}  // namespace u65sim::timing
