// SPACE_TO_DEPTH and DEPTH_TO_SPACE by convolutions whose filters pick one element each.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/lower/lowering.hpp"

namespace u65sim::compiler {

/// Both maps of the operator: a pixel of `deep` holds `block` rows of `block` pixels of `wide`.
/// Whole ones, of at most 16 bits.
struct BlockMaps {
    View deep, wide;
    std::int32_t block = 1;
    bool back = false;  ///< from `deep` to `wide`
};

/// How many pixels of the deep map may stand side by side as depth.
std::vector<std::int32_t> block_folds(const BlockMaps& maps);

/// The operations of one of these; how many they are.
int shuffle_blocks(Lowering& lowering, const BlockMaps& maps, std::int32_t fold);
/// Bytes of a filter's weights, almost all of which are zero, at most.
std::int64_t shuffle_bytes(const BlockMaps& maps, std::int32_t fold);

}  // namespace u65sim::compiler
