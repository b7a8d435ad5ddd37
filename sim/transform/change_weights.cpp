// Transforms that change the values of weights, never a shape: pruning, clustering, fewer bits.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <set>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/transform.hpp>

#include "transform/weights_of.hpp"

namespace u65sim {
namespace {

using Values = std::vector<std::int16_t>;

constexpr double most_sparsity = 0.99;

/// Changes the values of every operator's weights, or the model in their place; a tensor that
/// several share only once.
Graph with_weights(const Graph& graph,
                   const std::function<void(std::size_t op, const Tensor&, Values&)>& change,
                   const std::function<void(std::size_t op, WeightModel&)>& remodel) {
    Graph result = graph;
    std::set<TensorId> done;
    for (std::size_t index = 0; index < graph.operators.size(); ++index) {
        const auto id = transform::weights_of(graph, graph.operators[index]);
        if (!id || !done.insert(*id).second) continue;
        Tensor& tensor = result.tensors[static_cast<std::size_t>(*id)];
        if (tensor.data.model()) {
            WeightModel model = *tensor.data.model();
            if (model.bits_per_weight != 0) {
                throw InvalidModel(fmt::format(
                    "tensor '{}': weights of measured size have no values to change", tensor.name));
            }
            remodel(index, model);
            tensor.data = ConstantData{model, tensor.data.size()};
            continue;
        }
        Values values = transform::centred(tensor);
        change(index, tensor, values);
        transform::set_centred(tensor, values);
    }
    return result;
}

/// Magnitudes as real numbers, up to a factor common to the tensor.
std::vector<float> magnitudes(const Tensor& tensor, const Values& values) {
    const auto& [scales, zero_points, axis] = tensor.quantization;
    std::vector<float> sizes(values.size());
    std::size_t inner = 1;
    if (scales.size() > 1) {
        for (auto at = static_cast<std::size_t>(axis) + 1; at < tensor.shape.size(); ++at) {
            inner *= static_cast<std::size_t>(tensor.shape[at]);
        }
    }
    for (std::size_t at = 0; at < values.size(); ++at) {
        const float scale = scales.size() > 1 ? scales[at / inner % scales.size()] : 1.0F;
        sizes[at] = scale * static_cast<float>(std::abs(values[at]));
    }
    return sizes;
}

/// Exactly `count` of the smallest become zero; among equals the first ones.
void zero_smallest(const Tensor& tensor, Values& values, std::size_t count) {
    if (count == 0) return;
    const std::vector<float> sizes = magnitudes(tensor, values);
    std::vector<float> sorted = sizes;
    const auto limit = sorted.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(sorted.begin(), limit, sorted.end());
    const float threshold = *limit;
    std::size_t at_threshold =
        count - static_cast<std::size_t>(std::count_if(
                    sorted.begin(), limit, [=](float size) { return size < threshold; }));
    for (std::size_t at = 0; at < values.size(); ++at) {
        if (sizes[at] > threshold) continue;
        if (sizes[at] == threshold) {
            if (at_threshold == 0) continue;
            --at_threshold;
        }
        values[at] = 0;
    }
}

/// Where k-means moves each value from -255 to 255, which of them occur given.
class Palette {
public:
    Palette(const Values& values, std::int32_t clusters) {
        for (const std::int16_t value : values) ++counts_[slot(value)];
        for (std::int32_t value = -largest; value <= largest; ++value) {
            if (counts_[slot(value)] > 0 && value != 0) present_.push_back(value);
        }
        const bool has_zero = counts_[slot(0)] > 0;
        const auto wanted = static_cast<std::size_t>(clusters - (has_zero ? 1 : 0));
        if (present_.size() <= wanted) {
            centres_.assign(present_.begin(), present_.end());
        } else {
            settle(wanted);
        }
        std::sort(centres_.begin(), centres_.end());
    }

