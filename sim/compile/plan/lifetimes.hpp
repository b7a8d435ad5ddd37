// How buffers are laid out, and when they are alive.
#pragma once

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Channels of a brick: depths of blocks are multiples of it, unless the map is shallower.
inline constexpr std::int32_t brick_channels = 16;

/// Whether a view sees a buffer so that this must stay NHWC.
bool must_be_linear(const View& view, const Buffer& buffer);
/// Bricks of 16 channels or rows for every map, and what it takes.
void choose_layouts(Program& program);
/// First and last use of every buffer, in positions of the execution order.
void find_lifetimes(Program& program);

}  // namespace u65sim::compiler
