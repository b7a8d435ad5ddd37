#include "ir/drawn_weights.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::ir {
namespace {

constexpr std::int32_t largest = 127;

void check(const DrawSettings& settings) {
    if (!(settings.sparsity >= 0.0 && settings.sparsity <= 1.0)) {
        throw InvalidModel(
            fmt::format("weights.sparsity = {}: must be between 0 and 1", settings.sparsity));
    }
    if (settings.clusters != 0 && (settings.clusters < 2 || settings.clusters > most_clusters)) {
        throw InvalidModel(fmt::format("weights.clusters = {}: must be 0 (none) or 2 to {}",
                                       settings.clusters, most_clusters));
    }
}

// Sets exactly the share `sparsity` of smallest magnitudes to zero; ties fall to the later ones.
void prune(std::vector<std::int32_t>& drawn, double sparsity) {
    const auto zeros =
        static_cast<std::size_t>(std::llround(sparsity * static_cast<double>(drawn.size())));
    if (zeros == 0) return;
    std::vector<std::int32_t> sizes(drawn.size());
    std::transform(drawn.begin(), drawn.end(), sizes.begin(),
                   [](std::int32_t value) { return std::abs(value); });
    const auto limit = sizes.begin() + static_cast<std::ptrdiff_t>(zeros - 1);
    std::nth_element(sizes.begin(), limit, sizes.end());
    const std::int32_t threshold = *limit;
    std::size_t at_threshold =
        zeros - static_cast<std::size_t>(std::count_if(
                    sizes.begin(), limit, [&](std::int32_t size) { return size < threshold; }));
    for (std::int32_t& value : drawn) {
        const std::int32_t size = std::abs(value);
        if (size > threshold) continue;
        if (size == threshold) {
            if (at_threshold == 0) continue;
            --at_threshold;
        }
        value = 0;
    }
}

// For every value from -127 to 127 the nearest centroid; symmetric about zero when the number is
// odd, without the largest positive one when it is even.
std::array<std::int8_t, 256> centroid_table(std::int32_t clusters) {
    std::array<std::int8_t, 256> table{};
    const std::int32_t below = clusters / 2;
    const std::int32_t above = (clusters - 1) / 2;
    for (std::int32_t value = -largest; value <= largest; ++value) {
        // Nearest multiple of 127 / below.
        const std::int32_t numerator = 2 * std::abs(value) * below + largest;
        std::int32_t step = numerator / (2 * largest);
        step = value < 0 ? -std::min(step, below) : std::min(step, above);
        const std::int32_t scaled = 2 * std::abs(step) * largest + below;
        const std::int32_t size = scaled / (2 * below);
        table[static_cast<std::size_t>(value + 128)] =
            static_cast<std::int8_t>(step < 0 ? -size : size);
    }
    return table;
}

// One value, in any unit: the largest becomes 127.
std::int32_t draw(WeightModel::Distribution distribution, Random& random) {
    switch (distribution) {
        case WeightModel::Distribution::laplace: {
            // The difference of two products of normal values has this distribution.
            const std::int64_t a = random.gaussian();
            const std::int64_t b = random.gaussian();
            const std::int64_t c = random.gaussian();
            const std::int64_t d = random.gaussian();
            return static_cast<std::int32_t>((a * b - c * d) / 262144);
        }
        case WeightModel::Distribution::uniform:
            return static_cast<std::int32_t>(random.next() >> 40U) - (1 << 23);
        case WeightModel::Distribution::gaussian:
            break;
    }
    return random.gaussian();
}

}  // namespace

DrawnWeights draw_weights(const DrawSettings& settings, Random& random, std::size_t channels,
                          std::size_t fan_in, bool is_per_channel) {
    check(settings);
    std::vector<std::int32_t> drawn(channels * fan_in);
    for (std::int32_t& value : drawn) value = draw(settings.distribution, random);
    if (settings.sparsity > 0.0) prune(drawn, settings.sparsity);

    std::vector<std::int64_t> tops(channels, 1);
    for (std::size_t channel = 0; channel < channels; ++channel) {
        for (std::size_t index = 0; index < fan_in; ++index) {
            tops[channel] =
                std::max<std::int64_t>(tops[channel], std::abs(drawn[channel * fan_in + index]));
        }
    }
    if (!is_per_channel && !tops.empty()) {
        std::fill(tops.begin(), tops.end(), *std::max_element(tops.begin(), tops.end()));
    }

    DrawnWeights weights;
    weights.values.resize(drawn.size());
    weights.sums.resize(channels);
    weights.square_sums.resize(channels);
    const bool is_clustered = settings.clusters > 0;
    const auto centroids =
        is_clustered ? centroid_table(settings.clusters) : std::array<std::int8_t, 256>{};
    for (std::size_t channel = 0; channel < channels; ++channel) {
        const std::int64_t factor = (std::int64_t{largest} << 32U) / tops[channel];
        std::int64_t sum = 0;
        std::int64_t square_sum = 0;
        for (std::size_t index = 0; index < fan_in; ++index) {
            const std::int64_t raw = drawn[channel * fan_in + index];
            std::int64_t value = (raw * factor + (std::int64_t{1} << 31U)) >> 32U;
            // Pruning alone makes zeros: what it left must not round to zero.
            if (settings.sparsity > 0.0 && value == 0 && raw != 0) value = raw < 0 ? -1 : 1;
            if (is_clustered) value = centroids[static_cast<std::size_t>(value + 128)];
            weights.values[channel * fan_in + index] = static_cast<std::int8_t>(value);
            sum += value;
            square_sum += value * value;
        }
        weights.sums[channel] = sum;
        weights.square_sums[channel] = square_sum;
    }
    return weights;
}

std::vector<std::uint8_t> arrange(const std::vector<std::int8_t>& drawn, std::size_t channels,
                                  std::size_t fan_in, bool channels_last, int zero) {
    std::vector<std::uint8_t> bytes(drawn.size());
    for (std::size_t index = 0; index < drawn.size(); ++index) {
        const std::size_t place =
            channels_last ? index % fan_in * channels + index / fan_in : index;
        bytes[place] = static_cast<std::uint8_t>(drawn[index] + zero);
    }
    return bytes;
}

}  // namespace u65sim::ir
