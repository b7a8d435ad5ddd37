// The data of an EthosUBackend delegate: blocks that hold what Vela made.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/pte/data_file.hpp"
#include "ir/npu_operator.hpp"

namespace u65sim::frontend {

/// A feature map that the runtime copies into the delegate's memory or out of it.
struct VelaMap {
    std::array<std::int32_t, 6> shape{};
    std::int32_t element_bytes = 0;
    ir::MapPlace place;
    /// Bytes of the whole map.
    [[nodiscard]] std::int64_t bytes() const;
};

struct VelaBlocks {
    std::span<const std::uint8_t> commands, weights;
    std::int32_t scratch_bytes = 0;
    std::vector<VelaMap> inputs, outputs;
};

/// Blocks of 32 bytes of header (16 of name, size in 32 bits, 1 where the content is the name of
/// data that stand elsewhere) and content, padded to 16. Throws InvalidModel that starts with
/// `place`.
VelaBlocks read_vela_blocks(std::span<const std::uint8_t> bytes, const NamedData& named,
                            std::string_view place);

}  // namespace u65sim::frontend
