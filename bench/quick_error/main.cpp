// How far effort quick is from effort normal: over the search spaces of the benchmarks, on three
// targets. Odd seeds calibrate the interval of each class, even ones tell what it is worth.
//   quick_error [--networks N] [--threads N] [--table FILE] [--docs FILE]
// writes the table that the library answers with, and the one of docs/oracle.md.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "compile/quick/answer.hpp"
#include "oracle/quick_error.hpp"
#include "search_space.hpp"

namespace {

using namespace u65sim;
using oracle::QuickClass;
using oracle::QuickError;

constexpr std::array targets{"u65-256", "u65-512", "u55-128"};

/// One network, by both efforts.
struct Sample {
    std::uint64_t seed = 0;
    std::string family;
    MemoryMode mode = MemoryMode::dedicated_sram;
    std::int32_t cores = 1;
    QuickClass kind = QuickClass::fits;
    double quick = 0, exact = 0, macs = 0;
    [[nodiscard]] double ratio() const { return exact / quick; }
    [[nodiscard]] bool is_kept_out() const { return seed % 2 == 0; }
};

/// Networks of one family on one target.
struct Space {
    std::string family, target;
    std::vector<Sample> samples;
    std::size_t refused = 0;
};

std::optional<Sample> measure(const std::string& family, std::uint64_t seed, Oracle& exact,
                              const CompileCache& cache) {
    const Graph graph = bench::variant(family, seed);
    compiler::CacheCounters counters;
    try {
        const auto quick =
            compiler::quick::answer(graph, exact.target(), {}, cache, counters);
        const Report report = exact.estimate(graph);
        Sample sample{seed, family, exact.target().memory_mode,
                      exact.target().accelerator.cores, {}, 0, 0, 0};
        sample.kind =
            oracle::class_of({quick.cycles, quick.all_fit, quick.cascades > 0});
        sample.quick = static_cast<double>(quick.cycles.count());
        sample.exact = static_cast<double>(report.total.cycles.count());
        sample.macs = static_cast<double>(report.model.macs.count());
        if (sample.exact <= 0) return std::nullopt;
        return sample;
    } catch (const DoesNotFit&) {
        return std::nullopt;
    }
}

Space measure_all(const std::string& family, const std::string& target, std::size_t networks,
                  unsigned threads) {
    Oracle exact{Target::preset(target)};
    const CompileCache cache;
    std::vector<std::optional<Sample>> found(networks);
    std::vector<std::jthread> workers;
    for (unsigned worker = 0; worker < threads; ++worker) {
        workers.emplace_back([&, worker] {
            for (std::size_t i = worker; i < networks; i += threads) {
                found[i] = measure(family, i, exact, cache);
            }
        });
    }
    workers.clear();
    Space space{family, target, {}, 0};
    for (auto& sample : found) {
        if (sample) {
            space.samples.push_back(std::move(*sample));
        } else {
            ++space.refused;
        }
    }
    return space;
}

double quantile(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::lround(part * last))];
}

/// What lies so much farther from the middle.
double beyond(double middle, double value, double factor) {
    return middle + (value - middle) * factor;
}

/// The rows of the library's table: of classes with enough networks.
std::vector<QuickError> fit(const std::vector<Space>& spaces) {
    using Class = std::tuple<MemoryMode, std::int32_t, QuickClass>;
    std::map<Class, std::vector<Sample>> classes;
    for (const Space& space : spaces) {
        for (const Sample& sample : space.samples) {
            classes[{sample.mode, sample.cores, sample.kind}].push_back(sample);
        }
    }
    constexpr std::size_t least_networks = 10;
    constexpr double tail = 0.01;    // of the networks outside on either side
    constexpr double wider = 1.15;   // for networks that were not measured
    constexpr double margin = 1.5;   // of the range that a search relies on
    std::vector<QuickError> rows;
    for (const auto& [key, samples] : classes) {
        std::vector<double> fitted;
        std::vector<double> all;
        for (const Sample& sample : samples) {
            all.push_back(sample.ratio());
            if (!sample.is_kept_out()) fitted.push_back(sample.ratio());
        }
        if (fitted.size() < least_networks) continue;
        QuickError row;
        std::tie(row.mode, row.cores, row.kind) = key;
        row.middle = quantile(fitted, 0.5);
        row.low = beyond(row.middle, quantile(fitted, tail), wider);
        row.high = beyond(row.middle, quantile(fitted, 1 - tail), wider);
        row.least = beyond(row.middle, quantile(all, 0), margin);
        row.most = beyond(row.middle, quantile(all, 1), margin);
        row.networks = static_cast<std::int32_t>(fitted.size());
        std::size_t held = 0;
        std::size_t kept_out = 0;
        for (const Sample& sample : samples) {
            if (!sample.is_kept_out()) continue;
            ++kept_out;
            if (row.low <= sample.ratio() && sample.ratio() <= row.high) ++held;
        }
        row.coverage = static_cast<double>(held) / static_cast<double>(std::max<std::size_t>(kept_out, 1));
        rows.push_back(row);
    }
    return rows;
}

const QuickError& row_of(const std::vector<QuickError>& rows, const Sample& sample) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const QuickError& row) {
        return row.mode == sample.mode && row.cores == sample.cores && row.kind == sample.kind;
    });
    if (found != rows.end()) return *found;
    return *std::max_element(rows.begin(), rows.end(), [](const QuickError& a, const QuickError& b) {
        return a.most - a.least < b.most - b.least;
    });
}

