// UNIDIRECTIONAL_SEQUENCE_LSTM with 8-bit activations and weights and a 16-bit cell.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "arith/fixed_point.hpp"
#include "arith/fixed_point16.hpp"

namespace u65sim::arith {
namespace {

// Operands by position; each group has the input, forget, cell and output gate in a row.
constexpr std::size_t input_weights = 1, recurrent_weights = 5, peepholes = 9, gate_biases = 12,
                      projection = 16, output_state = 18, cell_state = 19, normalisation = 20;
constexpr std::size_t gates = 4, cell_gate = 2;
constexpr std::size_t hidden_carrier = 4;
constexpr double gate_scale = 1.0 / 4096.0;

/// What one gate adds up, per batch and cell.
struct Gate {
    std::vector<std::int64_t> of_input, of_state, bias;
    Multiplier input_scale, state_scale;
};

struct Layer {
    std::size_t batches, steps, features, cells;
    bool time_major;
    Affine input, hidden, state;
    int cell_exponent;     ///< the cell state's scale is 2^this
    std::int64_t clip;     ///< 0: none
    Multiplier out_scale;  ///< of gate times tanh
    std::array<Gate, gates> gate;

    [[nodiscard]] std::size_t step_of(std::size_t step, std::size_t batch) const {
        return time_major ? step * batches + batch : batch * steps + step;
    }
};

Multiplier product_scale(float a, float b, double out) {
    return quantise(static_cast<double>(a * b / static_cast<float>(out)));
}

std::vector<std::int64_t> matrix(const CpuCall& call, std::size_t index, std::size_t rows,
                                 std::size_t columns) {
    auto values = raw_values(call, call.input(index));
    if (values.size() != rows * columns) {
        call.invalid(fmt::format("operand {} has {} elements: must be {}x{}", index, values.size(),
                                 rows, columns));
    }
    return values;
}

Layer read(const CpuCall& call) {
    const auto& form = call.attributes<LstmAttributes>();
    const Tensor& map = *call.input(0).tensor;
    for (const std::size_t i : {peepholes, peepholes + 1, peepholes + 2, projection, normalisation,
                                normalisation + 1, normalisation + 2, normalisation + 3}) {
        if (call.has_input(i)) {
            call.not_executable("no kernel for peepholes, projections and normalised layers");
        }
    }
    if (!call.has_input(input_weights)) call.not_executable("no kernel for coupled gates");
    if (map.type != ElementType::int8 || call.output().type != ElementType::int8 ||
        call.input(cell_state).tensor->type != ElementType::int16) {
        call.not_executable("wants int8 maps and an int16 cell state");
    }
    if (form.activation != Activation::tanh) call.not_executable("wants TANH as its activation");
    if (map.shape.size() != 3) call.invalid("the input must have 3 dimensions");
    if (call.intermediates.size() <= hidden_carrier ||
        call.intermediates[hidden_carrier] == nullptr) {
        call.invalid("must have 5 intermediate tensors");
    }
    Layer layer{};
    layer.time_major = form.time_major;
    layer.batches = static_cast<std::size_t>(map.shape[form.time_major ? 1 : 0]);
    layer.steps = static_cast<std::size_t>(map.shape[form.time_major ? 0 : 1]);
    layer.features = static_cast<std::size_t>(map.shape[2]);
    layer.cells = static_cast<std::size_t>(call.output().shape.back());
    layer.input = affine_of(call, map);
    layer.state = affine_of(call, *call.input(output_state).tensor);
    layer.hidden = affine_of(call, *call.intermediates[hidden_carrier]);
    const float cell_scale = affine_of(call, *call.input(cell_state).tensor).scale;
    int exponent = 0;
    if (std::frexp(cell_scale, &exponent) != 0.5F || exponent > -8 || exponent < -14) {
        call.not_executable(fmt::format(
            "the cell state's scale is {}: must be a power of two from 2^-15 to 2^-9", cell_scale));
    }
    layer.cell_exponent = exponent - 1;
    if (form.cell_clip > 0) {
        // The reference truncates.
        layer.clip = static_cast<std::int64_t>(std::min(form.cell_clip / cell_scale, 32767.0F));
    }
    constexpr float q15 = 1.0F / 32768.0F;
    layer.out_scale = quantise(static_cast<double>(q15 / layer.hidden.scale * q15));
    for (std::size_t i = 0; i < gates; ++i) {
        Gate& gate = layer.gate[i];
        gate.of_input = matrix(call, input_weights + i, layer.cells, layer.features);
        gate.of_state = matrix(call, recurrent_weights + i, layer.cells, layer.cells);
        gate.bias.assign(layer.cells, 0);
        if (call.has_input(gate_biases + i))
            gate.bias = matrix(call, gate_biases + i, layer.cells, 1);
        gate.input_scale =
            product_scale(layer.input.scale,
                          affine_of(call, *call.input(input_weights + i).tensor).scale, gate_scale);
        gate.state_scale = product_scale(
            layer.state.scale, affine_of(call, *call.input(recurrent_weights + i).tensor).scale,
            gate_scale);
    }
    return layer;
}

/// Row `row` of a matrix times a vector with its zero point removed.
std::int32_t dot(const std::vector<std::int64_t>& rows, std::size_t row, const std::int64_t* vector,
                 std::size_t count, std::int32_t zero_point, std::int64_t start) {
    std::int64_t sum = start;
    for (std::size_t i = 0; i < count; ++i) {
        sum += rows[row * count + i] * (vector[i] - zero_point);
    }
    return static_cast<std::int32_t>(sum);
}

std::int16_t gate_value(const Layer& layer, std::size_t which, std::size_t cell,
                        const std::int64_t* input, const std::int64_t* state) {
    const Gate& gate = layer.gate[which];
    const std::int32_t of_input =
        dot(gate.of_input, cell, input, layer.features, layer.input.zero_point, gate.bias[cell]);
    const std::int32_t of_state =
        dot(gate.of_state, cell, state, layer.cells, layer.state.zero_point, 0);
    const std::int16_t first = saturate16(multiply_by_quantised(of_input, gate.input_scale));
    const std::int16_t sum =
        saturate16(std::int64_t{multiply_by_quantised(of_state, gate.state_scale)} + first);
    constexpr int gate_integer_bits = 3;
    return which == cell_gate ? fixed_tanh16(sum, gate_integer_bits) : fixed_logistic16(sum);
}

}  // namespace

CpuResults cpu_lstm(const CpuCall& call) {
    const Layer layer = read(call);
    const auto maps = raw_values(call, call.input(0));
    auto hidden = matrix(call, output_state, layer.batches, layer.cells);
    auto cells = matrix(call, cell_state, layer.batches, layer.cells);
    std::vector<std::int64_t> result(layer.batches * layer.steps * layer.cells);
    for (std::size_t step = 0; step < layer.steps; ++step) {
        for (std::size_t batch = 0; batch < layer.batches; ++batch) {
            const std::size_t place = layer.step_of(step, batch);
            const std::int64_t* input = &maps[place * layer.features];
            std::int64_t* output = &result[place * layer.cells];
            const std::int64_t* state = &hidden[batch * layer.cells];
            for (std::size_t i = 0; i < layer.cells; ++i) {
                const auto value = [&](std::size_t which) {
                    return std::int32_t{gate_value(layer, which, i, input, state)};
                };
                std::int64_t& cell = cells[batch * layer.cells + i];
                const auto kept = static_cast<std::int16_t>(
                    rounding_divide_by_pot(value(1) * static_cast<std::int32_t>(cell), 15));
                const auto added = static_cast<std::int16_t>(
                    rounding_divide_by_pot(value(0) * value(cell_gate), 30 + layer.cell_exponent));
                cell = saturate16(kept + added);
                if (layer.clip > 0) cell = std::clamp(cell, -layer.clip, layer.clip);
                const std::int32_t squashed =
                    fixed_tanh16(static_cast<std::int16_t>(cell), 15 + layer.cell_exponent);
                output[i] = std::clamp<std::int64_t>(
                    std::int64_t{multiply_by_quantised(value(3) * squashed, layer.out_scale)} +
                        layer.hidden.zero_point,
                    -128, 127);
            }
            std::copy_n(output, layer.cells, &hidden[batch * layer.cells]);
        }
    }
    return {store_raw(call, ElementType::int8, result), store_raw(call, ElementType::int8, hidden),
            store_raw(call, ElementType::int16, cells)};
}

}  // namespace u65sim::arith
