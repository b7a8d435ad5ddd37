// The compressed weight stream of Ethos-U55/U65 (reference 6.4, 6.5): values <-> bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weights/order.hpp"

namespace u65sim::weights {

/// How much the encoder tries.
enum class Coding : std::uint8_t {
    smallest,  ///< new palettes, divisors and zero runs wherever they make the stream smaller
    /// One palette and one mode of weights and runs for all; zero runs also where a sixteenth of
    /// the weights are zeros that mostly stand side by side. Vela's streams are about as large.
    uniform,
    /// One palette for all as in Vela's streams: of the 32 most frequent weights where these are
    /// half of all or more, else none; zero runs as with uniform; modes wherever they make it
    /// smaller.
    frequent,
};

/// Compresses weights (zero points removed, -255..255, already in brick order). The result ends
/// with an end marker and is a multiple of 16 bytes. Throws InvalidStream for values out of range.
std::vector<std::uint8_t> encode(std::span<const std::int16_t> weights,
                                 Coding coding = Coding::smallest);

/// Compresses a volume's bricks in stream order.
std::vector<std::uint8_t> encode(const StoredVolume& volume, const Order& order,
                                 Coding coding = Coding::smallest);

/// Exactly encode().size(), faster where possible.
std::size_t encoded_size(std::span<const std::int16_t> weights, Coding coding = Coding::smallest);
std::size_t encoded_size(const StoredVolume& volume, const Order& order,
                         Coding coding = Coding::smallest);

/// About encoded_size(), from a sample of weights spread over the volume: mostly
/// within one percent, within three where channels differ much. Exact for small volumes.
std::size_t estimated_size(const StoredVolume& volume, const Order& order,
                           Coding coding = Coding::smallest);

/// Every weight of a stream. Stops at the end of `bytes`; throws InvalidStream with the bit
/// position for anything the format forbids or a stream that ends inside a slice, and when more
/// than `max_weights` come out.
std::vector<std::int16_t> decode(std::span<const std::uint8_t> bytes,
                                 std::size_t max_weights = std::size_t{1} << 31);

}  // namespace u65sim::weights
