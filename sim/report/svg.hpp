// What every drawing of ours shares: escaped text, colours and marks that all readers can tell
// apart, and round numbers for axes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace u65sim::report {

/// Text for XML and HTML: & < > " as entities.
std::string escaped(std::string_view text);

/// A colour of the Okabe-Ito palette, which colour-blind readers can tell apart; comes around.
std::string_view series_colour(std::size_t index);
/// An SVG path around 0,0 of about ten units: circle, square, triangle, diamond ...; comes around.
std::string_view series_mark(std::size_t index);

/// Round positions from `low` to `high` or a little beyond, about `wanted` of them: steps of 1, 2
/// or 5 times a power of ten.
std::vector<double> round_ticks(double low, double high, int wanted);
/// Around the interval, for a logarithmic axis: powers of ten and in short intervals 2 and 5 times
/// them, or with `binary` powers of two. Both ends above zero.
std::vector<double> log_ticks(double low, double high, bool binary);

/// A number for an axis: "0.25", "1.5 M" for 1,500,000.
std::string tick_text(double value);

}  // namespace u65sim::report