    [[nodiscard]] std::int16_t nearest(std::int32_t value) const {
        if (value == 0 || centres_.empty()) return 0;
        std::int32_t best = centres_.front();
        for (const std::int32_t centre : centres_) {
            if (std::abs(centre - value) < std::abs(best - value)) best = centre;
        }
        return static_cast<std::int16_t>(best);
    }

private:
    static constexpr std::int32_t largest = 255;

    static std::size_t slot(std::int32_t value) {
        return static_cast<std::size_t>(value + largest);
    }

    /// Lloyd's iteration over the histogram, begun at evenly spaced values.
    void settle(std::size_t wanted) {
        constexpr int most_rounds = 60;
        std::vector<double> centres(wanted);
        const double low = present_.front();
        const double width = present_.back() - low;
        for (std::size_t at = 0; at < wanted; ++at) {
            centres[at] =
                low + width * (static_cast<double>(at) + 0.5) / static_cast<double>(wanted);
        }
        for (int round = 0; round < most_rounds; ++round) {
            std::vector<double> sums(wanted), weights(wanted);
            std::size_t at = 0;
            for (const std::int32_t value : present_) {
                while (at + 1 < wanted &&
                       std::abs(centres[at + 1] - value) < std::abs(centres[at] - value)) {
                    ++at;
                }
                const auto count = static_cast<double>(counts_[slot(value)]);
                sums[at] += count * value;
                weights[at] += count;
            }
            bool moved = false;
            for (std::size_t each = 0; each < wanted; ++each) {
                if (weights[each] == 0) continue;
                const double mean = sums[each] / weights[each];
                moved |= std::abs(mean - centres[each]) > 1e-9;
                centres[each] = mean;
            }
            if (!moved) break;
        }
        for (const double centre : centres) {
            const auto rounded = static_cast<std::int32_t>(std::lround(centre));
            // A centre on zero would prune, which clustering is not asked for.
            centres_.push_back(rounded == 0 ? (centre < 0 ? -1 : 1) : rounded);
        }
    }

