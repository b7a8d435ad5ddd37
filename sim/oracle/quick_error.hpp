// How far effort quick is from a simulation: measured by bench/quick_error, by class of network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <u65sim/report.hpp>
#include <u65sim/target.hpp>

#include "compile/quick/answer.hpp"

namespace u65sim::oracle {

/// What of a network and its plan decides how good the rules are.
enum class QuickClass : std::uint8_t {
    small,     ///< all maps fit, and the network takes few cycles
    fits,      ///< all maps fit
    crowded,   ///< some do not, and there are no cascades
    cascades,  ///< operations run in cascades
};
inline constexpr std::size_t quick_class_count = 4;
std::string_view to_string(QuickClass kind);

QuickClass class_of(const compiler::quick::QuickAnswer& answer);

/// What corrects the closed form on accelerators of so many cores in one memory mode: a weight for
/// each of QuickTerms.
struct QuickCorrection {
    MemoryMode mode = MemoryMode::dedicated_sram;
    std::int32_t cores = 1;
    std::array<double, compiler::quick::QuickTerms::count> weights{1};

    /// The corrected cycles: at least half and at most twice those of the closed form.
    [[nodiscard]] double cycles(const compiler::quick::QuickTerms& terms) const;
};

/// Simulated over corrected cycles in one class, on accelerators of so many cores in one memory
/// mode: the ratios between which those of 95 of 100 networks and of all of them were.
struct QuickError {
    MemoryMode mode = MemoryMode::dedicated_sram;
    std::int32_t cores = 1;
    QuickClass kind = QuickClass::fits;
    double low = 1, high = 1, least = 1, most = 1;
    std::int32_t networks = 0;  ///< it was measured on
    double coverage = 0;        ///< share of networks kept out that low and high held
};
/// The row that stands for a target and a class: theirs, else the widest.
const QuickError& error_of(const Target& target, QuickClass kind);

/// The cycles that are answered, and where simulated ones are.
struct Corrected {
    Cycles cycles{0};
    CycleInterval interval;
};
Corrected corrected(const Target& target, const compiler::quick::QuickAnswer& answer);

}  // namespace u65sim::oracle
