// Output blocks that were searched for.
#pragma once

#include <cstddef>
#include <utility>

#include "compile/bounded_cache.hpp"
#include "compile/plan/shram.hpp"

namespace u65sim::compiler {

/// An operation's use of the shared buffer, and the accelerator as a number.
using BlockKey = std::pair<ShramUser, int>;
struct BlockKeyHash {
    std::size_t operator()(const BlockKey& key) const;
};
using BlockCache = BoundedCache<BlockKey, BlockShape, BlockKeyHash>;

}  // namespace u65sim::compiler
