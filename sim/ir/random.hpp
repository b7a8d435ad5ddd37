// Random numbers that are the same on every platform: integer arithmetic only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace u65sim::ir {

/// xoshiro256** (Blackman and Vigna), seeded by splitmix64.
class Random {
public:
    explicit Random(std::uint64_t seed);
    /// An independent stream for a named purpose.
    Random(std::uint64_t seed, std::string_view purpose);

    std::uint64_t next();
    /// Standard normal, times 65536.
    std::int32_t gaussian();
    /// As many of them as there is room for.
    void gaussian(std::span<std::int32_t> numbers);
    /// Between 0 (included) and 1 (not).
    double uniform();

private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace u65sim::ir
