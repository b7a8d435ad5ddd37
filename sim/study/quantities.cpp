#include "study/quantities.hpp"

#include <fmt/format.h>

#include "target/quantity_text.hpp"

namespace u65sim::study {

std::optional<double> quantity(std::string_view text) {
    if (const auto real = text::parse_real(text)) return *real;
    if (const auto bytes = text::parse_bytes(text)) return static_cast<double>(bytes->count());
    if (const auto clock = text::parse_hertz(text)) return static_cast<double>(clock->count());
    if (const auto rate = text::parse_rate(text)) return rate->value();
    return std::nullopt;
}

bool same_value(std::string_view left, std::string_view right) {
    if (left == right) return true;
    const auto a = quantity(left);
    const auto b = quantity(right);
    return a && b && *a == *b;
}

std::string number_text(double value) { return fmt::format("{:.6g}", value); }

}  // namespace u65sim::study
