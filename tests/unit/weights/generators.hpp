// Seeded weights, the same on every machine (the standard distributions are not).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace u65sim::weights::testing {

/// SplitMix64 (public domain algorithm).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }
    /// 0 <= x < 1
    double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    int between(int lowest, int highest) {
        return lowest + static_cast<int>(next() % static_cast<std::uint64_t>(highest - lowest + 1));
    }
    double gauss() {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - unit()));
        return radius * std::cos(6.283185307179586 * unit());
    }
    double laplace() {
        const double u = unit() - 0.5;
        return (u < 0 ? 1.0 : -1.0) * std::log(1.0 - 2.0 * std::abs(u));
    }

private:
    std::uint64_t state_;
};

using Weights = std::vector<std::int16_t>;

inline std::int16_t clipped(double value) {
    return static_cast<std::int16_t>(std::clamp(std::nearbyint(value), -127.0, 127.0));
}
inline Weights uniform(std::size_t count, int lowest, int highest, std::uint64_t seed = 1) {
    Random random{seed};
    Weights weights(count);
    for (auto& w : weights) w = static_cast<std::int16_t>(random.between(lowest, highest));
    return weights;
}
inline Weights gauss(std::size_t count, double deviation, std::uint64_t seed = 1) {
    Random random{seed};
    Weights weights(count);
    for (auto& w : weights) w = clipped(deviation * random.gauss());
    return weights;
}
inline Weights laplace(std::size_t count, double scale, std::uint64_t seed = 1) {
    Random random{seed};
    Weights weights(count);
    for (auto& w : weights) w = clipped(scale * random.laplace());
    return weights;
}
/// Zeros at random places.
inline Weights with_zeros(Weights weights, double share, std::uint64_t seed = 2) {
    Random random{seed};
    for (auto& w : weights) w = random.unit() < share ? std::int16_t{0} : w;
    return weights;
}
/// The smallest weights made zero: at least `share` of them, whole magnitudes at a time.
inline Weights magnitude_pruned(std::size_t count, double deviation, double share) {
    Weights weights = gauss(count, deviation);
    std::vector<int> sorted;
    for (const int w : weights) sorted.push_back(std::abs(w));
    std::sort(sorted.begin(), sorted.end());
    const int limit = sorted[static_cast<std::size_t>(share * static_cast<double>(count))];
    for (auto& w : weights) w = std::abs(w) <= limit ? std::int16_t{0} : w;
    return weights;
}

}  // namespace u65sim::weights::testing
