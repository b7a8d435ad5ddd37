#include "compile/lower/filter_layouts.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "compile/lower/filters.hpp"

namespace u65sim::compiler {

namespace {

/// Modelled weights have no values: the zeros added thin them out.
ConstantData thinned(const WeightModel& model, double kept, std::int64_t elements) {
    WeightModel thin = model;
    thin.density *= kept;
    thin.bits_per_weight *= kept;
    return ConstantData(thin, elements);
}

/// What stands for zero among the weights of an output channel.
std::uint8_t zero_of(const WeightSource& source, std::size_t output) {
    return static_cast<std::uint8_t>(
        source.zero_points[source.zero_points.size() > 1 ? output : std::size_t{0}]);
}

}  // namespace

WeightSource folded_filters(const Tensor& filter, std::int32_t fold, std::int32_t lead) {
    WeightSource source = weight_source(filter);
    const auto outputs = static_cast<std::size_t>(filter.shape[0]);
    const auto height = static_cast<std::size_t>(filter.shape[1]);
    const auto row =
        static_cast<std::size_t>(filter.shape[2]) * static_cast<std::size_t>(filter.shape[3]);
    source.outputs = filter.shape[0];
    source.height = filter.shape[1];
    source.width = static_cast<std::int32_t>(ceil_div(filter.shape[2] + lead, fold));
    source.inputs = filter.shape[3] * fold;
    const auto wide =
        static_cast<std::size_t>(source.width) * static_cast<std::size_t>(source.inputs);
    const auto skip = static_cast<std::size_t>(lead) * static_cast<std::size_t>(filter.shape[3]);
    if (const WeightModel* model = filter.data.model()) {
        source.data = thinned(*model, static_cast<double>(row) / static_cast<double>(wide),
                              static_cast<std::int64_t>(outputs * height * wide));
        return source;
    }
    std::vector<std::uint8_t> bytes(outputs * height * wide);
    for (std::size_t i = 0; i < outputs * height; ++i) {
        std::fill_n(&bytes[i * wide], wide, zero_of(source, i / height));
        std::copy_n(&filter.data.bytes()[i * row], row, &bytes[i * wide + skip]);
    }
    source.data = ConstantData(std::move(bytes));
    return source;
}

WeightSource joined_filters(const Tensor& filter, bool by_channels, std::int32_t groups,
                            std::int32_t first, std::int32_t joined) {
    WeightSource source = weight_source(filter);
    source.outputs = filter.shape[by_channels ? 3 : 0];
    source.height = filter.shape[1];
    source.width = filter.shape[2];
    const auto outputs = static_cast<std::size_t>(source.outputs);
    const auto depth = static_cast<std::size_t>(by_channels ? 1 : filter.shape[3]);
    const std::size_t taps =
        static_cast<std::size_t>(source.height) * static_cast<std::size_t>(source.width);
    const std::size_t wide = depth * static_cast<std::size_t>(joined);
    source.inputs = static_cast<std::int32_t>(wide);
    if (const WeightModel* model = filter.data.model()) {
        source.data =
            thinned(*model, 1.0 / joined, static_cast<std::int64_t>(outputs * taps * wide));
        return source;
    }
    const std::size_t outputs_a_group = outputs / static_cast<std::size_t>(groups);
    // From one tap of a filter to the next, and from one filter to the next.
    const std::size_t tap_step = by_channels ? outputs : depth;
    const std::size_t output_step = by_channels ? 1 : taps * depth;
    std::vector<std::uint8_t> bytes(outputs * taps * wide);
    const std::size_t begin = static_cast<std::size_t>(first) * outputs_a_group;
    for (std::size_t o = begin; o < outputs; ++o) {
        const std::size_t group = (o - begin) / outputs_a_group;
        const std::size_t place = group % static_cast<std::size_t>(joined) * depth;
        std::fill_n(&bytes[o * taps * wide], taps * wide, zero_of(source, o));
        for (std::size_t tap = 0; tap < taps; ++tap) {
            std::copy_n(&filter.data.bytes()[o * output_step + tap * tap_step], depth,
                        &bytes[(o * taps + tap) * wide + place]);
        }
    }
    source.data = ConstantData(std::move(bytes));
    return source;
}

}  // namespace u65sim::compiler
