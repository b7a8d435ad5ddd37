#include "ir/constants.hpp"

namespace u65sim::ir {

std::optional<std::vector<std::int64_t>> constant_integers(const Graph& graph, TensorId tensor) {
    if (tensor < 0 || static_cast<std::size_t>(tensor) >= graph.tensors.size()) return {};
    const Tensor& source = graph.tensors[static_cast<std::size_t>(tensor)];
    const bool is_wide = source.type == ElementType::int64;
    if (!source.data || (source.type != ElementType::int32 && !is_wide)) return {};
    const std::vector<std::uint8_t>& bytes = source.data.bytes();
    const std::size_t width = is_wide ? 8 : 4;
    std::size_t elements = 1;
    for (const std::int32_t extent : source.shape) {
        if (extent < 0 || elements > bytes.size()) return {};
        elements *= static_cast<std::size_t>(extent);
    }
    if (elements > bytes.size() || bytes.size() != elements * width) return {};
    std::vector<std::int64_t> values(bytes.size() / width);
    for (std::size_t index = 0; index < values.size(); ++index) {
        std::uint64_t value = 0;
        for (std::size_t byte = 0; byte < width; ++byte) {
            value |= std::uint64_t{bytes[index * width + byte]} << (8 * byte);
        }
        values[index] = is_wide ? static_cast<std::int64_t>(value)
                                : static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    }
    return values;
}

ConstantData int32_data(const std::vector<std::int32_t>& values) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(values.size() * 4);
    for (const std::int32_t value : values) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> shift));
        }
    }
    return ConstantData{std::move(bytes)};
}

}  // namespace u65sim::ir
