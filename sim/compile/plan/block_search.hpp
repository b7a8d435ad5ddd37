// The output block that fetches least.
#pragma once

#include <optional>

#include <u65sim/target.hpp>

#include "compile/plan/block_cache.hpp"
#include "compile/plan/shram.hpp"

namespace u65sim::compiler {

/// The block with the fewest bytes fetched per output element; nothing when none fits. Found
/// blocks are kept in `cache`; safe from several threads.
std::optional<BlockShape> find_block(const ShramUser& user, const Accelerator& accelerator,
                                     const Architecture& arch, BlockCache& cache);

}  // namespace u65sim::compiler
