// Damage done to inputs where their structure is, not anywhere in their bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace u65sim::corpus {

using Content = std::vector<std::uint8_t>;

/// Numbers that are the same on every platform.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : state_(seed * 2 + 1) {}
    /// From 0 to `sides` - 1.
    std::size_t roll(std::size_t sides);

private:
    std::uint64_t state_;
};

/// A number in a flatbuffer.
struct Field {
    std::size_t offset = 0, width = 0;  ///< bytes
};
/// Every field of every table and the first elements of every vector, found by walking tables
/// without a schema: whatever looks like an offset is followed. Empty for what is no flatbuffer.
std::vector<Field> flatbuffer_fields(const Content& bytes);

/// Sets some fields to extremes: zeros, all ones, the ends of their range, their neighbours.
void mutate_flatbuffer(Content& bytes, Dice& dice);
/// Sets some words of the driver payloads in `bytes` to other registers and to extremes.
void mutate_payloads(Content& bytes, Dice& dice);
/// Damages a file of foreign_models(): an archive's members under right checksums, or its own
/// bytes; tables, blocks and payloads of others.
void mutate_foreign(Content& bytes, Dice& dice);
/// Sets numbers to extremes, swaps words and repeats, drops or cuts lines.
void mutate_text(std::string& text, Dice& dice);

}  // namespace u65sim::corpus
