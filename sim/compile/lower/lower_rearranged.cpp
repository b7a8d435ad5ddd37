// TILE, REVERSE_V2, MIRROR_PAD, SPACE_TO_DEPTH, DEPTH_TO_SPACE and STRIDED_SLICE with strides: a
// copy for each box of elements that stay together.
#include <algorithm>

#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/rearrange.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

namespace {

/// Every step-th row and column of a view, from a place on.
View stepped(Lowering& lowering, const View& view, const Place& at, const Extent& extent,
             std::int32_t step_y, std::int32_t step_x) {
    if (step_y == 1 && step_x == 1) return lowering.part(view, at.y, at.x, at.c, extent);
    View v = view;
    // The origin in elements: strides of their own do not place it.
    const std::int64_t origin =
        (std::int64_t{view.y + at.y} * view.storage.w + view.x + at.x) * view.storage.c + view.c +
        at.c;
    v.y = v.x = 0;
    v.c = static_cast<std::int32_t>(origin);
    v.extent = extent;
    v.stride_y = std::int64_t{view.storage.w} * view.storage.c * step_y;
    v.stride_x = std::int64_t{view.storage.c} * step_x;
    lowering.program().buffer(v).linear = true;
    return v;
}

}  // namespace

std::string support_rearranged(const Candidate& candidate) {
    if (auto text = candidate.same_type_and_scale(); !text.empty()) return text;
    if (!rearranged_pieces(candidate.graph(), candidate.op())) {
        return "its parameters are not constant, it takes more than 256 copies, or it mixes "
               "batches";
    }
    return {};
}

void lower_rearranged(Lowering& lowering) {
    const View ifm = lowering.input_view(0);
    const View result = lowering.output_view();
    const Shape& shape = lowering.output().shape;
    // A dropped axis leaves another extent than the boxes have.
    Extent whole = extent_of(shape);
    const auto pieces = *rearranged_pieces(*lowering.program().graph, lowering.op());
    if (lowering.op().type == OpType::strided_slice) {
        whole = {0, 0, 0};
        for (const Piece& piece : pieces) {
            whole.h = std::max(whole.h, piece.to.y + piece.extent.h);
            whole.w = std::max(whole.w, piece.to.x + piece.extent.w);
            whole.c = std::max(whole.c, piece.to.c + piece.extent.c);
        }
    }
    const View ofm = lowering.writable(result, whole);
    for (const Piece& piece : pieces) {
        lowering.copy(
            stepped(lowering, ifm, piece.from, piece.extent, piece.from_step_y, piece.from_step_x),
            stepped(lowering, ofm, piece.to, piece.extent, piece.to_step_y, piece.to_step_x), {});
    }
    lowering.place(ofm, result);
}

}  // namespace u65sim::compiler
