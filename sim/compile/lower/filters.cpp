#include "compile/lower/filters.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "arith/rescale.hpp"
#include "base/uniform.hpp"

namespace u65sim::compiler {

std::vector<weights::ScaleRecord> scale_records(const Lowering& lowering, const Tensor& ifm,
                                                const Tensor& filter, const Tensor* bias,
                                                std::int32_t channels) {
    const auto scaling = arith::channel_scaling(lowering.op().type, ifm, bias, lowering.output());
    const auto& scales = filter.quantization.scales;
    const std::size_t count = std::min(static_cast<std::size_t>(channels), scales.size());
    if (filter.data && filter.data.model() != nullptr) {
        // Of modelled weights there are no records, only scales that must have a multiplier.
        const std::size_t distinct = std::min(count, distinct_prefix(scales));
        for (std::size_t i = 0; i < distinct; ++i) {
            if (i > 0 && scales[i] == scales[i - 1]) continue;
            static_cast<void>(scaling.multiplier(scales[i]));
        }
        return {};
    }
    const auto biases = bias ? integers(*bias) : std::vector<std::int64_t>{};
    std::vector<weights::ScaleRecord> records(static_cast<std::size_t>(channels));
    arith::Multiplier m;
    for (std::size_t i = 0; i < records.size(); ++i) {
        // Many channels have the scale of the one before.
        if (i == 0 || (i < count && scales[i] != scales[i - 1])) m = scaling.multiplier(scales[i]);
        records[i] = {i < biases.size() ? biases[i] : 0, m.multiplier, m.shift};
    }
    return records;
}

WeightSource weight_source(const Tensor& filter) {
    WeightSource source;
    source.data = filter.data;
    source.is_unsigned = filter.type == ElementType::uint8;
    const auto& zero_points = filter.quantization.zero_points;
    source.zero_points.assign(zero_points.begin(), zero_points.end());
    if (source.zero_points.empty()) source.zero_points.push_back(0);
    return source;
}

std::string support_filter(const Candidate& candidate) {
    if (auto text = candidate.same_type(); !text.empty()) return text;
    if (auto text = candidate.four_dimensions(); !text.empty()) return text;
    if (auto text = candidate.weights(); !text.empty()) return text;
    if (auto text = candidate.bias(); !text.empty()) return text;
    const WindowAttributes window = window_of(candidate.op());
    const auto& filter = candidate.input(1).shape;
    if (filter.size() != 4) return "weights must have 4 dimensions";
    const std::int64_t height = std::int64_t{filter[1] - 1} * window.dilation_h + 1;
    const std::int64_t width = std::int64_t{filter[2] - 1} * window.dilation_w + 1;
    if (height > 64 || height * width > 4096) {
        return fmt::format("dilated kernel is {}x{}: at most 64 high and 4096 elements", height,
                           width);
    }
    return {};
}

}  // namespace u65sim::compiler
