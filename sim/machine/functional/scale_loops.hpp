// Bias, scale, zero point and clamp of whole rows: what most outputs of the MAC array go through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "arith/scaling.hpp"
#include "weights/scale_record.hpp"

namespace u65sim::machine::functional {

/// One scale record a channel, prepared for rows whose sums are known to be small.
class ChannelScales {
public:
    /// Sums with their bias stay below this; so do multipliers.
    static constexpr std::int64_t limit = std::int64_t{1} << 31;

    ChannelScales() = default;
    /// `largest_sum` bounds the sums without bias. Not usable() when 64-bit arithmetic might not
    /// hold every step, or for TRUNCATE.
    ChannelScales(std::span<const weights::ScaleRecord> records, arith::RoundingMode mode,
                  std::int64_t largest_sum);

    [[nodiscard]] bool usable() const { return usable_; }
    struct Range {
        std::int32_t zero_point, low, high;
    };
    /// One value a channel: out[c] = clamp(round((sums[c] + bias) * scale) + zero point).
    void apply(const std::int32_t* sums, Range range, std::int32_t* out) const;
    void apply(const std::int64_t* sums, Range range, std::int32_t* out) const;

private:
    bool usable_ = false;
    std::uint64_t below_zero_ = 0;  ///< taken off the nudge of negative values
    std::vector<std::int32_t> bias_, multiplier_;
    std::vector<std::uint64_t> nudge_, shift_, offset_;
};

}  // namespace u65sim::machine::functional
