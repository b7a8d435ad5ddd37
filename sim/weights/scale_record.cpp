#include "weights/scale_record.hpp"

#include <cstddef>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::weights {
namespace {

constexpr std::int64_t bias_limit = std::int64_t{1} << 39;
constexpr int shift_limit = 64;
constexpr std::size_t alignment = 16;

}  // namespace

std::array<std::uint8_t, scale_record_bytes> pack(const ScaleRecord& record) {
    if (record.bias < -bias_limit || record.bias >= bias_limit) {
        throw InvalidStream(fmt::format("scale record: bias {}: must lie in {} .. {} (40 bits)",
                                        record.bias, -bias_limit, bias_limit - 1));
    }
    if (record.shift < 0 || record.shift >= shift_limit) {
        throw InvalidStream(fmt::format("scale record: shift {}: must lie in 0 .. {} (6 bits)",
                                        record.shift, shift_limit - 1));
    }
    std::array<std::uint8_t, scale_record_bytes> bytes{};
    const auto bias = static_cast<std::uint64_t>(record.bias);
    for (std::size_t i = 0; i < 5; ++i) bytes[i] = static_cast<std::uint8_t>(bias >> (8 * i));
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[5 + i] = static_cast<std::uint8_t>(record.multiplier >> (8 * i));
    }
    bytes[9] = static_cast<std::uint8_t>(record.shift);
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
    std::vector<std::uint8_t> bytes;
    bytes.reserve(records.size() * scale_record_bytes + alignment);
    for (const ScaleRecord& record : records) {
        const auto packed = pack(record);
        bytes.insert(bytes.end(), packed.begin(), packed.end());
    }
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    return bytes;
}

}  // namespace u65sim::weights
