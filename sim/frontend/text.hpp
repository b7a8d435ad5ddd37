// Text out of files.
#pragma once

#include <string>
#include <string_view>

namespace u65sim::frontend {

/// The text with every control character and every byte that is not UTF-8 replaced by '?', so
/// that names can go into messages and reports.
std::string printable(std::string_view text);

}  // namespace u65sim::frontend
