#include "tables.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intervals.hpp"

namespace quick_error {

namespace {

using namespace u65sim;
using oracle::QuickCorrection;
using oracle::QuickError;

/// Kendall's tau: pairs in the same order less those in the other one, of all.
double kendall(const std::vector<std::pair<double, double>>& points) {
    std::int64_t sum = 0;
    std::int64_t pairs = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        for (std::size_t j = i + 1; j < points.size(); ++j) {
            const double product =
                (points[i].first - points[j].first) * (points[i].second - points[j].second);
            ++pairs;
            sum += product > 0 ? 1 : product < 0 ? -1 : 0;
        }
    }
    return pairs > 0 ? static_cast<double>(sum) / static_cast<double>(pairs) : 1.0;
}

/// What is lost by the network that is best by one measure, by the other: `value(sample, cycles)`
/// is to be large.
template <class Value>
double regret(const std::vector<Sample>& samples, const std::vector<double>& corrected,
              const Value& value) {
    std::size_t chosen = 0;
    double best = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (value(samples[i], corrected[i]) > value(samples[chosen], corrected[chosen])) {
            chosen = i;
        }
        best = std::max(best, value(samples[i], samples[i].exact));
    }
    return 1.0 - value(samples[chosen], samples[chosen].exact) / best;
}

std::string line_of(const Space& space, const std::vector<QuickError>& rows,
                    const HeldByOthers& held_by_others) {
    std::vector<double> errors;
    std::vector<double> corrected;
    std::vector<std::pair<double, double>> points;
    double sum = 0;
    double bias = 0;
    std::size_t held = 0;
    std::size_t kept_out = 0;
    for (const Sample& sample : space.samples) {
        const double cycles = sample.quick;
        corrected.push_back(cycles);
        points.emplace_back(cycles, sample.exact);
        if (!sample.is_kept_out()) continue;
        ++kept_out;
        const double error = cycles / sample.exact - 1.0;
        errors.push_back(std::abs(error));
        sum += std::abs(error);
        bias += error;
        if (is_held(rows, sample, sample.ratio())) ++held;
    }
    if (errors.empty()) return {};
    const auto count = static_cast<double>(kept_out);
    const double fastest =
        regret(space.samples, corrected, [](const Sample&, double cycles) { return 1.0 / cycles; });
    const double densest =
        regret(space.samples, corrected,
               [](const Sample& sample, double cycles) { return sample.macs / cycles; });
    const auto by_others = held_by_others.find({space.family, space.target});
    return fmt::format(
        "| {} | {} | {} | {:.2f} | {:.2f} | {:.2f} | {:+.2f} | {:.4f} | {:.2f} | {:.2f} | {:.1f} "
        "| {} |\n",
        space.family, space.target, space.samples.size(), 100 * sum / count,
        100 * quantile(errors, 0.9), 100 * quantile(errors, 1), 100 * bias / count, kendall(points),
        100 * fastest, 100 * densest, 100 * static_cast<double>(held) / count,
        by_others != held_by_others.end() ? fmt::format("{:.1f}", 100 * by_others->second) : "-");
}

}  // namespace

std::string markdown(const std::vector<Space>& spaces, const std::vector<QuickError>& rows,
                     const HeldByOthers& held_by_others) {
    std::string text =
        "| networks | target | number | mean % | 90 % below % | worst % | bias % | tau | regret: "
        "fastest % | regret: MACs a cycle % | held % | held by others % |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for (const Space& space : spaces) text += line_of(space, rows, held_by_others);
    text +=
        "\n| memories | cores | class | networks | interval | relied on | held % |\n"
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |\n";
    for (const QuickError& row : rows) {
        text += fmt::format(
            "| {} | {} | {} | {} | {:+.1f} to {:+.1f} % | {:+.1f} to {:+.1f} % | {:.1f} |\n",
            to_string(row.mode), row.cores, oracle::to_string(row.kind), row.networks,
            100 * (row.low - 1), 100 * (row.high - 1), 100 * (row.least - 1), 100 * (row.most - 1),
            100 * row.coverage);
    }
    return text;
}

std::string table(const std::vector<QuickCorrection>& corrections,
                  const std::vector<QuickError>& rows) {
    constexpr std::array<std::string_view, oracle::quick_class_count> names{"small", "fits",
                                                                            "crowded", "cascades"};
    std::string text =
        "// Written by bench/quick_error.\nconstexpr QuickCorrection corrections[] = {\n";
    for (const QuickCorrection& row : corrections) {
        text += fmt::format("    {{MemoryMode::{}, {}, {{{:.6g}}}}},\n", to_string(row.mode),
                            row.cores, fmt::join(row.weights, ", "));
    }
    text += "};\nconstexpr QuickError errors[] = {\n";
    for (const QuickError& row : rows) {
        text += fmt::format(
            "    {{MemoryMode::{}, {}, QuickClass::{}, {:.4f}, {:.4f}, {:.4f}, {:.4f}, {}, "
            "{:.3f}}},\n",
            to_string(row.mode), row.cores, names[static_cast<std::size_t>(row.kind)], row.low,
            row.high, row.least, row.most, row.networks, row.coverage);
    }
    return text + "};\n";
}

}  // namespace quick_error
