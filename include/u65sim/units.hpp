// Quantities as types: a number of cycles cannot be added to a number of bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace u65sim {

/// Raised when a quantity leaves the range of a signed 64-bit integer: results that large are
/// meaningless, so the arithmetic refuses instead of wrapping.
class QuantityOverflow : public std::overflow_error {
public:
    using std::overflow_error::overflow_error;
};

namespace detail {
[[noreturn]] void throw_quantity_overflow(const char* operation, std::int64_t left,
                                          std::int64_t right);

constexpr std::int64_t checked_add(std::int64_t left, std::int64_t right) {
    std::int64_t result = 0;
    if (__builtin_add_overflow(left, right, &result)) throw_quantity_overflow("+", left, right);
    return result;
}
constexpr std::int64_t checked_sub(std::int64_t left, std::int64_t right) {
    std::int64_t result = 0;
    if (__builtin_sub_overflow(left, right, &result)) throw_quantity_overflow("-", left, right);
    return result;
}
constexpr std::int64_t checked_mul(std::int64_t left, std::int64_t right) {
    std::int64_t result = 0;
    if (__builtin_mul_overflow(left, right, &result)) throw_quantity_overflow("*", left, right);
    return result;
}
}  // namespace detail

/// A signed 64-bit count of one kind of thing. Explicit from integers, `.count()` to leave;
/// every operation that overflows throws QuantityOverflow.
template <class Kind>
class Quantity {
public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(std::int64_t count) : count_(count) {}

    [[nodiscard]] constexpr std::int64_t count() const { return count_; }

    constexpr Quantity& operator+=(Quantity other) {
        count_ = detail::checked_add(count_, other.count_);
        return *this;
    }
    constexpr Quantity& operator-=(Quantity other) {
        count_ = detail::checked_sub(count_, other.count_);
        return *this;
    }
    friend constexpr Quantity operator+(Quantity left, Quantity right) { return left += right; }
    friend constexpr Quantity operator-(Quantity left, Quantity right) { return left -= right; }
    friend constexpr Quantity operator*(Quantity left, std::int64_t factor) {
        return Quantity{detail::checked_mul(left.count_, factor)};
    }
    friend constexpr Quantity operator*(std::int64_t factor, Quantity right) {
        return right * factor;
    }
    friend constexpr auto operator<=>(Quantity, Quantity) = default;

private:
    std::int64_t count_ = 0;
};

using Cycles = Quantity<struct CyclesKind>;  ///< NPU clock cycles
using Bytes = Quantity<struct BytesKind>;    ///< bytes of memory or traffic
using Macs = Quantity<struct MacsKind>;      ///< multiply-accumulates the network needs
using Hertz = Quantity<struct HertzKind>;    ///< clock ticks a second

/// An exact rate in bytes a cycle, kept as a reduced fraction (3.75 is 15/4). Zero means none.
class BytesPerCycle {
public:
    constexpr BytesPerCycle() = default;
    /// Throws std::invalid_argument unless numerator >= 0 and denominator > 0.
    BytesPerCycle(std::int64_t numerator, std::int64_t denominator);

    [[nodiscard]] std::int64_t numerator() const { return numerator_; }
    [[nodiscard]] std::int64_t denominator() const { return denominator_; }
    [[nodiscard]] double value() const {
        return static_cast<double>(numerator_) / static_cast<double>(denominator_);
    }
    friend bool operator==(BytesPerCycle, BytesPerCycle) = default;

private:
    std::int64_t numerator_ = 0;
    std::int64_t denominator_ = 1;
};

/// Time to move `bytes` at `rate`, rounded up; throws std::invalid_argument when rate is zero.
Cycles operator/(Bytes bytes, BytesPerCycle rate);

inline namespace literals {
constexpr Bytes operator""_B(unsigned long long count) {
    return Bytes{static_cast<std::int64_t>(count)};
}
constexpr Bytes operator""_KiB(unsigned long long count) {
    return Bytes{static_cast<std::int64_t>(count)} * 1024;
}
constexpr Bytes operator""_MiB(unsigned long long count) {
    return Bytes{static_cast<std::int64_t>(count)} * (std::int64_t{1024} * 1024);
}
constexpr Cycles operator""_cycles(unsigned long long count) {
    return Cycles{static_cast<std::int64_t>(count)};
}
}  // namespace literals

}  // namespace u65sim
