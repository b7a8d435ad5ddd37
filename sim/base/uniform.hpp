// Long lists of one value, as scales and zero points of channels often are.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

namespace u65sim {

/// Whether all values have the same bits.
template <class Value>
bool is_uniform(const std::vector<Value>& values) {
    static_assert(std::is_arithmetic_v<Value>);
    return values.size() < 2 ||
           std::memcmp(values.data(), values.data() + 1, (values.size() - 1) * sizeof(Value)) == 0;
}

/// How many of the first values hold all that there are: one of a uniform list.
template <class Value>
std::size_t distinct_prefix(const std::vector<Value>& values) {
    return !values.empty() && is_uniform(values) ? 1 : values.size();
}

}  // namespace u65sim
