#include "report/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace u65sim::report {
namespace {

constexpr std::array<std::string_view, 7> colours{"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                  "#E69F00", "#56B4E9", "#8a8a8a"};
constexpr std::array<std::string_view, 5> marks{"M-4.5,0a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0z",
                                                "M-4,-4h8v8h-8z", "M0,-5L5,4H-5z",
                                                "M0,-5.5L5.5,0L0,5.5L-5.5,0z", "M-5,-4H5L0,5z"};

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string_view series_colour(std::size_t index) { return colours[index % colours.size()]; }

std::string_view series_mark(std::size_t index) { return marks[index % marks.size()]; }

std::vector<double> round_ticks(double low, double high, int wanted) {
    if (!(high > low)) {
        const double around = low == 0.0 ? 1.0 : std::abs(low) / 2;
        return round_ticks(low - around, low + around, wanted);
    }
    const double rough = (high - low) / std::max(wanted, 1);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough) {
            step = factor * power;
            break;
        }
    }
    std::vector<double> ticks;
    const auto first = static_cast<long long>(std::floor(low / step + 1e-9));
    const auto last = static_cast<long long>(std::ceil(high / step - 1e-9));
    for (long long at = first; at <= last; ++at) ticks.push_back(static_cast<double>(at) * step);
    return ticks;
}

std::vector<double> log_ticks(double low, double high, bool binary) {
    const bool is_short = high / low < 200;
    const double base = binary && is_short ? 2.0 : 10.0;
    const std::vector<double> factors =
        binary || !is_short ? std::vector{1.0} : std::vector{1.0, 2.0, 5.0};
    const auto power = static_cast<int>(std::floor(std::log(low) / std::log(base) + 1e-9));
    std::vector<double> ticks;
    for (int at = power; ticks.size() < 2 || ticks.back() < high * (1 - 1e-9); ++at) {
        for (const double factor : factors) {
            ticks.push_back(factor * std::pow(base, at));
            // The last tick at or below the interval begins the axis, the first at or above ends
            // it.
            if (ticks.size() > 1 && ticks[1] <= low * (1 + 1e-9)) ticks.erase(ticks.begin());
            if (ticks.size() > 1 && ticks.back() >= high * (1 - 1e-9)) return ticks;
        }
    }
    return ticks;
}

std::string tick_text(double value) {
    const double size = std::abs(value);
    if (size >= 1e9) return fmt::format("{:.4g} G", value / 1e9);
    if (size >= 1e6) return fmt::format("{:.4g} M", value / 1e6);
    if (size >= 1e4) return fmt::format("{:.4g} k", value / 1e3);
    return fmt::format("{:.4g}", value);
}

}  // namespace u65sim::report
