// The inputs that tests/data/generate.py feeds for a seed, and outputs as it writes them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::test {

/// Bytes of a 64-bit linear congruential generator, its states' top bytes. Elements of float32
/// take one each: -8 to 7.9375 in steps of 1/16.
inline std::vector<std::vector<std::uint8_t>> seeded_inputs(const Graph& graph,
                                                            std::uint64_t state) {
    const auto next = [&] {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::uint8_t>(state >> 56);
    };
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : graph.inputs) {
        const Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
        const auto count = static_cast<std::size_t>(element_count(tensor.shape));
        const auto size = static_cast<std::size_t>(element_bytes(tensor.type));
        std::vector<std::uint8_t> bytes(count * size);
        if (tensor.type == ElementType::float32) {
            for (std::size_t i = 0; i < count; ++i) {
                const float value = (static_cast<float>(next()) - 128.0F) / 16.0F;
                std::memcpy(bytes.data() + i * size, &value, size);
            }
        } else {
            for (std::uint8_t& byte : bytes) byte = next();
        }
        inputs.push_back(std::move(bytes));
    }
    return inputs;
}

/// All outputs in a row, two digits a byte.
inline std::string hex(const std::vector<std::vector<std::uint8_t>>& outputs) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const auto& output : outputs) {
        for (const std::uint8_t byte : output) {
            text += digits[byte >> 4];
            text += digits[byte & 15];
        }
    }
    return text;
}

}  // namespace u65sim::test
