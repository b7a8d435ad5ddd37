// The compressed weight stream of Ethos-U55/U65 (reference 6.4, 6.5): values <-> bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weights/order.hpp"

namespace u65sim::weights {

/// Compresses weights (zero points removed, -255..255, already in brick order). The result ends
/// with an end marker and is a multiple of 16 bytes. Throws InvalidStream for values out of range.
std::vector<std::uint8_t> encode(std::span<const std::int16_t> weights);

/// Compresses a volume's bricks in stream order.
std::vector<std::uint8_t> encode(const StoredVolume& volume, const Order& order);

/// Exactly encode(weights).size(), faster where possible.
std::size_t encoded_size(std::span<const std::int16_t> weights);
std::size_t encoded_size(const StoredVolume& volume, const Order& order);

/// About encoded_size(volume, order), from a sample of weights spread over the volume: mostly
/// within one percent, within three where channels differ much. Exact for small volumes.
std::size_t estimated_size(const StoredVolume& volume, const Order& order);

/// Every weight of a stream. Stops at the end of `bytes`; throws InvalidStream with the bit
/// position for anything the format forbids or a stream that ends inside a slice, and when more
/// than `max_weights` come out.
std::vector<std::int16_t> decode(std::span<const std::uint8_t> bytes,
                                 std::size_t max_weights = std::size_t{1} << 31);

}  // namespace u65sim::weights
