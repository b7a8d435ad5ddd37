// Sizes of SRAM that plans are made for.
#pragma once

#include <array>
#include <cstdint>

namespace u65sim::compiler {

/// Bytes, ascending. A target gets the plans of those that are not above it, and of its own size.
inline constexpr std::array<std::int64_t, 11> planned_sizes = {
    64 << 10,   128 << 10,  256 << 10,  384 << 10,  512 << 10, 768 << 10,
    1024 << 10, 1536 << 10, 2048 << 10, 3072 << 10, 4096 << 10};

}  // namespace u65sim::compiler
