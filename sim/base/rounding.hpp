// Whole numbers rounded to multiples.
#pragma once

#include <cstdint>

namespace u65sim {

/// value / by, rounded up; `value` at least zero, `by` above it.
constexpr std::int64_t ceil_div(std::int64_t value, std::int64_t by) {
    return (value + by - 1) / by;
}
/// The smallest multiple of `step` that is not below `value`.
constexpr std::int64_t round_up(std::int64_t value, std::int64_t step) {
    return ceil_div(value, step) * step;
}

}  // namespace u65sim