    std::array<std::int64_t, 2 * largest + 1> counts_{};
    std::vector<std::int32_t> present_;  ///< without zero, ascending
    std::vector<std::int32_t> centres_;  ///< none of them zero
};

}  // namespace

std::string_view to_string(SparsitySchedule schedule) {
    return schedule == SparsitySchedule::uniform ? "uniform" : "log_parameters";
}

std::vector<double> sparsity_schedule(const Graph& graph, double share, SparsitySchedule schedule) {
    if (!(share >= 0 && share <= most_sparsity)) {
        throw InvalidModel(
            fmt::format("sparsity = {}: must be between 0 and {}", share, most_sparsity));
    }
    std::vector<double> sizes(graph.operators.size());
    double total = 0;
    for (std::size_t op = 0; op < sizes.size(); ++op) {
        const auto id = transform::weights_of(graph, graph.operators[op]);
        if (!id) continue;
        sizes[op] =
            static_cast<double>(element_count(graph.tensors[static_cast<std::size_t>(*id)].shape));
        total += sizes[op];
    }
    std::vector<double> shares(sizes.size());
    const auto at_factor = [&](double factor) {
        double zeros = 0;
        for (std::size_t op = 0; op < sizes.size(); ++op) {
            if (sizes[op] == 0) continue;
            shares[op] = schedule == SparsitySchedule::uniform
                             ? share
                             : std::min(most_sparsity, factor * std::log(sizes[op]));
            zeros += shares[op] * sizes[op];
        }
        return total == 0 ? 0.0 : zeros / total;
    };
    double low = 0.0;
    double high = 1.0;
    constexpr int enough = 60;  // halvings: to the last bit of the factor
    for (int step = 0; step < enough; ++step) {
        const double middle = (low + high) / 2;
        (at_factor(middle) < share ? low : high) = middle;
    }
    at_factor(high);
    return shares;
}

Graph prune_weights(const Graph& graph, const std::vector<double>& shares) {
    if (shares.size() != graph.operators.size()) {
        throw InvalidModel(fmt::format("{} sparsities: must be {}, one an operator", shares.size(),
                                       graph.operators.size()));
    }
    for (const double share : shares) {
        if (!(share >= 0 && share <= 1)) {
            throw InvalidModel(fmt::format("sparsity = {}: must be between 0 and 1", share));
        }
    }
    return with_weights(
        graph,
        [&](std::size_t op, const Tensor& tensor, Values& values) {
            const double count = shares[op] * static_cast<double>(values.size());
            zero_smallest(tensor, values, static_cast<std::size_t>(std::llround(count)));
        },
        [&](std::size_t op, WeightModel& model) {
            model.density = std::min(model.density, 1 - shares[op]);
        });
}

Graph prune_pattern(const Graph& graph, std::int32_t kept, std::int32_t group) {
    if (kept < 1 || kept >= group) {
        throw InvalidModel(
            fmt::format("pattern {}:{}: must keep at least 1 and fewer than all", kept, group));
    }
    const auto width = static_cast<std::size_t>(group);
    return with_weights(
        graph,
        [&](std::size_t op, const Tensor& tensor, Values& values) {
            if (graph.operators[op].type == OpType::depthwise_conv_2d) return;  // one input channel
            const auto channels = static_cast<std::size_t>(tensor.shape.back());
            std::vector<std::size_t> order(width);
            for (std::size_t row = 0; row < values.size(); row += channels) {
                // A last, incomplete group is left whole: the pattern is about complete ones.
                for (std::size_t begin = 0; begin + width <= channels; begin += width) {
                    for (std::size_t at = 0; at < width; ++at) order[at] = row + begin + at;
                    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
                        return std::abs(values[a]) > std::abs(values[b]);
                    });
                    for (std::size_t at = static_cast<std::size_t>(kept); at < width; ++at) {
                        values[order[at]] = 0;
                    }
                }
            }
        },
        [&](std::size_t op, WeightModel& model) {
            if (graph.operators[op].type == OpType::depthwise_conv_2d) return;
            model.density = std::min(model.density, static_cast<double>(kept) / group);
        });
}

Graph cluster_weights(const Graph& graph, std::int32_t clusters) {
    if (clusters < 2 || clusters > 255) {
        throw InvalidModel(fmt::format("clusters = {}: must be from 2 to 255", clusters));
    }
    return with_weights(
        graph,
        [&](std::size_t, const Tensor&, Values& values) {
            const Palette palette{values, clusters};
            std::array<std::int16_t, 511> moved{};
            for (int value = -255; value <= 255; ++value) {
                moved[static_cast<std::size_t>(value + 255)] = palette.nearest(value);
            }
            for (std::int16_t& value : values) value = moved[static_cast<std::size_t>(value + 255)];
        },
        [&](std::size_t, WeightModel& model) {
            model.clusters = model.clusters == 0 ? clusters : std::min(model.clusters, clusters);
        });
}

Graph limit_weight_bits(const Graph& graph, std::int32_t bits) {
    if (bits < 2 || bits > 8) {
        throw InvalidModel(fmt::format("weights of {} bits: must be from 2 to 8", bits));
    }
    if (bits == 8) return graph;
    constexpr double largest = 127;
    const double levels = (1 << (bits - 1)) - 1;
    return with_weights(
        graph,
        [&](std::size_t, const Tensor&, Values& values) {
            for (std::int16_t& value : values) {
                const double level =
                    std::clamp(std::round(value * levels / largest), -levels, levels);
                value = static_cast<std::int16_t>(std::lround(level * largest / levels));
            }
        },
        [&](std::size_t, WeightModel& model) {
            const std::int32_t values = (1 << bits) - 1;
            model.clusters = model.clusters == 0 ? values : std::min(model.clusters, values);
        });
}

}  // namespace u65sim
