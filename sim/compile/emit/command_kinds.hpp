// What the commands of a stream that somebody else made are called.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "stream/operation.hpp"

namespace u65sim::compiler {

/// Name of the command and TensorFlow Lite's nearest word for what it does.
using CommandKind = std::pair<std::string_view, std::string>;
CommandKind kind_of(const stream::KernelOp& op);

}  // namespace u65sim::compiler
