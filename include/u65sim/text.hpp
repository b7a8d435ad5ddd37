// Text out of files, made fit for a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace u65sim {

/// `text` with '?' in place of each byte that is not UTF-8 and of each character that a terminal
/// would act on instead of showing it: controls (C0 with line ends and tabs, DEL, C1), line and
/// paragraph separators, and what changes the direction of writing.
std::string printable(std::string_view text);

/// The same, but lines stay lines: line feeds and tabs are kept.
std::string printable_lines(std::string_view text);

/// The candidate that somebody who wrote `word` most likely meant; empty when none is near.
std::string nearest_of(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace u65sim
