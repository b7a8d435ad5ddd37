#include "weights/sections.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/versions.hpp"
#include "weights/stream_format.hpp"

namespace u65sim::weights {
namespace {

/// Non-zero weights looked at together.
constexpr std::uint32_t group_size = 32;
/// Windows of 1, 2, 4, 8 and 16 groups; twice that once a palette is in use.
constexpr std::size_t window_levels = 5;
constexpr std::size_t settled_groups = 16;
/// Zeros in a row that may be worth a section without other weights.
constexpr std::size_t long_run = 256;

using ValueSet = std::array<std::uint64_t, code_count / 64>;

struct Group {
    std::size_t begin = 0;  ///< first weight; zeros belong to the group of the next non-zero weight
    std::uint32_t zeros = 0;
    ValueSet values{};
};

void unite(ValueSet& set, const ValueSet& other) {
    for (std::size_t i = 0; i < set.size(); ++i) set[i] |= other[i];
}

int size_of(const ValueSet& set) {
    int size = 0;
    for (const std::uint64_t word : set) size += std::popcount(word);
    return size;
}

int bits_of(int size) {
    return size <= 1 ? 0 : static_cast<int>(std::bit_width(static_cast<unsigned>(size - 1)));
}

std::vector<Group> group(std::span<const std::uint16_t> codes) {
    std::vector<Group> groups;
    groups.reserve(codes.size() / group_size + 1);
    std::size_t at = 0;
    while (at < codes.size()) {
        Group& now = groups.emplace_back();
        now.begin = at;
        std::uint32_t left = group_size;
        for (; at < codes.size() && left > 0; ++at) {
            const std::uint32_t code = codes[at];
            const bool zero = code == 0;
            now.values[code / 64] |= std::uint64_t{1} << (code % 64);
            now.zeros += zero ? 1 : 0;
            left -= zero ? 0 : 1;
        }
        now.values[0] &= ~std::uint64_t{1};
    }
    return groups;
}

/// Adds the ends of long runs of zeros to `ends`, which stays sorted.
void cut_long_runs(std::span<const std::uint16_t> codes, std::vector<std::size_t>& ends) {
    const std::size_t known = ends.size();
    std::size_t run = 0;
    for (std::size_t i = 0; i <= codes.size(); ++i) {
        if (i < codes.size() && codes[i] == 0) {
            ++run;
            continue;
        }
        if (run >= long_run) {
            if (i > run) ends.push_back(i - run);
            if (i < codes.size()) ends.push_back(i);
        }
        run = 0;
    }
    if (ends.size() == known) return;
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

}  // namespace

U65SIM_VERSIONS
std::vector<std::size_t> cut_sections(std::span<const std::uint16_t> codes) {
    const std::vector<Group> groups = group(codes);
    std::vector<std::size_t> ends;
    std::size_t start = 0;  // first group of the section
    bool active = false;    // a palette is in use since `start`
    ValueSet palette{};
    std::uint64_t zeros = 0;
    const auto begin_section = [&](std::size_t at) {
        if (groups[at].begin > groups[start].begin) ends.push_back(groups[at].begin);
        start = at;
        zeros = 0;
    };
    for (std::size_t now = 0; now < groups.size(); ++now) {
        zeros += groups[now].zeros;
        const std::size_t length = now + 1 - start;
        const bool zero_counts = zeros > 0 && zeros * 3 <= length * group_size;
        const int zero_size = zero_counts ? 1 : 0;
        if (active) {
            ValueSet grown = palette;
            unite(grown, groups[now].values);
            const int size = size_of(grown) + zero_size;
            const bool wider = bits_of(size) > bits_of(size_of(palette) + zero_size);
            if (wider && (length > settled_groups || size > static_cast<int>(largest_palette))) {
                begin_section(now);
                zeros = groups[now].zeros;
                active = false;
            } else {
                palette = grown;
            }
        }
        const int old_bits = bits_of(size_of(palette) + zero_size);
        ValueSet window{};
        std::size_t covered = 0;
        for (std::size_t level = 0; level < window_levels; ++level) {
            const std::size_t width = (std::size_t{1} << level) * (active ? 2 : 1);
            if ((now + 1 - start) % width != 0) break;
            for (; covered < width; ++covered) unite(window, groups[now - covered].values);
            const int size = size_of(window) + zero_size;
            if (size > static_cast<int>(largest_palette)) break;
            // Bits a palette of this size saves over the window, and what it costs.
            const int values = static_cast<int>(width * group_size);
            const int saved = active ? values * 15 * (old_bits - bits_of(size)) / 16
                                     : values * (90 - 15 * bits_of(size)) / 16;
            if (saved - 8 * size - 20 > 0) {
                begin_section(now + 1 - width);
                for (std::size_t i = start; i <= now; ++i) zeros += groups[i].zeros;
                palette = window;
                active = true;
                break;
            }
        }
    }
    ends.push_back(codes.size());
    cut_long_runs(codes, ends);
    return ends;
}

}  // namespace u65sim::weights
