#include "weights/marked_codes.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace u65sim::weights {
namespace {

#if defined(__SSE2__)
/// Which of the next 16 codes are zero.
std::uint64_t zeros_of(const std::uint16_t* codes) {
    const auto compare = [](const std::uint16_t* from) {
        const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        return _mm_cmpeq_epi16(some, _mm_setzero_si128());
    };
    const __m128i zeros = _mm_packs_epi16(compare(codes), compare(codes + 8));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(zeros));
}
#else
std::uint64_t zeros_of(const std::uint16_t* codes) {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < 16; ++i) mask |= std::uint64_t{codes[i] == 0} << i;
    return mask;
}
#endif

}  // namespace

MarkedCodes CodeMarker::mark(std::span<const std::uint16_t> codes) {
    // One word more, which reads of 64 bits at any place reach into.
    words_.resize(codes.size() / word_bits + 2);
    const std::uint16_t* from = codes.data();
    const std::size_t whole = codes.size() / word_bits;
    for (std::size_t word = 0; word < whole; ++word, from += word_bits) {
        words_[word] = zeros_of(from) | zeros_of(from + 16) << 16 | zeros_of(from + 32) << 32 |
                       zeros_of(from + 48) << 48;
    }
    words_[whole] = words_[whole + 1] = 0;
    for (std::size_t i = whole * word_bits; i < codes.size(); ++i) {
        words_[whole] |= std::uint64_t{codes[i] == 0} << (i % word_bits);
    }
    return {codes.data(), words_.data(), 0, codes.size()};
}

}  // namespace u65sim::weights
