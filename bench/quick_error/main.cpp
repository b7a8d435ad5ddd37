// How far effort quick is from effort normal: over the search spaces of the benchmarks, on three
// targets. Odd seeds calibrate the interval of each class, even ones tell what it is worth, and so
// does each family, by intervals to which it did not contribute.
//   quick_error [--networks N] [--threads N] [--family NAME] [--table FILE] [--docs FILE]
// writes the table that the library answers with, and the one of docs/oracle.md.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "corrections.hpp"
#include "intervals.hpp"
#include "samples.hpp"
#include "search_space.hpp"
#include "tables.hpp"

namespace {

using namespace quick_error;
using u65sim::InvalidConfig;

constexpr std::array targets{"u65-256", "u65-512", "u55-128"};

/// How many networks of each space are held by corrections and intervals to which its family did
/// not contribute.
HeldByOthers held_by_others(std::vector<Space> spaces) {
    HeldByOthers result;
    for (const std::string& family : bench::families()) {
        correct_by_others(spaces, {family});
        const auto rows = fit_intervals(spaces, {family});
        for (const Space& space : spaces) {
            if (space.family != family || rows.empty() || space.samples.empty()) continue;
            const auto held = std::count_if(
                space.samples.begin(), space.samples.end(), [&](const Sample& sample) {
                    return is_held(rows, sample, sample.ratio_by_others());
                });
            result[{family, space.target}] =
                static_cast<double>(held) / static_cast<double>(space.samples.size());
        }
    }
    return result;
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
            spaces.push_back(measure_space(family, target, networks, std::max(threads, 1U)));
            std::fprintf(stderr, "%s on %s: %zu networks, %zu do not fit\n", family.c_str(), target,
                         spaces.back().samples.size(), spaces.back().refused);
        }
    }
    const auto corrections = fit_corrections(spaces);
    const HeldByOthers by_others = held_by_others(spaces);
    correct(spaces, corrections);
    correct_by_others(spaces);
    const auto rows = fit_intervals(spaces);
    if (rows.empty()) throw InvalidConfig("too few networks to fit anything");
    const std::string text = markdown(spaces, rows, by_others);
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
