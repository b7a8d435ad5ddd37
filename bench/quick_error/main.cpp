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
#include <fmt/ranges.h>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "compile/quick/answer.hpp"
#include "oracle/quick_error.hpp"
#include "search_space.hpp"

namespace {

using namespace u65sim;
using oracle::QuickClass;
using oracle::QuickCorrection;
using oracle::QuickError;

constexpr std::array targets{"u65-256", "u65-512", "u55-128"};

/// One network, by both efforts.
struct Sample {
    std::uint64_t seed = 0;
    std::string family;
    MemoryMode mode = MemoryMode::dedicated_sram;
    std::int32_t cores = 1;
    QuickClass kind = QuickClass::fits;
    compiler::quick::QuickTerms terms;
    double quick = 0;  ///< corrected
    double exact = 0, macs = 0;
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
        const auto quick = compiler::quick::answer(graph, exact.target(), {}, cache, counters);
        const Report report = exact.estimate(graph);
        Sample sample;
        sample.seed = seed;
        sample.family = family;
        sample.mode = exact.target().memory_mode;
        sample.cores = exact.target().accelerator.cores;
        sample.kind = oracle::class_of(quick);
        sample.terms = quick.terms;
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

/// What lies so much farther from one.
double beyond(double ratio, double factor) { return 1.0 + (ratio - 1.0) * factor; }

constexpr std::size_t terms = compiler::quick::QuickTerms::count;
using Vector = std::array<double, terms>;
using Matrix = std::array<Vector, terms>;

/// Solves a symmetric, positive definite system.
Vector solve(Matrix a, Vector b) {
    for (std::size_t i = 0; i < terms; ++i) {
        for (std::size_t j = i + 1; j < terms; ++j) {
            const double factor = a[j][i] / a[i][i];
            for (std::size_t k = i; k < terms; ++k) a[j][k] -= factor * a[i][k];
            b[j] -= factor * b[i];
        }
    }
    for (std::size_t i = terms; i-- > 0;) {
        for (std::size_t k = i + 1; k < terms; ++k) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    return b;
}

/// How far from none a correction is expected: of a part of the cycles, a share; of a number of
/// kernels, cycles of each. Without it terms that hardly occur here, as kernels with maps off-chip
/// where nothing spills, take any weight, and networks that are full of them any time (chosen).
constexpr double likely_share = 0.1, likely_cycles = 200;
/// How much that counts: the square of an error that is as bad as such a correction (chosen).
constexpr double weight_of_likely = 3e-5;

/// The weights of the terms with the least mean error relative to the simulated cycles, by
/// reweighted least squares, drawn towards no correction. Every family counts alike.
Vector weights_of(const std::vector<const Sample*>& samples) {
    constexpr double least_error = 0.005;
    constexpr int rounds = 20;
    std::map<std::string, double> families;
    for (const Sample* sample : samples) ++families[sample->family];
    std::vector<Vector> rows;
    Vector scale{};
    for (const Sample* sample : samples) {
        Vector row = sample->terms.values();
        for (std::size_t i = 0; i < terms; ++i) {
            row[i] /= sample->exact;
            scale[i] += std::abs(row[i]) / static_cast<double>(samples.size());
        }
        rows.push_back(row);
    }
    Vector pull{};
    for (std::size_t i = 0; i < terms; ++i) {
        scale[i] = std::max(scale[i], 1e-12);
        const bool is_number = compiler::quick::QuickTerms::is_number(i);
        const double likely = scale[i] * (is_number ? likely_cycles : likely_share);
        pull[i] = weight_of_likely / (likely * likely);
    }
    Vector weights{1};
    std::vector<double> importance(samples.size(), 1.0);
    for (int round = 0; round < rounds; ++round) {
        Matrix a{};
        Vector b{};
        for (std::size_t i = 0; i < terms; ++i) {
            a[i][i] = pull[i];
            b[i] = i == 0 ? pull[0] * scale[0] : 0;
        }
        for (std::size_t s = 0; s < rows.size(); ++s) {
            const double share =
                importance[s] / families[samples[s]->family] / static_cast<double>(families.size());
            for (std::size_t i = 0; i < terms; ++i) {
                b[i] += share * rows[s][i] / scale[i];
                for (std::size_t j = 0; j < terms; ++j) {
                    a[i][j] += share * rows[s][i] / scale[i] * rows[s][j] / scale[j];
                }
            }
        }
        weights = solve(a, b);
        for (std::size_t i = 0; i < terms; ++i) weights[i] /= scale[i];
        for (std::size_t s = 0; s < rows.size(); ++s) {
            double error = -1;
            for (std::size_t i = 0; i < terms; ++i) error += weights[i] * rows[s][i];
            importance[s] = std::min(4.0, 0.02 / std::max(std::abs(error), least_error));
        }
    }
    return weights;
}

/// Fits the corrections to the odd seeds, and corrects all samples.
std::vector<QuickCorrection> correct(std::vector<Space>& spaces) {
    std::map<std::pair<MemoryMode, std::int32_t>, std::vector<const Sample*>> groups;
    for (const Space& space : spaces) {
        for (const Sample& sample : space.samples) {
            if (!sample.is_kept_out()) groups[{sample.mode, sample.cores}].push_back(&sample);
        }
    }
    std::vector<QuickCorrection> rows;
    for (const auto& [key, samples] : groups) {
        rows.push_back({key.first, key.second, weights_of(samples)});
    }
    for (Space& space : spaces) {
        for (Sample& sample : space.samples) {
            for (const QuickCorrection& row : rows) {
                if (row.mode == sample.mode && row.cores == sample.cores) {
                    sample.quick = row.cycles(sample.terms);
                }
            }
        }
    }
    return rows;
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
    constexpr double tail = 0.01;                     // of the networks outside on either side
    constexpr double wider = 1.3;                     // for networks that were not measured
    constexpr double far_tail = 0.002, margin = 2.0;  // of the range that a search relies on
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
        row.low = std::min(1.0, beyond(quantile(fitted, tail), wider));
        row.high = std::max(1.0, beyond(quantile(fitted, 1 - tail), wider));
        row.least = std::min(row.low, beyond(quantile(all, far_tail), margin));
        row.most = std::max(row.high, beyond(quantile(all, 1 - far_tail), margin));
        row.networks = static_cast<std::int32_t>(fitted.size());
        std::size_t held = 0;
        std::size_t kept_out = 0;
        for (const Sample& sample : samples) {
            if (!sample.is_kept_out()) continue;
            ++kept_out;
            if (row.low <= sample.ratio() && sample.ratio() <= row.high) ++held;
        }
        row.coverage =
            static_cast<double>(held) / static_cast<double>(std::max<std::size_t>(kept_out, 1));
        rows.push_back(row);
    }
    return rows;
}

const QuickError& row_of(const std::vector<QuickError>& rows, const Sample& sample) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const QuickError& row) {
        return row.mode == sample.mode && row.cores == sample.cores && row.kind == sample.kind;
    });
    if (found != rows.end()) return *found;
    return *std::max_element(rows.begin(), rows.end(),
                             [](const QuickError& a, const QuickError& b) {
                                 return a.most - a.least < b.most - b.least;
                             });
}

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
        const double cycles = sample.quick;
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
    const double densest =
        regret(space.samples, corrected,
               [](const Sample& sample, double cycles) { return sample.macs / cycles; });
    return fmt::format(
        "| {} | {} | {} | {:.2f} | {:.2f} | {:.2f} | {:+.2f} | {:.4f} | {:.2f} | {:.2f} | {:.1f} "
        "|\n",
        space.family, space.target, space.samples.size(), 100 * sum / count,
        100 * quantile(errors, 0.9), 100 * quantile(errors, 1), 100 * bias / count, kendall(points),
        100 * fastest, 100 * densest, 100 * static_cast<double>(held) / count);
}

std::string markdown(const std::vector<Space>& spaces, const std::vector<QuickError>& rows) {
    std::string text =
        "| networks | target | number | mean % | 90 % below % | worst % | bias % | tau | regret: "
        "fastest % | regret: MACs a cycle % | held % |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for (const Space& space : spaces) text += line_of(space, rows);
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
            std::fprintf(stderr, "%s on %s: %zu networks, %zu do not fit\n", family.c_str(), target,
                         spaces.back().samples.size(), spaces.back().refused);
        }
    }
    const std::vector<QuickCorrection> corrections = correct(spaces);
    const std::vector<QuickError> rows = fit(spaces);
    if (rows.empty()) throw InvalidConfig("too few networks to fit anything");
    const std::string text = markdown(spaces, rows);
    std::fputs(text.c_str(), stdout);
    if (!table_file.empty()) std::ofstream{table_file} << table(corrections, rows);
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