/// Kendall's tau: pairs in the same order less those in the other one, of all.
double kendall(const std::vector<std::pair<double, double>>& points) {
    std::int64_t sum = 0;
    std::int64_t pairs = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        for (std::size_t j = i + 1; j < points.size(); ++j) {
            const double product = (points[i].first - points[j].first) *
                                   (points[i].second - points[j].second);
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

std::string line_of(const Space& space, const std::vector<QuickError>& rows) {
    std::vector<double> errors;
    std::vector<double> corrected;
    std::vector<std::pair<double, double>> points;
    double sum = 0;
    double bias = 0;
    std::size_t held = 0;
    std::size_t kept_out = 0;
    for (const Sample& sample : space.samples) {
        const QuickError& row = row_of(rows, sample);
        const double cycles = sample.quick * row.middle;
        corrected.push_back(cycles);
        points.emplace_back(cycles, sample.exact);
        if (!sample.is_kept_out()) continue;
        ++kept_out;
        const double error = cycles / sample.exact - 1.0;
        errors.push_back(std::abs(error));
        sum += std::abs(error);
        bias += error;
        if (row.low <= sample.ratio() && sample.ratio() <= row.high) ++held;
    }
    if (errors.empty()) return {};
    const auto count = static_cast<double>(kept_out);
    const double fastest =
        regret(space.samples, corrected, [](const Sample&, double cycles) { return 1.0 / cycles; });
    const double densest = regret(space.samples, corrected, [](const Sample& sample, double cycles) {
        return sample.macs / cycles;
    });
    return fmt::format(
        "| {} | {} | {} | {:.2f} | {:.2f} | {:.2f} | {:+.2f} | {:.4f} | {:.2f} | {:.2f} | {:.1f} |\n",
        space.family, space.target, space.samples.size(), 100 * sum / count,
        100 * quantile(errors, 0.9), 100 * quantile(errors, 1), 100 * bias / count,
        kendall(points), 100 * fastest, 100 * densest, 100 * static_cast<double>(held) / count);
}

std::string markdown(const std::vector<Space>& spaces, const std::vector<QuickError>& rows) {
    std::string text =
        "| networks | target | number | mean % | 90 % below % | worst % | bias % | tau | regret: "
        "fastest % | regret: MACs a cycle % | held % |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for (const Space& space : spaces) text += line_of(space, rows);
    text +=
        "\n| memories | cores | class | networks | correction | interval | relied on | held % |\n"
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |\n";
    for (const QuickError& row : rows) {
        text += fmt::format(
            "| {} | {} | {} | {} | {:.4f} | {:+.1f} to {:+.1f} % | {:+.1f} to {:+.1f} % | {:.1f} |\n",
            to_string(row.mode), row.cores, oracle::to_string(row.kind), row.networks, row.middle,
            100 * (row.low / row.middle - 1), 100 * (row.high / row.middle - 1),
            100 * (row.least / row.middle - 1), 100 * (row.most / row.middle - 1),
            100 * row.coverage);
    }
    return text;
}

std::string table(const std::vector<QuickError>& rows) {
    constexpr std::array<std::string_view, oracle::quick_class_count> names{"small", "fits",
                                                                            "crowded", "cascades"};
    std::string text = "// Written by bench/quick_error.\n";
    for (const QuickError& row : rows) {
        text += fmt::format(
            "{{MemoryMode::{}, {}, QuickClass::{}, {:.4f}, {:.4f}, {:.4f}, {:.4f}, {:.4f}, {}, "
            "{:.3f}}},\n",
            to_string(row.mode), row.cores, names[static_cast<std::size_t>(row.kind)], row.middle, row.low,
            row.high, row.least, row.most, row.networks, row.coverage);
    }
    return text;
}

/// Puts a text between two lines of a document.
void replace_in(const std::string& file, const std::string& text) {
    std::ifstream in{file};
    std::stringstream all;
    all << in.rdbuf();
    std::string document = all.str();
    const std::string begin = "<!-- quick_error begin -->\n";
    const std::string end = "<!-- quick_error end -->";
    const std::size_t from = document.find(begin);
    const std::size_t until = document.find(end);
    if (from == std::string::npos || until == std::string::npos) {
        throw InvalidConfig(fmt::format("{}: must hold the lines '{}' and '{}'", file,
                                        begin.substr(0, begin.size() - 1), end));
    }
    document.replace(from + begin.size(), until - from - begin.size(), text);
    std::ofstream{file} << document;
}

int run(int argc, char** argv) {
    std::size_t networks = 300;
    unsigned threads = 1;
    std::string table_file;
    std::string docs_file;
    std::string only;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        if (option == "--networks") networks = static_cast<std::size_t>(std::atoi(argv[i + 1]));
        if (option == "--threads") threads = static_cast<unsigned>(std::atoi(argv[i + 1]));
        if (option == "--table") table_file = argv[i + 1];
        if (option == "--docs") docs_file = argv[i + 1];
        if (option == "--family") only = argv[i + 1];
    }
    std::vector<Space> spaces;
    for (const std::string& family : bench::families()) {
        for (const char* target : targets) {
            if (!only.empty() && family != only) continue;
            spaces.push_back(measure_all(family, target, networks, std::max(threads, 1U)));
            std::fprintf(stderr, "%s on %s: %zu networks, %zu do not fit\n", family.c_str(),
                         target, spaces.back().samples.size(), spaces.back().refused);
        }
    }
    const std::vector<QuickError> rows = fit(spaces);
    if (rows.empty()) throw InvalidConfig("too few networks to fit anything");
    const std::string text = markdown(spaces, rows);
    std::fputs(text.c_str(), stdout);
    if (!table_file.empty()) std::ofstream{table_file} << table(rows);
    if (!docs_file.empty()) replace_in(docs_file, text);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "quick_error: %s\n", error.what());
        return 2;
    }
}
