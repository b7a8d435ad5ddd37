// docs/operators.md as it was when the library was built.
#pragma once

#include <string_view>

namespace u65sim::compile {

std::string_view operator_page();

}  // namespace u65sim::compile
