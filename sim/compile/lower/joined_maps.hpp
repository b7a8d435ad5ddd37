// Results that are parts of joined maps and are written elements apart: what that costs others.
#pragma once

#include <cstdint>
#include <string_view>

#include "compile/lower/lowering.hpp"

namespace u65sim::compiler {

/// Whether the operator's result, made of `from`, is a part of a joined map that has no room in the
/// SRAM beside `from`, and could lie in bricks but for elements that are written apart.
bool spoils_joined_map(Lowering& lowering, const View& from, const View& to);
/// What it takes to read that joined map, and to write and read its other parts.
std::int64_t cycles_of_others(Lowering& lowering);
/// A new map of the same elements.
View like(Lowering& lowering, const View& map, std::string_view suffix);

}  // namespace u65sim::compiler
