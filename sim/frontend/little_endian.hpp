// Numbers at a place of a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace u65sim::frontend {

/// The little-endian number of `sizeof(Value)` bytes at `at`, which must lie within.
template <class Value>
Value number_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    Value value = 0;
    for (std::size_t i = sizeof(Value); i-- > 0;) {
        value = static_cast<Value>(static_cast<std::uint64_t>(value) << 8 | bytes[at + i]);
    }
    return value;
}

}  // namespace u65sim::frontend
