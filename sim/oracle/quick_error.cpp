#include "oracle/quick_error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>

#include <fmt/format.h>

namespace u65sim::oracle {

namespace {

// `corrections` and `errors`, written by bench/quick_error.
#include "oracle/quick_error_table.inc"

/// Cycles below which the ends of kernels are a large part of a network (chosen).
constexpr Cycles few_cycles{150'000};

/// Hardware that was not measured is taken to be this much farther off. Of 700 networks on these
/// accelerators with other bandwidths, latencies and sizes of memories, 8 were outside of the
/// interval relied on, and none of one twice as wide.
constexpr double unknown_hardware = 2.0;

}  // namespace

std::string_view to_string(QuickClass kind) {
    constexpr std::array<std::string_view, quick_class_count> names{"small", "all maps fit",
                                                                    "crowded", "cascades"};
    return names[static_cast<std::size_t>(kind)];
}

QuickClass class_of(const compiler::quick::QuickAnswer& answer) {
    if (answer.cascades > 0) return QuickClass::cascades;
    if (!answer.all_fit) return QuickClass::crowded;
    return answer.cycles < few_cycles ? QuickClass::small : QuickClass::fits;
}

double QuickCorrection::cycles(const compiler::quick::QuickTerms& terms) const {
    const std::array values = terms.values();
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) sum += weights[i] * values[i];
    return std::clamp(sum, terms.cycles / 2, terms.cycles * 2);
}

namespace {

/// The row of a target's mode and cores; of modes that were not measured another one's, which has
/// no correction.
const QuickCorrection& correction_of(const Target& target) {
    static constexpr QuickCorrection none{};
    const auto found = std::find_if(
        std::begin(corrections), std::end(corrections), [&](const QuickCorrection& each) {
            return each.mode == target.memory_mode && each.cores == target.accelerator.cores;
        });
    return found != std::end(corrections) ? *found : none;
}

}  // namespace

const QuickError& error_of(const Target& target, QuickClass kind) {
    const auto found =
        std::find_if(std::begin(errors), std::end(errors), [&](const QuickError& each) {
            return each.mode == target.memory_mode && each.cores == target.accelerator.cores &&
                   each.kind == kind;
        });
    if (found != std::end(errors)) return *found;
    return *std::max_element(std::begin(errors), std::end(errors),
                             [](const QuickError& a, const QuickError& b) {
                                 return a.most - a.least < b.most - b.least;
                             });
}

namespace {

/// Whether the networks of `errors` were measured on it, the size of its SRAM aside.
bool is_measured(const Target& target) {
    static const std::array presets{Target::preset("u65-256"), Target::preset("u65-512"),
                                    Target::preset("u55-128")};
    return std::any_of(presets.begin(), presets.end(), [&](const Target& each) {
        Memory sram = each.sram;
        sram.size = target.sram.size;
        return each.memory_mode == target.memory_mode && each.accelerator == target.accelerator &&
               sram == target.sram && each.off_chip == target.off_chip &&
               each.ideal_memory == target.ideal_memory && each.timing == target.timing;
    });
}

}  // namespace

Corrected corrected(const Target& target, const compiler::quick::QuickAnswer& answer) {
    const QuickClass kind = class_of(answer);
    const QuickError& error = error_of(target, kind);
    const double cycles = correction_of(target).cycles(answer.terms);
    const double wider = is_measured(target) ? 1.0 : unknown_hardware;
    const auto at = [&](double ratio) {
        return Cycles{std::llround(cycles * std::max(0.0, 1.0 + (ratio - 1.0) * wider))};
    };
    Corrected result;
    result.cycles = at(1.0);
    result.interval = {
        at(error.low),
        at(error.high),
        error.coverage,
        at(error.least),
        at(error.most),
        fmt::format("{} networks of the class '{}'", error.networks, to_string(kind))};
    return result;
}

}  // namespace u65sim::oracle
