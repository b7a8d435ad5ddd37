// Scale records: 10 bytes an output channel (reference 6.2).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace u65sim::weights {

struct ScaleRecord {
    std::int64_t bias = 0;  ///< signed 40 bit
    std::uint32_t multiplier = 0;
    int shift = 0;  ///< 0..63, right
    bool operator==(const ScaleRecord&) const = default;
};
inline constexpr int scale_record_bytes = 10;

/// Throws InvalidStream when the bias needs more than 40 bits or the shift more than 6.
std::array<std::uint8_t, scale_record_bytes> pack(const ScaleRecord& record);
ScaleRecord unpack(std::span<const std::uint8_t, scale_record_bytes> bytes);
/// Bytes of `count` records back to back, padded to 16.
constexpr std::size_t packed_size(std::size_t count) {
    return (count * scale_record_bytes + 15) / 16 * 16;
}
/// Records back to back, zero-padded to 16 bytes.
std::vector<std::uint8_t> pack_all(std::span<const ScaleRecord> records);

}  // namespace u65sim::weights
