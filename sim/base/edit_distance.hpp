// How far a mistyped word is from a known one.
#pragma once

#include <cstddef>
#include <string_view>

namespace u65sim {

/// Letters to insert, delete or replace to turn one word into the other.
std::size_t edit_distance(std::string_view left, std::string_view right);

}  // namespace u65sim
