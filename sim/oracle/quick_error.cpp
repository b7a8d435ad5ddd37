#include "oracle/quick_error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>

#include <fmt/format.h>

namespace u65sim::oracle {

namespace {

/// Written by bench/quick_error: mode, cores, class, middle, low, high, least, most, networks, coverage.
constexpr QuickError table[] = {
#include "oracle/quick_error_table.inc"
};

/// Cycles below which the ends of kernels are a large part of a network (chosen).
constexpr Cycles few_cycles{150'000};

/// Hardware that was not measured is taken to be this much farther off (assumed).
constexpr double unknown_hardware = 2.0;

}  // namespace

std::string_view to_string(QuickClass kind) {
    constexpr std::array<std::string_view, quick_class_count> names{"small", "all maps fit",
                                                                    "crowded", "cascades"};
    return names[static_cast<std::size_t>(kind)];
}

QuickClass class_of(const QuickFacts& facts) {
    if (facts.has_cascades) return QuickClass::cascades;
    if (!facts.all_fit) return QuickClass::crowded;
    return facts.cycles < few_cycles ? QuickClass::small : QuickClass::fits;
}

const QuickError& error_of(const Target& target, QuickClass kind) {
    const auto found =
        std::find_if(std::begin(table), std::end(table), [&](const QuickError& each) {
            return each.mode == target.memory_mode && each.cores == target.accelerator.cores &&
                   each.kind == kind;
        });
    if (found != std::end(table)) return *found;
    return *std::max_element(std::begin(table), std::end(table),
                             [](const QuickError& a, const QuickError& b) {
                                 return a.most - a.least < b.most - b.least;
                             });
}

Corrected corrected(const Target& target, const QuickFacts& facts) {
    const QuickClass kind = class_of(facts);
    const QuickError& error = error_of(target, kind);
    const double wider = target.hypotheses().empty() ? 1.0 : unknown_hardware;
    const auto scaled = [&](double ratio) {
        const double from_middle = (ratio - error.middle) * wider + error.middle;
        return Cycles{std::llround(static_cast<double>(facts.cycles.count()) *
                                   std::max(0.0, from_middle))};
    };
    Corrected result;
    result.cycles = scaled(error.middle);
    result.interval = {scaled(error.low),  scaled(error.high), error.coverage,
                       scaled(error.least), scaled(error.most),
                       fmt::format("{} networks of the class '{}'", error.networks,
                                   to_string(kind))};
    return result;
}

}  // namespace u65sim::oracle
