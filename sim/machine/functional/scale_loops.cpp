#include "machine/functional/scale_loops.hpp"

#include <algorithm>

#include "base/versions.hpp"

namespace u65sim::machine::functional {
namespace {

/// Makes every product positive, so that logical shifts round down.
constexpr std::uint64_t lift = std::uint64_t{1} << 62;

struct Channels {
    const std::int32_t* bias;
    const std::int32_t* multiplier;
    const std::uint64_t* nudge;
    const std::uint64_t* shift;
    const std::uint64_t* offset;
    std::size_t count;
    std::uint64_t below_zero;
};

template <class Sum>
[[gnu::always_inline]] inline void scale_all(const Sum* sums, const Channels& channels,
                                             ChannelScales::Range range, std::int32_t* out) {
    // Nothing here overlaps; locals, so that the compiler sees it.
    const std::int32_t* const bias = channels.bias;
    const std::int32_t* const multiplier = channels.multiplier;
    const std::uint64_t* const nudge = channels.nudge;
    const std::uint64_t* const shift = channels.shift;
    const std::uint64_t* const offset = channels.offset;
    const std::uint64_t below_zero = channels.below_zero;
    std::int32_t* __restrict to = out;
    for (std::size_t c = 0; c < channels.count; ++c) {
        const std::int32_t value = static_cast<std::int32_t>(sums[c]) + bias[c];
        const std::int64_t product = std::int64_t{value} * std::int64_t{multiplier[c]};
        const std::uint64_t nudged =
            static_cast<std::uint64_t>(product) + nudge[c] - (value < 0 ? below_zero : 0);
        const auto scaled = static_cast<std::int32_t>((nudged >> shift[c]) - offset[c]);
        to[c] = std::min(std::max(scaled + range.zero_point, range.low), range.high);
    }
}

U65SIM_VERSIONS
void scale_32(const std::int32_t* sums, const Channels& channels, ChannelScales::Range range,
              std::int32_t* out) {
    scale_all(sums, channels, range, out);
}

U65SIM_VERSIONS
void scale_64(const std::int64_t* sums, const Channels& channels, ChannelScales::Range range,
              std::int32_t* out) {
    scale_all(sums, channels, range, out);
}

}  // namespace

ChannelScales::ChannelScales(std::span<const weights::ScaleRecord> records,
                             arith::RoundingMode mode, std::int64_t largest_sum) {
    const bool tfl = mode == arith::RoundingMode::tfl;
    if (mode == arith::RoundingMode::truncate) return;
    constexpr std::uint64_t first_rounding = std::uint64_t{1} << 30;
    for (const weights::ScaleRecord& record : records) {
        const std::int64_t largest = largest_sum + (record.bias < 0 ? -record.bias : record.bias);
        // Shifts from 32 on leave 31 bits, and room for the zero point.
        if (largest >= limit || record.multiplier >= limit || record.shift < 32 ||
            record.shift > 62) {
            return;
        }
        const auto shift = static_cast<std::uint64_t>(record.shift);
        bias_.push_back(static_cast<std::int32_t>(record.bias));
        multiplier_.push_back(static_cast<std::int32_t>(record.multiplier));
        nudge_.push_back(lift + (std::uint64_t{1} << (shift - 1)) + (tfl ? first_rounding : 0));
        shift_.push_back(shift);
        offset_.push_back(lift >> shift);
    }
    below_zero_ = tfl ? 2 * first_rounding : 0;
    usable_ = true;
}

void ChannelScales::apply(const std::int32_t* sums, Range range, std::int32_t* out) const {
    scale_32(sums,
             {bias_.data(), multiplier_.data(), nudge_.data(), shift_.data(), offset_.data(),
              bias_.size(), below_zero_},
             range, out);
}

void ChannelScales::apply(const std::int64_t* sums, Range range, std::int32_t* out) const {
    scale_64(sums,
             {bias_.data(), multiplier_.data(), nudge_.data(), shift_.data(), offset_.data(),
              bias_.size(), below_zero_},
             range, out);
}

}  // namespace u65sim::machine::functional
