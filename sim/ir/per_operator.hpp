// What a layer has for each operator kind, in tables that do not compile when one is missing.
#pragma once

#include <array>
#include <cstddef>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// One kind's entry in a layer's table.
template <class Entry>
struct ForOperator {
    OpType type = OpType::other;
    Entry entry{};
};

/// Entries at the kinds' numbers.
template <class Entry>
struct PerOperator {
    std::array<Entry, op_type_count> entries{};
    constexpr const Entry& operator[](OpType type) const {
        return entries.at(static_cast<std::size_t>(type));
    }
};

/// The entries of all kinds, in any order. Does not compile unless each kind stands in `rows` once.
template <class Entry, std::size_t Count>
consteval PerOperator<Entry> per_operator(const ForOperator<Entry> (&rows)[Count]) {
    PerOperator<Entry> table;
    std::array<bool, op_type_count> has{};
    for (const ForOperator<Entry>& row : rows) {
        const auto number = static_cast<std::size_t>(row.type);
        if (has.at(number)) throw "an operator kind stands in this table twice";
        has.at(number) = true;
        table.entries.at(number) = row.entry;
    }
    for (const bool is_there : has) {
        if (!is_there) throw "an operator kind is missing in this table";
    }
    return table;
}

}  // namespace u65sim::ir
