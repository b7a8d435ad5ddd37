#include "ir/drawn_weights.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <span>

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

// Values in any unit: the largest becomes 127.
void draw(WeightModel::Distribution distribution, Random& random, std::span<std::int32_t> drawn) {
    switch (distribution) {
        case WeightModel::Distribution::laplace:
            for (std::int32_t& value : drawn) {
                // The difference of two products of normal values has this distribution.
                const std::int64_t a = random.gaussian();
                const std::int64_t b = random.gaussian();
                const std::int64_t c = random.gaussian();
                const std::int64_t d = random.gaussian();
                value = static_cast<std::int32_t>((a * b - c * d) / 262144);
            }
            return;
        case WeightModel::Distribution::uniform:
            for (std::int32_t& value : drawn) {
                value = static_cast<std::int32_t>(random.next() >> 40U) - (1 << 23);
            }
            return;
        case WeightModel::Distribution::gaussian:
            random.gaussian(drawn);
            return;
    }
}

std::int64_t largest_magnitude(std::span<const std::int32_t> drawn) {
    std::int32_t top = 1;
    for (const std::int32_t value : drawn) top = std::max(top, std::abs(value));
    return top;
}

void quantise(std::span<const std::int32_t> drawn, std::int64_t top, bool pruned,
              std::span<std::int8_t> values) {
    const std::int64_t factor = (std::int64_t{largest} << 32U) / top;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
        const std::int64_t raw = drawn[i];
        std::int64_t value = (raw * factor + (std::int64_t{1} << 31U)) >> 32U;
        // Pruning alone makes zeros: what it left must not round to zero.
        if (pruned && value == 0 && raw != 0) value = raw < 0 ? -1 : 1;
        values[i] = static_cast<std::int8_t>(value);
    }
}

}  // namespace

DrawnWeights draw_weights(const DrawSettings& settings, Random& random, std::size_t channels,
                          std::size_t fan_in, bool is_per_channel) {
    check(settings);
    DrawnWeights weights;
    weights.values.resize(channels * fan_in);
    weights.sums.resize(channels);
    weights.square_sums.resize(channels);
    const auto centroids =
        settings.clusters > 0 ? centroid_table(settings.clusters) : std::array<std::int8_t, 256>{};
    // Channels that depend on nothing but themselves are drawn one at a time.
    const bool apart = is_per_channel && settings.sparsity == 0.0;
    const std::size_t together = apart ? 1 : channels;
    std::vector<std::int32_t> drawn(together * fan_in);
    std::vector<std::int64_t> tops(together);
    for (std::size_t first = 0; first < channels; first += together) {
        draw(settings.distribution, random, drawn);
        if (settings.sparsity > 0.0) prune(drawn, settings.sparsity);
        for (std::size_t i = 0; i < together; ++i) {
            const auto channel = std::span{drawn}.subspan(i * fan_in, fan_in);
            tops[i] = largest_magnitude(channel);
        }
        if (!is_per_channel) {
            std::fill(tops.begin(), tops.end(), *std::max_element(tops.begin(), tops.end()));
        }
        for (std::size_t i = 0; i < together; ++i) {
            const std::size_t channel = first + i;
            const auto values = std::span{weights.values}.subspan(channel * fan_in, fan_in);
            quantise(std::span{drawn}.subspan(i * fan_in, fan_in), tops[i], settings.sparsity > 0.0,
                     values);
            std::int64_t sum = 0;
            std::int64_t square_sum = 0;
            for (std::int8_t& value : values) {
                if (settings.clusters > 0) value = centroids[static_cast<std::size_t>(value + 128)];
                sum += value;
                square_sum += std::int64_t{value} * value;
            }
            weights.sums[channel] = sum;
            weights.square_sums[channel] = square_sum;
        }
    }
    return weights;
}

std::vector<std::uint8_t> arrange(const std::vector<std::int8_t>& drawn, std::size_t channels,
                                  std::size_t fan_in, bool channels_last, int zero) {
    std::vector<std::uint8_t> bytes(drawn.size());
    const std::size_t channel_step = channels_last ? 1 : fan_in;
    const std::size_t step = channels_last ? channels : 1;
    for (std::size_t channel = 0; channel < channels; ++channel) {
        const std::int8_t* from = drawn.data() + channel * fan_in;
        std::uint8_t* to = bytes.data() + channel * channel_step;
        for (std::size_t i = 0; i < fan_in; ++i) {
            to[i * step] = static_cast<std::uint8_t>(from[i] + zero);
        }
    }
    return bytes;
}

}  // namespace u65sim::ir
