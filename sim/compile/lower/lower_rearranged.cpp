// TILE, REVERSE_V2, MIRROR_PAD, SPACE_TO_DEPTH, DEPTH_TO_SPACE and STRIDED_SLICE with strides: a
// copy for each box of elements that stay together.
#include <algorithm>

#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/rearrange.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

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
        const Place &from = piece.from, &to = piece.to;
        lowering.copy(
            lowering.stepped(ifm, from.y, from.x, from.c, piece.extent, piece.from_step_y,
                             piece.from_step_x),
            lowering.stepped(ofm, to.y, to.x, to.c, piece.extent, piece.to_step_y, piece.to_step_x),
            {});
    }
    lowering.place(ofm, result);
}

}  // namespace u65sim::compiler
