// Width and structured pruning: networks with more or fewer channels.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/transform.hpp>

#include "transform/channels.hpp"
#include "transform/weights_of.hpp"

namespace u65sim {
namespace {

using Picks = std::vector<std::int32_t>;

/// `size` times `factor` as a multiple of `divisor`, never beyond `size` on the other side.
std::int32_t scaled(std::int32_t size, double factor, std::int32_t divisor) {
    const double wanted = size * factor;
    auto made = static_cast<std::int32_t>(std::lround(wanted / divisor)) * divisor;
    made = std::max(made, divisor);
    if (made < 0.9 * wanted) made += divisor;
    return factor < 1 ? std::min(made, size) : std::max(made, size);
}

void check_divisor(std::int32_t divisor) {
    if (divisor < 1) {
        throw InvalidModel(fmt::format("divisor = {}: must be at least 1", divisor));
    }
}

Picks all_of(std::int32_t size) {
    Picks picks(static_cast<std::size_t>(size));
    std::iota(picks.begin(), picks.end(), 0);
    return picks;
}

/// Sum of magnitudes of the weights that make each channel of a group.
std::vector<double> importance(const Graph& graph, const transform::ChannelGroup& group) {
    std::vector<double> sums(static_cast<std::size_t>(group.size));
    for (const std::size_t maker : group.makers) {
        const TensorId id = *transform::weights_of(graph, graph.operators[maker]);
        const Tensor& weights = graph.tensors[static_cast<std::size_t>(id)];
        if (weights.data.model()) continue;  // every channel of a model is like the others
        const std::vector<std::int16_t> values = transform::centred(weights);
        const std::size_t row = values.size() / sums.size();
        for (std::size_t channel = 0; channel < sums.size(); ++channel) {
            std::int64_t sum = 0;
            for (std::size_t at = 0; at < row; ++at) sum += std::abs(values[channel * row + at]);
            const auto& scales = weights.quantization.scales;
            const double scale = scales.empty()       ? 1.0
                                 : scales.size() == 1 ? scales[0]
                                                      : scales[channel];
            sums[channel] += static_cast<double>(sum) * scale;
        }
    }
    return sums;
}

}  // namespace

Graph scale_width(const Graph& graph, double factor, const KeptOperators& keep,
                  std::int32_t divisor) {
    if (!(factor >= 0.01 && factor <= 16)) {
        throw InvalidModel(fmt::format("width = {}: must be between 0.01 and 16", factor));
    }
    check_divisor(divisor);
    const transform::Channels channels{graph, keep};
    std::vector<Picks> picks;
    for (const transform::ChannelGroup& group : channels.groups()) {
        Picks all = all_of(group.fixed ? group.size : scaled(group.size, factor, divisor));
        const auto made = static_cast<std::int64_t>(all.size());
        for (std::int32_t& pick : all) {
            pick = static_cast<std::int32_t>(std::int64_t{pick} * group.size / made);
        }
        picks.push_back(std::move(all));
    }
    return channels.rebuilt(picks);
}

Graph prune_channels(const Graph& graph, double share, const KeptOperators& keep,
                     std::int32_t divisor) {
    if (!(share >= 0 && share <= 0.99)) {
        throw InvalidModel(fmt::format("pruned channels = {}: must be between 0 and 0.99", share));
    }
    check_divisor(divisor);
    const transform::Channels channels{graph, keep};
    std::vector<Picks> picks;
    for (const transform::ChannelGroup& group : channels.groups()) {
        Picks all = all_of(group.size);
        if (!group.fixed && share > 0) {
            const std::vector<double> sums = importance(graph, group);
            std::stable_sort(all.begin(), all.end(), [&](std::int32_t a, std::int32_t b) {
                return sums[static_cast<std::size_t>(a)] > sums[static_cast<std::size_t>(b)];
            });
            all.resize(static_cast<std::size_t>(scaled(group.size, 1 - share, divisor)));
            std::sort(all.begin(), all.end());
        }
        picks.push_back(std::move(all));
    }
    return channels.rebuilt(picks);
}

}  // namespace u65sim
