#include "compile/encode/estimate_weights.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "base/hash.hpp"
#include "compile/encode/encode_weights.hpp"
#include "ir/random.hpp"
#include "ir/weight_model.hpp"
#include "weights/codec.hpp"

namespace u65sim::compiler {

namespace {

/// Weights of a sample: enough that its rate is within a percent of the whole's.
constexpr std::int64_t sample_weights = 16384;
/// Weights that one scale is drawn over when all channels share it.
constexpr std::int64_t shared_weights = 262144;
constexpr std::uint64_t sample_seed = 1;

std::int64_t fan_in_of(const WeightSource& source) {
    return std::int64_t{source.height} * source.width * source.inputs;
}

std::int32_t sample_channels(const WeightSource& source, std::int32_t channels) {
    const std::int64_t fan_in = std::max<std::int64_t>(1, fan_in_of(source));
    const std::int64_t wanted = round_up(ceil_div(sample_weights, fan_in), 8);
    return static_cast<std::int32_t>(std::min<std::int64_t>(channels, wanted));
}

/// Bytes of the sample, encoded.
std::int64_t encode_sample(const WeightSource& source, const weights::Order& order,
                           std::int32_t channels) {
    const auto fan_in = static_cast<std::size_t>(fan_in_of(source));
    const bool per_channel = source.zero_points.size() > 1;
    auto drawn_channels = static_cast<std::size_t>(channels);
    if (!per_channel) {
        // The largest of all weights sets the scale: draw as many as there are.
        const auto most =
            static_cast<std::size_t>(shared_weights) / std::max<std::size_t>(1, fan_in);
        drawn_channels =
            std::max(drawn_channels, std::min(static_cast<std::size_t>(source.outputs), most));
    }
    ir::Random random{sample_seed};
    ir::DrawnWeights drawn = ir::draw_weights(ir::draw_settings(*source.data.model()), random,
                                              drawn_channels, fan_in, per_channel);
    drawn.values.resize(static_cast<std::size_t>(channels) * fan_in);
    WeightSource sample = source;
    const bool channels_last =
        source.form == WeightSource::Form::channels || source.form == WeightSource::Form::single;
    sample.outputs = channels;
    sample.first_output = 0;
    sample.is_unsigned = false;
    sample.zero_points = {0};
    sample.data = ConstantData{
        ir::arrange(drawn.values, static_cast<std::size_t>(channels), fan_in, channels_last, 0)};
    const StoredWeights stored{sample, 0, 1, channels};
    return static_cast<std::int64_t>(weights::encoded_size(stored.volume, order));
}

std::uint64_t key_of(const WeightSource& source, const weights::Order& order,
                     std::int32_t sampled) {
    const WeightModel& model = *source.data.model();
    Hasher hasher;
    const auto add = [&](std::int64_t value) { hasher.add(static_cast<std::uint64_t>(value)); };
    add(static_cast<int>(model.distribution));
    hasher.add(std::bit_cast<std::uint64_t>(model.density));
    const bool per_channel = source.zero_points.size() > 1;
    for (const std::int64_t value :
         {std::int64_t{model.clusters}, std::int64_t{static_cast<int>(source.form)},
          std::int64_t{source.height}, std::int64_t{source.width}, std::int64_t{source.inputs},
          std::int64_t{source.spread_y}, std::int64_t{source.spread_x},
          std::int64_t{per_channel ? -1 : source.outputs}, std::int64_t{sampled},
          std::int64_t{static_cast<int>(order.traversal)},
          // Blocks deeper than the sample change nothing in it.
          std::int64_t{std::min(order.block_depth, sampled)}, std::int64_t{order.ifm_bits},
          std::int64_t{order.dilation_y}, std::int64_t{order.dilation_x},
          std::int64_t{order.ofm_ublock_depth}, std::int64_t{order.ifm_ublock_depth}}) {
        add(value);
    }
    return hasher.digest();
}

/// Encoded size of a sample.
EstimatedWeights sample_size(const WeightSource& source, const weights::Order& order,
                             std::int32_t channels, WeightCache& cache) {
    const std::uint64_t key = key_of(source, order, channels);
    if (const auto known = cache.rates.find(key)) return {*known, true};
    const std::int64_t size = encode_sample(source, order, channels);
    cache.rates.insert(key, size);
    return {size, false};
}

}  // namespace

EstimatedWeights estimate_encoded(const WeightSource& source, const weights::Order& order,
                                  std::int32_t channels, WeightCache& cache) {
    const double bits = source.data.model()->bits_per_weight;
    double bytes = 0;
    bool known = true;
    if (bits > 0) {
        bytes = bits / 8 * static_cast<double>(channels * fan_in_of(source));
    } else {
        const std::int32_t sampled = sample_channels(source, channels);
        const EstimatedWeights sample = sample_size(source, order, sampled, cache);
        if (sampled == channels) return sample;
        known = sample.known;
        const auto length = [&](std::int32_t outputs) {
            return static_cast<double>(weights::stream_length(
                outputs, spread_height(source), spread_width(source), source.inputs, order));
        };
        bytes = static_cast<double>(sample.size) * length(channels) / length(sampled);
    }
    const std::int64_t size = round_up(static_cast<std::int64_t>(std::ceil(bytes)), 16);
    if (size > std::numeric_limits<std::uint32_t>::max()) {
        throw InvalidModel(
            fmt::format("modelled weights of {} bytes: a core's range holds at most {}", size,
                        std::numeric_limits<std::uint32_t>::max()));
    }
    return {std::max<std::int64_t>(size, 16), known};
}

}  // namespace u65sim::compiler
