#include "machine/functional/mac_loops.hpp"

#include <algorithm>
#include <array>

#include "base/versions.hpp"

namespace u65sim::machine::functional {
namespace {

constexpr std::size_t tile_patches = 2;
constexpr std::size_t tile_outputs = 4;
using Tile = std::array<std::int32_t, tile_patches * tile_outputs>;

/// Two patches against four filters: each loaded row is used more than once.
U65SIM_VERSIONS
void tile_2x4(const std::int16_t* patches, const std::int16_t* weights, std::size_t stride,
              std::size_t length, Tile& result) {
    const std::int16_t* p0 = patches;
    const std::int16_t* p1 = patches + stride;
    const std::int16_t* w0 = weights;
    const std::int16_t* w1 = weights + stride;
    const std::int16_t* w2 = weights + 2 * stride;
    const std::int16_t* w3 = weights + 3 * stride;
    std::int32_t s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
    for (std::size_t i = 0; i < length; ++i) {
        s00 += p0[i] * w0[i];
        s01 += p0[i] * w1[i];
        s02 += p0[i] * w2[i];
        s03 += p0[i] * w3[i];
        s10 += p1[i] * w0[i];
        s11 += p1[i] * w1[i];
        s12 += p1[i] * w2[i];
        s13 += p1[i] * w3[i];
    }
    result = {s00, s01, s02, s03, s10, s11, s12, s13};
}

U65SIM_VERSIONS
std::int32_t dot(const std::int16_t* a, const std::int16_t* b, std::size_t length) {
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < length; ++i) sum += a[i] * b[i];
    return sum;
}

}  // namespace

void dot_products(const std::int16_t* patches, std::size_t patch_count, const std::int16_t* weights,
                  std::size_t outputs, std::size_t length, std::size_t run, std::int64_t* sums) {
    const std::size_t tiled_patches = patch_count / tile_patches * tile_patches;
    const std::size_t tiled_outputs = outputs / tile_outputs * tile_outputs;
    std::fill(sums, sums + patch_count * outputs, 0);
    // A few filters stay in the first-level cache while all patches pass.
    for (std::size_t start = 0; start < length; start += run) {
        const std::size_t part = std::min(run, length - start);
        for (std::size_t o = 0; o < tiled_outputs; o += tile_outputs) {
            for (std::size_t p = 0; p < tiled_patches; p += tile_patches) {
                Tile tile;
                tile_2x4(patches + p * length + start, weights + o * length + start, length, part,
                         tile);
                for (std::size_t i = 0; i < tile.size(); ++i) {
                    sums[(p + i / tile_outputs) * outputs + o + i % tile_outputs] += tile[i];
                }
            }
        }
        for (std::size_t p = 0; p < patch_count; ++p) {
            const std::size_t first = p < tiled_patches ? tiled_outputs : 0;
            for (std::size_t o = first; o < outputs; ++o) {
                sums[p * outputs + o] +=
                    dot(patches + p * length + start, weights + o * length + start, part);
            }
        }
    }
}

U65SIM_VERSIONS
void window_products(const std::int16_t* const* taps, const std::int16_t* weights,
                     std::size_t tap_count, std::size_t channels, std::int32_t* sums) {
    constexpr std::size_t together = 16;
    std::size_t c = 0;
    for (; c + together <= channels; c += together) {
        std::int32_t part[together] = {};
        for (std::size_t t = 0; t < tap_count; ++t) {
            const std::int16_t* a = taps[t] + c;
            const std::int16_t* b = weights + t * channels + c;
            for (std::size_t i = 0; i < together; ++i) part[i] += a[i] * b[i];
        }
        std::copy_n(part, together, sums + c);
    }
    for (; c < channels; ++c) {
        sums[c] = 0;
        for (std::size_t t = 0; t < tap_count; ++t)
            sums[c] += taps[t][c] * weights[t * channels + c];
    }
}

}  // namespace u65sim::machine::functional
