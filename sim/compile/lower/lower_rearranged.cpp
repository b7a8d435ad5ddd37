// TILE, REVERSE_V2, MIRROR_PAD, SPACE_TO_DEPTH, DEPTH_TO_SPACE and STRIDED_SLICE with strides: a
// copy for each box of elements that stay together.
#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "compile/lower/block_shuffle.hpp"
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

/// A form of the operator: adds its operations, and says how many they are.
struct Form {
    std::string name;
    std::function<int()> add;
    std::int64_t weights = 0;  ///< bytes of each operation
};

/// Adds the form that is predicted to be fastest.
void add_fastest(Lowering& lowering, const View& ifm, const View& ofm,
                 const std::vector<Form>& forms) {
    Program& program = lowering.program();
    const Form* best = &forms.front();
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::string text;
    for (const Form& form : forms) {
        if (forms.size() == 1) break;
        const std::size_t buffers = program.buffers.size();
        const bool linear[] = {program.buffer(ifm).linear, program.buffer(ofm).linear};
        const std::int64_t cycles = cycles_of_last(lowering, form.add(), form.weights);
        program.buffers.resize(buffers);
        program.buffer(ifm).linear = linear[0];
        program.buffer(ofm).linear = linear[1];
        text += fmt::format("{}{} cycles {}", text.empty() ? "" : ", ", cycles, form.name);
        if (cycles >= least) continue;
        least = cycles;
        best = &form;
    }
    if (!text.empty()) program.reasons.push_back(lowering.op().name + ": " + text);
    best->add();
}

/// Copies straight to a map, or also by way of the fast memory to one that stays off-chip.
std::vector<Form> forms_of_copies(Lowering& lowering, const View& ifm,
                                  const std::vector<Piece>& pieces, const View& ofm) {
    std::vector<Form> forms{
        {"straight", [&, ifm, ofm, pieces] { return copy_boxes(lowering, ifm, pieces, ofm); }}};
    const Program& program = lowering.program();
    if (!program.spilling() || program.options.like_vela || !program.buffer(ofm).pinned ||
        !ofm.whole()) {
        return forms;
    }
    forms.front().name = "straight off-chip";
    forms.push_back({"by way of the SRAM", [&, ifm, ofm, pieces] {
                         return copy_by_way_of_sram(lowering, ifm, pieces, ofm);
                     }});
    return forms;
}

/// SPACE_TO_DEPTH and DEPTH_TO_SPACE by rows of their blocks, or by weights. False where the map of
/// many positions is a part of another one.
bool lower_blocks(Lowering& lowering) {
    const auto* attributes = std::get_if<BlockAttributes>(&lowering.op().attributes);
    if (attributes == nullptr) return false;
    const bool back = lowering.op().type == OpType::depth_to_space;
    View ifm = lowering.input_view(0), ofm = lowering.output_view();
    const BlockMaps maps{back ? ifm : ofm, back ? ofm : ifm, attributes->block_size, back};
    if (!maps.wide.whole()) return false;
    const BlockRows rows = block_rows(maps.wide.extent, maps.block, back);
    View& wide = back ? ofm : ifm;
    wide = lowering.reshaped(wide, rows.wide);
    auto forms = forms_of_copies(lowering, ifm, rows.pieces, ofm);
    if (!lowering.program().options.like_vela) {
        for (const std::int32_t fold : block_folds(maps)) {
            forms.push_back({fmt::format("by weights for {} pixels", fold),
                             [&, fold] { return shuffle_blocks(lowering, maps, fold); },
                             shuffle_bytes(maps, fold)});
        }
    }
    add_fastest(lowering, ifm, ofm, forms);
    return true;
}

}  // namespace

void lower_rearranged(Lowering& lowering) {
    if (lower_blocks(lowering)) return;
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
    add_fastest(lowering, ifm, ofm, forms_of_copies(lowering, ifm, pieces, ofm));
    lowering.place(ofm, result);
}

}  // namespace u65sim::compiler
