#include "weights/zero_runs.hpp"

#include <bit>
#include <cstring>
#include <utility>

#include "base/versions.hpp"

namespace u65sim::weights {
namespace {

constexpr std::size_t word_bits = 64;

/// Which of the next 64 codes are zero, the first one in the lowest bit.
[[gnu::always_inline]] inline std::uint64_t zeros_of(const std::uint16_t* codes) {
    constexpr std::size_t lanes = 16;
    using Codes = std::int16_t __attribute__((vector_size(2 * lanes)));
    using Bytes = std::int8_t __attribute__((vector_size(lanes)));
    constexpr Bytes bits{1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128};
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < word_bits; i += lanes) {
        Codes some;
        std::memcpy(&some, codes + i, sizeof some);
        const Bytes zeros = __builtin_convertvector(some == 0, Bytes) & bits;
        std::array<std::uint64_t, 2> words;
        std::memcpy(words.data(), &zeros, sizeof zeros);
        // The bytes of each, added up, are eight of the bits.
        mask |= ((words[0] * ones >> 56) | (words[1] * ones >> 56 << 8)) << i;
    }
    return mask;
}

}  // namespace

RunCounts& RunCounts::operator+=(const RunCounts& other) {
    for (std::size_t d = 0; d < quotients.size(); ++d) quotients[d] += other.quotients[d];
    count += other.count;
    return *this;
}

U65SIM_VERSIONS
RunCounts count_runs(std::span<const std::uint16_t> codes) {
    RunCounts counts;
    const auto add = [&](std::uint64_t run) {
        ++counts.count;
        for (std::size_t d = 0; d < counts.quotients.size(); ++d) counts.quotients[d] += run >> d;
    };
    std::uint64_t open = 0;  // zeros so far of a run that may go on
    std::size_t at = 0;
    for (; at + word_bits <= codes.size(); at += word_bits) {
        std::uint64_t zeros = zeros_of(&codes[at]);
        open += static_cast<std::uint64_t>(std::countr_one(zeros));
        if (~zeros == 0) continue;
        if (open > 0) add(open);
        open = static_cast<std::uint64_t>(std::countl_one(zeros));
        zeros &= zeros + 1;
        zeros &= ~std::uint64_t{0} >> open;
        while (zeros != 0) {
            add(static_cast<std::uint64_t>(std::countr_one(zeros >> std::countr_zero(zeros))));
            zeros &= zeros + (zeros & -zeros);
        }
    }
    for (; at < codes.size(); ++at) {
        if (codes[at] == 0) {
            ++open;
        } else if (open > 0) {
            add(std::exchange(open, 0));
        }
    }
    if (open > 0) add(open);
    return counts;
}

U65SIM_VERSIONS
std::size_t split_runs(std::span<const std::uint16_t> codes, std::uint16_t* nonzero,
                       std::uint32_t* runs) {
    std::size_t count = 0;
    std::size_t begin = 0;  // of the run
    const auto put = [&](std::size_t at) {
        nonzero[count] = codes[at];
        runs[count++] = static_cast<std::uint32_t>(at - begin);
        begin = at + 1;
    };
    std::size_t at = 0;
    for (; at + word_bits <= codes.size(); at += word_bits) {
        for (std::uint64_t others = ~zeros_of(&codes[at]); others != 0; others &= others - 1) {
            put(at + static_cast<std::size_t>(std::countr_zero(others)));
        }
    }
    for (; at < codes.size(); ++at) {
        if (codes[at] != 0) put(at);
    }
    if (count == 0) put(0);
    runs[count] = static_cast<std::uint32_t>(codes.size() - begin);
    return count;
}

}  // namespace u65sim::weights
