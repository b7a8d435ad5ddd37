#include "weights/scale_record.hpp"

#include <cstddef>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::weights {
namespace {

constexpr std::int64_t bias_limit = std::int64_t{1} << 39;
constexpr std::uint64_t bias_mask = (std::uint64_t{1} << 40) - 1;
constexpr int shift_limit = 64;

void pack_to(std::uint8_t* to, const ScaleRecord& record) {
    if (record.bias < -bias_limit || record.bias >= bias_limit) {
        throw InvalidStream(fmt::format("scale record: bias {}: must lie in {} .. {} (40 bits)",
                                        record.bias, -bias_limit, bias_limit - 1));
    }
    if (record.shift < 0 || record.shift >= shift_limit) {
        throw InvalidStream(fmt::format("scale record: shift {}: must lie in 0 .. {} (6 bits)",
                                        record.shift, shift_limit - 1));
    }
    const std::uint64_t first = (static_cast<std::uint64_t>(record.bias) & bias_mask) |
                                std::uint64_t{record.multiplier} << 40;
    for (std::size_t i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(first >> (8 * i));
    to[8] = static_cast<std::uint8_t>(record.multiplier >> 24);
    to[9] = static_cast<std::uint8_t>(record.shift);
}

}  // namespace

std::array<std::uint8_t, scale_record_bytes> pack(const ScaleRecord& record) {
    std::array<std::uint8_t, scale_record_bytes> bytes;
    pack_to(bytes.data(), record);
    return bytes;
}

ScaleRecord unpack(std::span<const std::uint8_t, scale_record_bytes> bytes) {
    std::uint64_t bias = 0;
    for (std::size_t i = 0; i < 5; ++i) bias |= std::uint64_t{bytes[i]} << (8 * i);
    ScaleRecord record;
    record.bias = static_cast<std::int64_t>(bias << 24) >> 24;
    for (std::size_t i = 0; i < 4; ++i) {
        record.multiplier |= std::uint32_t{bytes[5 + i]} << (8 * i);
    }
    record.shift = bytes[9] & (shift_limit - 1);
    return record;
}

std::vector<std::uint8_t> pack_all(std::span<const ScaleRecord> records) {
    std::vector<std::uint8_t> bytes(packed_size(records.size()));
    // Each record where it stays: its bytes, just stored one by one, would not be copied at once.
    std::uint8_t* to = bytes.data();
    for (const ScaleRecord& record : records) {
        pack_to(to, record);
        to += scale_record_bytes;
    }
    return bytes;
}

}  // namespace u65sim::weights
