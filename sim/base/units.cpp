#include <u65sim/units.hpp>

#include <numeric>

#include <fmt/format.h>

namespace u65sim {

void detail::throw_quantity_overflow(const char* operation, std::int64_t left, std::int64_t right) {
    throw QuantityOverflow(
        fmt::format("{} {} {}: the result leaves the range of 64 bits", left, operation, right));
}

BytesPerCycle::BytesPerCycle(std::int64_t numerator, std::int64_t denominator) {
    if (numerator < 0 || denominator <= 0) {
        throw std::invalid_argument(
            fmt::format("{}/{} bytes a cycle: must not be negative, nor divided by zero", numerator,
                        denominator));
    }
    const std::int64_t divisor = std::gcd(numerator, denominator);
    numerator_ = numerator / divisor;
    denominator_ = denominator / divisor;
}

Cycles operator/(Bytes bytes, BytesPerCycle rate) {
    if (rate.numerator() == 0) throw std::invalid_argument("bytes / rate: the rate is zero");
    const std::int64_t scaled = detail::checked_mul(bytes.count(), rate.denominator());
    const std::int64_t whole = scaled / rate.numerator();
    return Cycles{whole + (scaled % rate.numerator() > 0 ? 1 : 0)};
}

}  // namespace u65sim
