// An operator's attributes as listings show them.
#pragma once

#include <string>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// " same stride=2x2 relu6": a space before each attribute that differs from its default.
std::string attribute_text(const Operator& op);

}  // namespace u65sim::ir
