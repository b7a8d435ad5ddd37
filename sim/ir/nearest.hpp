// The known word a mistyped one was probably meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace u65sim::ir {

/// The candidate with the fewest letters to insert, delete or replace; empty without candidates.
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace u65sim::ir
