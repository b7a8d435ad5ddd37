// Where in a text something stands.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace u65sim {

/// "file:line:column" of a place that counts from 0, as people count.
inline std::string place_in(std::string_view file, int line, int column) {
    return fmt::format("{}:{}:{}", file, line + 1, column + 1);
}

}  // namespace u65sim
