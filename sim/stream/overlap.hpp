// Whether a feature map's strides give two of its elements one address.
#pragma once

#include "stream/operation.hpp"

namespace u65sim::stream {

/// Looks at each tile on its own: two tiles may lie anywhere. Extents must be positive.
bool overlaps_itself(const FeatureMap& map);

}  // namespace u65sim::stream
