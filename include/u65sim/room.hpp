// A network that a memory has no room for, as a page: what takes how much.
#pragma once

#include <string>
#include <string_view>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// One page that needs nothing else: what does not fit, by how much, and what is largest, bytes.
std::string does_not_fit_html(std::string_view network, const Target& target,
                              const DoesNotFit& error);

}  // namespace u65sim
