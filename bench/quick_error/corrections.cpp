#include "corrections.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace quick_error {

namespace {

using namespace u65sim;
using oracle::QuickCorrection;

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

/// Its corrected cycles; those of the closed form where no row is of its memories.
double corrected(const Sample& sample, const std::vector<QuickCorrection>& corrections) {
    for (const QuickCorrection& row : corrections) {
        if (row.mode == sample.mode && row.cores == sample.cores) return row.cycles(sample.terms);
    }
    return sample.terms.cycles;
}

}  // namespace

std::vector<QuickCorrection> fit_corrections(const std::vector<Space>& spaces,
                                             const std::set<std::string>& left_out) {
    std::map<std::pair<MemoryMode, std::int32_t>, std::vector<const Sample*>> groups;
    for (const Space& space : spaces) {
        if (left_out.count(space.family) > 0) continue;
        for (const Sample& sample : space.samples) {
            if (!sample.is_kept_out()) groups[{sample.mode, sample.cores}].push_back(&sample);
        }
    }
    std::vector<QuickCorrection> rows;
    for (const auto& [key, samples] : groups) {
        rows.push_back({key.first, key.second, weights_of(samples)});
    }
    return rows;
}

void correct(std::vector<Space>& spaces, const std::vector<QuickCorrection>& corrections) {
    for (Space& space : spaces) {
        for (Sample& sample : space.samples) sample.quick = corrected(sample, corrections);
    }
}

void correct_by_others(std::vector<Space>& spaces, const std::set<std::string>& left_out) {
    std::map<std::string, std::vector<QuickCorrection>> corrections;
    for (Space& space : spaces) {
        auto found = corrections.find(space.family);
        if (found == corrections.end()) {
            std::set<std::string> without = left_out;
            without.insert(space.family);
            found = corrections.emplace(space.family, fit_corrections(spaces, without)).first;
        }
        for (Sample& sample : space.samples) sample.by_others = corrected(sample, found->second);
    }
}

}  // namespace quick_error
