// Attributes of an operator kind as they are made, for tests that walk the operator table.
#pragma once

#include <cstddef>
#include <utility>
#include <variant>

#include <u65sim/graph.hpp>

#include "ir/operator_info.hpp"

namespace u65sim::test {

template <std::size_t... Index>
Attributes attributes_alternative(std::size_t wanted, std::index_sequence<Index...>) {
    Attributes result;
    ((Index == wanted ? static_cast<void>(result.emplace<Index>()) : static_cast<void>(0)), ...);
    return result;
}

inline Attributes default_attributes(OpType type) {
    return attributes_alternative(ir::info(type).attributes,
                                  std::make_index_sequence<std::variant_size_v<Attributes>>{});
}

}  // namespace u65sim::test
