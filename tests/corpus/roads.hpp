// What the library does with any input, from its bytes to the last report: an answer, or one of
// its own errors.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace u65sim::corpus {

/// How far an input came.
enum class Outcome : std::uint8_t { refused, too_large, not_executed, answered };

/// A network in a file of any format but YAML, compiled or not: read, verify, print, compile or
/// import, simulate, report, and execute with checks where that is quick. What is thrown that is
/// not an Error of the library, is thrown on.
Outcome take_model(const std::vector<std::uint8_t>& bytes);
/// A YAML text as a graph, a target and a study: each takes it or refuses it.
Outcome take_text(std::string_view text);

}  // namespace u65sim::corpus
