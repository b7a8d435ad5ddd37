// TILE, REVERSE_V2, MIRROR_PAD, SPACE_TO_DEPTH, DEPTH_TO_SPACE and STRIDED_SLICE with strides: a
// copy for each box of elements that stay together.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

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

namespace {

/// Copies every box. How many operations they take.
int copy_boxes(Lowering& lowering, const View& ifm, const std::vector<Piece>& pieces,
               const View& ofm) {
    for (const Piece& piece : pieces) {
        const Place &from = piece.from, &to = piece.to;
        lowering.copy(
            lowering.stepped(ifm, from.y, from.x, from.c, piece.extent, piece.from_step_y,
                             piece.from_step_x),
            lowering.stepped(ofm, to.y, to.x, to.c, piece.extent, piece.to_step_y, piece.to_step_x),
            {});
    }
    return static_cast<int>(pieces.size());
}

/// The bytes of a map as a plane of many channels, which is copied in long runs.
Extent as_plane(const Extent& extent) {
    std::int32_t depth = 128;
    while (extent.elements() % depth != 0) depth /= 2;
    return plane_of(extent.elements() / depth, depth);
}

/// Copies the boxes to a map of the fast memory, and that one as a whole. How many operations.
int copy_by_way_of_sram(Lowering& lowering, const View& ifm, const std::vector<Piece>& pieces,
                        const View& ofm) {
    View near = lowering.temporary(ofm.extent, ofm.type, "near");
    near.zero_point = ofm.zero_point;
    near.scale = ofm.scale;
    const int count = copy_boxes(lowering, ifm, pieces, near);
    const Extent plane = as_plane(ofm.extent);
    lowering.copy(lowering.reshaped(near, plane), lowering.reshaped(ofm, plane), "out");
    return count + 1;
}

/// Whether boxes come sooner to a map that stays off-chip by way of the fast memory.
bool pays_by_way_of_sram(Lowering& lowering, const View& ifm, const std::vector<Piece>& pieces,
                         const View& ofm) {
    Program& program = lowering.program();
    if (!program.spilling() || program.options.like_vela || !program.buffer(ofm).pinned ||
        !ofm.whole()) {
        return false;
    }
    const std::size_t buffers = program.buffers.size();
    const std::int64_t straight = cycles_of_last(lowering, copy_boxes(lowering, ifm, pieces, ofm));
    const std::int64_t around =
        cycles_of_last(lowering, copy_by_way_of_sram(lowering, ifm, pieces, ofm));
    program.buffers.resize(buffers);
    program.reasons.push_back(fmt::format("{}: {} cycles straight off-chip, {} by way of the SRAM",
                                          lowering.op().name, straight, around));
    return around < straight;
}

}  // namespace

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
    if (pays_by_way_of_sram(lowering, ifm, pieces, ofm)) {
        copy_by_way_of_sram(lowering, ifm, pieces, ofm);
    } else {
        copy_boxes(lowering, ifm, pieces, ofm);
    }
    lowering.place(ofm, result);
}

}  // namespace u65sim::compiler
