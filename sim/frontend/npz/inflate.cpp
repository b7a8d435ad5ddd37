#include "frontend/npz/inflate.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace u65sim::frontend {
namespace {

constexpr int longest_code = 15;
constexpr int end_of_block = 256;
constexpr int most_symbols = 288;

/// Bits of the packed bytes, lowest first.
class Bits {
public:
    explicit Bits(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
    /// Zeros behind the end, which ran_out() tells.
    int take(int count) {
        while (held_ < count) {
            const bool is_behind = at_ >= bytes_.size();
            ran_out_ = ran_out_ || is_behind;
            buffer_ |= static_cast<std::uint32_t>(is_behind ? 0 : bytes_[at_++]) << held_;
            held_ += 8;
        }
        const auto value = static_cast<int>(buffer_ & ((1U << count) - 1U));
        buffer_ >>= count;
        held_ -= count;
        return value;
    }
    void align() {
        buffer_ = 0;
        held_ = 0;
    }
    [[nodiscard]] bool ran_out() const { return ran_out_; }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    std::uint32_t buffer_ = 0;
    int held_ = 0;
    bool ran_out_ = false;
};

/// A canonical prefix code: symbols sorted by length of code, then by number.
class Code {
public:
    explicit Code(std::span<const std::uint8_t> lengths) {
        for (const std::uint8_t length : lengths) ++counts_[length];
        counts_[0] = 0;
        std::array<int, longest_code + 2> start{};
        for (std::size_t i = 1; i <= longest_code; ++i) start[i + 1] = start[i] + counts_[i];
        for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
            if (lengths[symbol] == 0) continue;
            symbols_[static_cast<std::size_t>(start[lengths[symbol]]++)] =
                static_cast<std::uint16_t>(symbol);
        }
    }
    /// Nothing for bits that are no code.
    [[nodiscard]] std::optional<int> read(Bits& bits) const {
        int code = 0, first = 0, index = 0;
        for (std::size_t length = 1; length <= longest_code; ++length) {
            code |= bits.take(1);
            const int count = counts_[length];
            if (code - count < first) {
                return symbols_[static_cast<std::size_t>(index + code - first)];
            }
            index += count;
            first = (first + count) * 2;
            code *= 2;
        }
        return std::nullopt;
    }

private:
    std::array<int, longest_code + 1> counts_{};
    std::array<std::uint16_t, most_symbols> symbols_{};
};

class Inflater {
public:
    Inflater(std::span<const std::uint8_t> packed, std::size_t most) : bits_(packed), most_(most) {}

    std::vector<std::uint8_t> run() {
        bool is_last = false;
        while (!is_last && !bits_.ran_out()) {
            is_last = bits_.take(1) != 0;
            if (!read_block(bits_.take(2))) break;
        }
        return std::move(out_);
    }

private:
    bool read_block(int kind) {
        switch (kind) {
            case 0:
                return read_stored();
            case 1:
                return read_fixed();
            case 2:
                return read_dynamic();
            default:
                return false;
        }
    }

    bool read_stored() {
        bits_.align();
        const int length = bits_.take(16);
        if (bits_.take(16) != (length ^ 0xFFFF)) return false;
        for (int i = 0; i < length; ++i) {
            const auto byte = static_cast<std::uint8_t>(bits_.take(8));
            if (bits_.ran_out() || !put(byte)) return false;
        }
        return true;
    }

    bool read_fixed() {
        std::array<std::uint8_t, most_symbols> lengths{};
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
        }
        std::array<std::uint8_t, 30> distances{};
        distances.fill(5);
        return read_symbols(Code{lengths}, Code{distances});
    }

    bool read_dynamic() {
        const auto literals = static_cast<std::size_t>(bits_.take(5) + 257);
        const auto distances = static_cast<std::size_t>(bits_.take(5) + 1);
        const int given = bits_.take(4) + 4;
        constexpr std::array<std::uint8_t, 19> order{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                     11, 4,  12, 3, 13, 2, 14, 1, 15};
        std::array<std::uint8_t, 19> code_lengths{};
        for (std::size_t i = 0; i < static_cast<std::size_t>(given); ++i) {
            code_lengths[order[i]] = static_cast<std::uint8_t>(bits_.take(3));
        }
        const Code code{code_lengths};
        std::vector<std::uint8_t> lengths;
        while (lengths.size() < literals + distances) {
            if (bits_.ran_out() || !read_lengths(code, lengths)) return false;
        }
        if (lengths.size() > literals + distances || literals > most_symbols) return false;
        const std::span all{lengths};
        return read_symbols(Code{all.first(literals)}, Code{all.subspan(literals)});
    }

    /// One length, or a run of one.
    bool read_lengths(const Code& code, std::vector<std::uint8_t>& lengths) {
        const auto symbol = code.read(bits_);
        if (!symbol) return false;
        if (*symbol < 16) {
            lengths.push_back(static_cast<std::uint8_t>(*symbol));
            return true;
        }
        if (*symbol == 16 && lengths.empty()) return false;
        const std::uint8_t value = *symbol == 16 ? lengths.back() : std::uint8_t{0};
        const int repeats = *symbol == 16   ? 3 + bits_.take(2)
                            : *symbol == 17 ? 3 + bits_.take(3)
                                            : 11 + bits_.take(7);
        lengths.insert(lengths.end(), static_cast<std::size_t>(repeats), value);
        return true;
    }

    bool read_symbols(const Code& literals, const Code& distances) {
        while (!bits_.ran_out()) {
            const auto symbol = literals.read(bits_);
            if (!symbol || bits_.ran_out()) return false;
            if (*symbol == end_of_block) return true;
            if (*symbol < end_of_block) {
                if (!put(static_cast<std::uint8_t>(*symbol))) return false;
            } else if (!copy(*symbol - end_of_block - 1, distances)) {
                return false;
            }
        }
        return false;
    }

    /// Repeats bytes that stand some distance back.
    bool copy(int length_symbol, const Code& distances) {
        constexpr int length_symbols = 29, distance_symbols = 30;
        if (length_symbol >= length_symbols) return false;
        const int length = read_length(length_symbol);
        const auto symbol = distances.read(bits_);
        if (!symbol || *symbol >= distance_symbols) return false;
        const int more = std::max(0, *symbol / 2 - 1);
        const int base = *symbol < 2 ? *symbol + 1 : ((2 + *symbol % 2) << more) + 1;
        const auto distance = static_cast<std::size_t>(base + bits_.take(more));
        if (bits_.ran_out() || distance > out_.size()) return false;
        for (int i = 0; i < length; ++i) {
            if (!put(out_[out_.size() - distance])) return false;
        }
        return true;
    }

    int read_length(int symbol) {
        constexpr int longest = 28;
        if (symbol == longest) return 258;
        if (symbol < 8) return symbol + 3;
        const int more = symbol / 4 - 1;
        return ((4 + symbol % 4) << more) + 3 + bits_.take(more);
    }

    bool put(std::uint8_t byte) {
        if (out_.size() >= most_) return false;
        out_.push_back(byte);
        return true;
    }

    Bits bits_;
    std::size_t most_;
    std::vector<std::uint8_t> out_;
};

}  // namespace

std::vector<std::uint8_t> inflate(std::span<const std::uint8_t> packed, std::size_t most) {
    return Inflater{packed, most}.run();
}

}  // namespace u65sim::frontend
