// Operators that put elements elsewhere, as boxes that copies can move.
#pragma once

#include <optional>
#include <vector>

#include "compile/lower/operators.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// A position in a map of rows (batches below each other), columns and depth.
struct Place {
    std::int32_t y = 0, x = 0, c = 0;
};

/// A box of `extent` elements, every `step`th row and column of where it is read and written.
struct Piece {
    Place from, to;
    Extent extent;
    std::int32_t from_step_y = 1, from_step_x = 1;
    std::int32_t to_step_y = 1, to_step_x = 1;
};

/// What TILE, REVERSE_V2, MIRROR_PAD, STRIDED_SLICE with strides, SPACE_TO_DEPTH or DEPTH_TO_SPACE
/// copies. Empty when its parameters are not constant, it takes more than 256 copies, or mixes rows
/// of several batches.
std::optional<std::vector<Piece>> rearranged_pieces(const Graph& graph, const Operator& op);

/// The same of SPACE_TO_DEPTH or DEPTH_TO_SPACE (`back`) where its map of many positions, of extent
/// `wide`, has its bytes in a row: a block's columns lie side by side, as depth, and each of its
/// rows is one copy.
struct BlockRows {
    Extent wide;  ///< what that map is seen as
    std::vector<Piece> pieces;
};
BlockRows block_rows(const Extent& wide, std::int32_t block, bool back);

}  // namespace u65sim::compiler
