#include "weights/zero_runs.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "base/versions.hpp"

namespace u65sim::weights {
namespace {

/// Codes that are moved at once.
constexpr std::size_t step = 8;
using Bytes = std::uint8_t __attribute__((vector_size(2 * step)));

/// For each set of codes, by one bit a code, where the bytes of those in it come from when they
/// move together.
constexpr auto moves = [] {
    std::array<std::array<std::uint8_t, 2 * step>, std::size_t{1} << step> table{};
    for (std::size_t set = 0; set < table.size(); ++set) {
        std::size_t to = 0;
        for (std::size_t code = 0; code < step; ++code) {
            if ((set >> code & 1) == 0) continue;
            table[set][to++] = static_cast<std::uint8_t>(2 * code);
            table[set][to++] = static_cast<std::uint8_t>(2 * code + 1);
        }
    }
    return table;
}();

std::uint16_t* move_codes(const std::uint16_t* from, std::uint64_t set, std::uint16_t* to) {
    Bytes codes, move;
    std::memcpy(&codes, from, sizeof codes);
    std::memcpy(&move, moves[set].data(), sizeof move);
    codes = __builtin_shuffle(codes, move);
    std::memcpy(to, &codes, sizeof codes);
    return to + std::popcount(set);
}

void add_run(RunCounts& counts, std::uint64_t run) {
    ++counts.count;
    for (std::size_t d = 0; d < counts.quotients.size(); ++d) counts.quotients[d] += run >> d;
}

[[gnu::always_inline]] inline RunCounts counts_of(const MarkedCodes& codes) {
    RunCounts counts;
    std::uint64_t open = 0;  // zeros so far of a run that may go on
    for (std::size_t at = 0; at < codes.size(); at += word_bits) {
        std::uint64_t zeros = codes.zeros(at);
        open += static_cast<std::uint64_t>(std::countr_one(zeros));
        if (~zeros == 0) continue;
        if (open > 0) add_run(counts, open);
        open = static_cast<std::uint64_t>(std::countl_one(zeros));
        zeros &= zeros + 1;
        zeros &= ~std::uint64_t{0} >> open;
        counts.count += static_cast<std::uint64_t>(std::popcount(zeros & ~(zeros << 1)));
        counts.quotients[0] += static_cast<std::uint64_t>(std::popcount(zeros));
        // Runs of one zero, which most are, count nowhere else.
        for (std::uint64_t longer = zeros & zeros >> 1; longer != 0;
             longer &= longer + (longer & -longer)) {
            const auto run =
                static_cast<std::uint64_t>(std::countr_one(zeros >> std::countr_zero(longer)));
            for (std::size_t d = 1; d < counts.quotients.size(); ++d) {
                counts.quotients[d] += run >> d;
            }
        }
    }
    if (open > 0) add_run(counts, open);
    return counts;
}

}  // namespace

RunCounts& RunCounts::operator+=(const RunCounts& other) {
    for (std::size_t d = 0; d < quotients.size(); ++d) quotients[d] += other.quotients[d];
    count += other.count;
    return *this;
}

U65SIM_VERSIONS
RunCounts count_runs(const MarkedCodes& codes) { return counts_of(codes); }

U65SIM_VERSIONS
std::size_t split_codes(const MarkedCodes& codes, std::uint16_t* nonzero) {
    std::uint16_t* to = nonzero;
    const std::uint16_t* const from = codes.codes().data();
    std::size_t at = 0;
    for (; at + word_bits <= codes.size(); at += word_bits) {
        const std::uint64_t others = codes.nonzeros(at);
        for (std::size_t i = 0; i < word_bits; i += step) {
            to = move_codes(from + at + i, others >> i & 0xFF, to);
        }
    }
    for (; at < codes.size(); ++at) {
        if (from[at] != 0) *to++ = from[at];
    }
    if (to == nonzero) *to++ = 0;
    return static_cast<std::size_t>(to - nonzero);
}

U65SIM_VERSIONS
void sum_runs(const MarkedCodes& codes, std::uint32_t block, RunsByBlock& runs) {
    runs.sums.clear();
    // The first of nothing but zeros counts as a code.
    std::uint32_t missing = 1;
    std::size_t begin = codes.skip(0, missing);
    if (missing != 0) begin = 1;
    runs.leading = begin - 1;
    do {
        missing = block;
        const std::size_t end = codes.skip(begin, missing);
        runs.sums.push_back(counts_of(codes.from_to(begin, end)).quotients);
        begin = end;
    } while (missing == 0);
}

void list_runs(const MarkedCodes& codes, std::vector<std::uint32_t>& runs) {
    runs.clear();
    std::size_t begin = 0;  // of the run
    const auto end_at = [&](std::size_t at) {
        runs.push_back(static_cast<std::uint32_t>(at - begin));
        begin = at + 1;
    };
    for (std::size_t at = 0; at < codes.size(); at += word_bits) {
        for (std::uint64_t others = codes.nonzeros(at); others != 0; others &= others - 1) {
            end_at(at + static_cast<std::size_t>(std::countr_zero(others)));
        }
    }
    if (runs.empty()) end_at(0);
    end_at(codes.size());
}

}  // namespace u65sim::weights
