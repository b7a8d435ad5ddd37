// SVDF: a filter over features, then one over the last steps of time, which the state keeps.
#include <algorithm>

#include "arith/cpu_kernel_table.hpp"
#include "arith/fixed_point.hpp"

namespace u65sim::arith {
namespace {

constexpr std::size_t features_operand = 1, time_operand = 2, bias_operand = 3, state_operand = 4;

/// Extents: input batches x inputs, features filters x inputs, time filters x steps, state batches
/// x (filters * steps), output batches x units.
struct Extents {
    std::size_t batches, inputs, filters, steps, units, rank;
};

Extents extents_of(const CpuCall& call) {
    const auto matrix = [&](const Shape& shape) -> const Shape& {
        if (shape.size() != 2) call.invalid("operands must have 2 dimensions");
        return shape;
    };
    const auto extent = [](std::int32_t value) { return static_cast<std::size_t>(value); };
    const Shape& input = matrix(call.input(0).tensor->shape);
    const Shape& features = matrix(call.input(features_operand).tensor->shape);
    const Shape& time = matrix(call.input(time_operand).tensor->shape);
    const std::int32_t rank = call.attributes<SvdfAttributes>().rank;
    if (rank < 1 || features[0] % rank != 0 || features[1] != input[1] || time[0] != features[0] ||
        time[1] < 1) {
        call.invalid("the filters' shapes disagree with the input");
    }
    const Extents e{extent(input[0]), extent(input[1]),           extent(features[0]),
                    extent(time[1]),  extent(features[0] / rank), extent(rank)};
    const auto state = static_cast<std::size_t>(elements(*call.input(state_operand).tensor));
    const auto output = static_cast<std::size_t>(elements(call.output()));
    if (state != e.batches * e.filters * e.steps || output != e.batches * e.units) {
        call.invalid("the state's or the output's shape disagrees with the filters");
    }
    return e;
}

/// Forgets the oldest step of the state, filters the input's features into the newest one, and
/// returns the filtered time, summed by units.
template <class Value, class Feature>
std::vector<Value> advance(const Extents& e, std::vector<Value>& state,
                           const std::vector<Value>& time, Feature feature) {
    std::vector<Value> result(e.batches * e.units, Value{0});
    for (std::size_t batch = 0; batch < e.batches; ++batch) {
        for (std::size_t filter = 0; filter < e.filters; ++filter) {
            Value* const steps = &state[(batch * e.filters + filter) * e.steps];
            std::copy(steps + 1, steps + e.steps, steps);
            steps[e.steps - 1] = feature(batch, filter);
            Value sum{0};
            for (std::size_t i = 0; i < e.steps; ++i) sum += time[filter * e.steps + i] * steps[i];
            result[batch * e.units + filter / e.rank] += sum;
        }
    }
    return result;
}

CpuResults float_svdf(const CpuCall& call, const Extents& e) {
    const auto inputs = float_values(call, call.input(0));
    const auto features = float_values(call, call.input(features_operand));
    auto state = float_values(call, call.input(state_operand));
    auto result =
        advance(e, state, float_values(call, call.input(time_operand)),
                [&](std::size_t batch, std::size_t filter) {
                    float sum = 0.0F;
                    for (std::size_t i = 0; i < e.inputs; ++i) {
                        sum += inputs[batch * e.inputs + i] * features[filter * e.inputs + i];
                    }
                    return sum;
                });
    const auto bias = call.has_input(bias_operand) ? float_values(call, call.input(bias_operand))
                                                   : std::vector<float>(e.units, 0.0F);
    if (bias.size() != e.units) call.invalid("the bias disagrees with the units");
    const Activation activation = call.attributes<SvdfAttributes>().activation;
    for (std::size_t i = 0; i < result.size(); ++i) {
        result[i] = activated(call, activation, result[i] + bias[i % e.units]);
    }
    return {store_floats(result), store_floats(state)};
}

}  // namespace

CpuResults cpu_svdf(const CpuCall& call) {
    const Extents e = extents_of(call);
    const Tensor& map = *call.input(0).tensor;
    const Tensor& kept = *call.input(state_operand).tensor;
    const Tensor& output = call.output();
    if (is_float(map)) return float_svdf(call, e);
    if (map.type != ElementType::int8 || output.type != ElementType::int8 ||
        bytes_of_element(kept) > 2) {
        call.not_executable("no SVDF kernel for these element types");
    }
    const Affine in = affine_of(call, map);
    const Affine out = affine_of(call, output);
    const float state_scale = affine_of(call, kept).scale;
    const Multiplier to_state = quantise(static_cast<double>(
        in.scale * affine_of(call, *call.input(features_operand).tensor).scale / state_scale));
    const Multiplier to_output = quantise(static_cast<double>(
        state_scale * affine_of(call, *call.input(time_operand).tensor).scale / out.scale));
    const RawRange state_range = raw_range(call, kept.type);
    const RawRange range = raw_range(call, output.type);
    const auto inputs = raw_values(call, call.input(0));
    const auto features = raw_values(call, call.input(features_operand));
    auto state = raw_values(call, call.input(state_operand));
    auto result = advance(e, state, raw_values(call, call.input(time_operand)),
                          [&](std::size_t batch, std::size_t filter) {
                              std::int64_t sum = 0;
                              for (std::size_t i = 0; i < e.inputs; ++i) {
                                  sum += features[filter * e.inputs + i] *
                                         (inputs[batch * e.inputs + i] - in.zero_point);
                              }
                              return std::clamp<std::int64_t>(
                                  multiply_by_quantised(static_cast<std::int32_t>(sum), to_state),
                                  state_range.low, state_range.high);
                          });
    const auto bias = call.has_input(bias_operand) ? integers(call, bias_operand)
                                                   : std::vector<std::int64_t>(e.units, 0);
    if (bias.size() != e.units) call.invalid("the bias disagrees with the units");
    for (std::size_t i = 0; i < result.size(); ++i) {
        const auto sum = static_cast<std::int32_t>(result[i] + bias[i % e.units]);
        result[i] = std::clamp(std::int64_t{multiply_by_quantised(sum, to_output)} + out.zero_point,
                               range.low, range.high);
    }
    return {store_raw(call, output.type, result), store_raw(call, kept.type, state)};
}

}  // namespace u65sim::arith
