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
/// A Gaussian of deviation 30 whose `clusters` equally likely parts are each replaced by their
/// mean.
inline Weights clustered(std::size_t count, std::size_t clusters) {
    Weights weights = gauss(count, 30);
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return weights[a] < weights[b]; });
    for (std::size_t k = 0; k < clusters; ++k) {
        const std::size_t begin = count * k / clusters, end = count * (k + 1) / clusters;
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) sum += weights[order[i]];
        const std::int16_t mean = clipped(sum / static_cast<double>(end - begin));
        for (std::size_t i = begin; i < end; ++i) weights[order[i]] = mean;
    }
    return weights;
}
/// A Gaussian of deviation 30 moved to the nearest of `clusters` values evenly over -127 .. 127.
inline Weights evenly_clustered(std::size_t count, int clusters) {
    Weights weights = gauss(count, 30);
    const double step = 254.0 / (clusters - 1);
    for (auto& w : weights) w = clipped(std::nearbyint((w + 127) / step) * step - 127);
    return weights;
}

}  // namespace u65sim::weights::testing
