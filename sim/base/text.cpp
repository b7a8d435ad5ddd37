#include <algorithm>
#include <cstdint>
#include <cstring>

#include <u65sim/text.hpp>

namespace u65sim {
namespace {

/// Characters of more than one byte that are not for showing.
bool acts(std::uint32_t code) {
    return (code >= 0x80 && code <= 0x9F) ||      // C1
           (code >= 0x200E && code <= 0x200F) ||  // marks of direction
           (code >= 0x2028 && code <= 0x202E) ||  // separators, embeddings of direction
           (code >= 0x2066 && code <= 0x2069) ||  // isolates of direction
           code == 0x061C || code == 0xFEFF;
}

/// A UTF-8 sequence at the start of a text.
struct Sequence {
    std::size_t length = 1;
    bool showable = false;
};

/// The sequence `text` begins with: a single byte that is not showable where it is none.
Sequence first_sequence(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
    const std::uint32_t first = byte(0);
    if (first < 0x80) return {1, first >= 0x20 && first != 0x7F};
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
    std::uint32_t code = first & (0xFFU >> (length + 1));
    for (std::size_t index = 1; index < length; ++index) {
        if ((byte(index) & 0xC0U) != 0x80U) return {};
        code = code << 6U | (byte(index) & 0x3FU);
    }
    const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (is_overlong || is_surrogate || code > 0x10FFFF) return {};
    return {length, !acts(code)};
}

/// Which characters stay besides plain ones.
enum class Kept : std::uint8_t { none, lines_and_tabs };

template <Kept kept>
bool stays(std::uint8_t byte) {
    const bool is_line = kept == Kept::lines_and_tabs && (byte == '\n' || byte == '\t');
    return (byte >= 0x20 && byte < 0x7F) || is_line;
}

/// How many characters from the first one on stay: sixteen at once, then one after another.
template <Kept kept>
std::size_t count_staying(std::string_view text) {
    using Sixteen = std::uint8_t __attribute__((vector_size(16)));
    std::size_t count = 0;
    for (; count + sizeof(Sixteen) <= text.size(); count += sizeof(Sixteen)) {
        Sixteen bytes;
        std::memcpy(&bytes, text.data() + count, sizeof bytes);
        auto others = (bytes < 0x20) | (bytes >= 0x7F);
        if (kept == Kept::lines_and_tabs) others &= (bytes != '\n') & (bytes != '\t');
        std::uint64_t halves[2];
        std::memcpy(halves, &others, sizeof halves);
        if ((halves[0] | halves[1]) != 0) break;
    }
    while (count < text.size() && stays<kept>(static_cast<std::uint8_t>(text[count]))) ++count;
    return count;
}

template <Kept kept>
std::string shown(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (;;) {
        const std::size_t run = count_staying<kept>(text);
        result += text.substr(0, run);
        text.remove_prefix(run);
        if (text.empty()) return result;
        const Sequence sequence = first_sequence(text);
        result += sequence.showable ? text.substr(0, sequence.length) : std::string_view{"?"};
        text.remove_prefix(sequence.length);
    }
}

}  // namespace

std::string printable(std::string_view text) { return shown<Kept::none>(text); }

std::string printable_lines(std::string_view text) { return shown<Kept::lines_and_tabs>(text); }

}  // namespace u65sim
