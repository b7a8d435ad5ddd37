// Filters stored in another way than the graph has them, for kernels that read their input so.
#pragma once

#include <cstdint>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// A filter for an input whose `fold` neighbouring columns have become depth: `lead` columns of
/// zeros, the stored ones, and zeros up to a multiple of the fold.
WeightSource folded_filters(const Tensor& filter, std::int32_t fold, std::int32_t lead);

/// Filters in `groups` groups of channels for kernels that have `joined` groups each, the first of
/// them beginning at group `first`: zeros for the channels of other groups. `by_channels`: stored
/// as 1HWO, a group being a channel.
WeightSource joined_filters(const Tensor& filter, bool by_channels, std::int32_t groups,
                            std::int32_t first, std::int32_t joined);

}  // namespace u65sim::compiler
