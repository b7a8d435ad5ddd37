// One step of RNNoise (Valin, 2018), unrolled: the states are inputs and outputs.
#include <u65sim/graph_builder.hpp>

#include "zoo/families.hpp"

namespace u65sim::zoo_families {
namespace {

// States cross the network's border in the symmetric type of a tanh, and live inside on a wider
// scale, as converters choose it from observed ranges.
Quantization border_quantization() { return {{0x1p-7F}, {0}, 0}; }
Quantization inner_quantization() { return {{2.0F / 255.0F}, {0}, 0}; }

// Each sum in front of a gate is on a scale of its own, so that no two gates share a look-up table.
LayerOptions gate_sum(std::int32_t units, std::int32_t gate, const std::string& name) {
    const float scale =
        (4.0F + 0.25F * static_cast<float>(gate)) / 128.0F + static_cast<float>(units) / 4096.0F;
    return {.name = name, .quantization = Quantization{{scale}, {0}, 0}};
}

struct Gru {
    Value hidden;     ///< for the layers behind
    Value new_state;  ///< network output
};

// h' = z * h + (1 - z) * tanh(Wx + U(r * h)), with z and r from logistic gates: the reset gate acts
// before the recurrent weights, as in the original. W makes three gates at once, U first two, then
// the candidate.
Gru gru(GraphBuilder& net, Value x, std::int32_t units, const std::string& name) {
    const Value state = net.input({1, units}, name + "_state", border_quantization());
    const Value h =
        net.quantize(state, ElementType::int8, inner_quantization(), {.name = name + "_state_in"});
    const auto from_input =
        net.split(net.fully_connected(x, 3 * units, {.name = name + "_from_input"}), 3, 1,
                  {.name = name + "_input_gates"});
    const auto from_state =
        net.split(net.fully_connected(h, 2 * units, {.name = name + "_from_state"}), 2, 1,
                  {.name = name + "_recurrent_gates"});
    const Value update = net.logistic(
        net.add(from_input[0], from_state[0], gate_sum(units, 0, name + "_update_sum")),
        {.name = name + "_update"});
    const Value reset =
        net.logistic(net.add(from_input[1], from_state[1], gate_sum(units, 1, name + "_reset_sum")),
                     {.name = name + "_reset"});
    const Value remembered = net.fully_connected(net.mul(reset, h, {.name = name + "_reset_state"}),
                                                 units, {.name = name + "_remembered"});
    const Value candidate =
        net.tanh(net.add(from_input[2], remembered, gate_sum(units, 2, name + "_candidate_sum")),
                 {.name = name + "_candidate"});
    const Value one = net.constant({1}, {1.0}, name + "_one");
    const Value kept = net.mul(update, h, {.name = name + "_kept"});
    const Value complement = net.sub(one, update, {.name = name + "_complement"});
    const Value fresh = net.mul(complement, candidate, {.name = name + "_fresh"});
    const Value hidden =
        net.add(kept, fresh, {.name = name + "_hidden", .quantization = inner_quantization()});
    const Value new_state = net.quantize(hidden, ElementType::int8, border_quantization(),
                                         {.name = name + "_new_state"});
    return {hidden, new_state};
}

}  // namespace

Graph rnnoise(const std::string& name, const ZooWeights& weights) {
    GraphBuilder net{name, {weights}};
    const Value input = net.input({1, 42}, "features");
    const Value features =
        net.quantize(input, ElementType::int8, inner_quantization(), {.name = "features_in"});
    const Value dense = net.tanh(net.fully_connected(features, 24, {.name = "dense_sum"}),
                                 {.name = "dense", .quantization = inner_quantization()});
    const Gru voice = gru(net, dense, 24, "voice");
    const Value noise_input =
        net.concat({dense, voice.hidden, features}, 1, {.name = "noise_input"});
    const Gru noise = gru(net, noise_input, 48, "noise");
    const Value denoise_input =
        net.concat({voice.hidden, noise.hidden, features}, 1, {.name = "denoise_input"});
    const Gru denoise = gru(net, denoise_input, 96, "denoise");
    const Value gains = net.logistic(net.fully_connected(denoise.hidden, 22, {.name = "gains_sum"}),
                                     {.name = "gains"});
    net.output(gains);
    net.output(voice.new_state);
    net.output(noise.new_state);
    net.output(denoise.new_state);
    return net.build();
}

}  // namespace u65sim::zoo_families
