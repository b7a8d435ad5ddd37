// document.md.in as it was when the library was built.
#pragma once

#include <string_view>

namespace u65sim::blocks {

std::string_view document_texts();

}  // namespace u65sim::blocks
