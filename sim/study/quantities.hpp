// Values as studies write them, as numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace u65sim::study {

/// "0.5", "384KiB" in bytes, "1GHz" in hertz, "15/4"; nothing for anything else.
std::optional<double> quantity(std::string_view text);
/// Equal as text or as numbers.
bool same_value(std::string_view left, std::string_view right);
/// A number in at most six digits, without an exponent where that is short: "0.25", "1.5e-05".
std::string number_text(double value);

}  // namespace u65sim::study
