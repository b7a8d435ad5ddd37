#include "weights/sections.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

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

void unite(ValueSet& set, const ValueSet& other) {
    for (std::size_t i = 0; i < set.size(); ++i) set[i] |= other[i];
}

int size_of(const ValueSet& set) {
    int size = 0;
    for (const std::uint64_t word : set) size += std::popcount(word);
    return size;
}

constexpr int bits_of(int size) {
    return size <= 1 ? 0 : static_cast<int>(std::bit_width(static_cast<unsigned>(size - 1)));
}

/// Bits of a palette.
constexpr int cost_of(int size) { return 8 * size + 20; }
/// Bits that a palette of this size saves over so many values that had none, less what it costs.
constexpr int first_gain(int values, int size) {
    return values * (90 - 15 * bits_of(size)) / 16 - cost_of(size);
}
/// Largest palettes that gain anything over a window of each level.
constexpr std::array<int, window_levels> most_values = [] {
    std::array<int, window_levels> most{};
    for (std::size_t level = 0; level < window_levels; ++level) {
        const int values = static_cast<int>(group_size) << level;
        while (most[level] < static_cast<int>(largest_palette) &&
               first_gain(values, most[level] + 1) > 0) {
            ++most[level];
        }
    }
    return most;
}();

struct Group {
    std::size_t begin = 0;  ///< first weight; zeros belong to the group of the next non-zero weight
    std::size_t end = 0;
    std::uint32_t zeros = 0;
    std::uint32_t screened = 0;  ///< steps of codes in `residues`
    bool known = false;          ///< its set of values
    /// Of some of the codes modulo 64, without that of zero: never more than values.
    std::uint64_t residues = 0;
};

constexpr std::size_t step = 16;  ///< weights whose residues are taken at once
constexpr std::uint32_t most_steps = 4;

/// Four codes in each of four lanes, or four sets of residues.
using Quad = std::uint64_t __attribute__((vector_size(32)));

/// Residues of `step` codes.
std::uint64_t residues_of(const std::uint16_t* codes) {
    Quad word;
    std::memcpy(&word, codes, sizeof word);
    const Quad one = Quad{} + 1;
    Quad sets{};
    for (std::size_t i = 0; i < 4; ++i, word >>= 16) sets |= one << (word % 64);
    return (sets[0] | sets[1] | sets[2] | sets[3]) & ~std::uint64_t{1};
}

/// Tells of stretches of weights that no window in them pays, whose groups nobody needs then.
class Screen {
public:
    /// A stretch begins where windows of all widths do, and ends where they all end.
    static constexpr std::uint32_t stretch_groups = 1U << (window_levels - 1);

    void read(std::span<const std::uint16_t> codes) {
        codes_ = codes;
        pieces_.assign(codes_.size() / piece_size + 1, Piece::unknown);
        // The last piece is too short.
        pieces_.back() = Piece::may_pay;
    }
    /// Whether the weights in a stretch show that none pays.
    [[nodiscard]] bool rules_out(std::size_t begin, std::size_t end) {
        for (std::size_t i = begin / piece_size; i <= (end - 1) / piece_size; ++i) {
            if (pieces_[i] == Piece::unknown) pieces_[i] = look_at(i);
            if (pieces_[i] == Piece::may_pay) return false;
        }
        return true;
    }

private:
    enum class Piece : std::uint8_t { unknown, may_pay, pays_not };

    /// A window is twice as long as the blocks that are looked at for it, so that one of these lies
    /// within it, wherever it begins: that one's values are too many already.
    [[nodiscard]] Piece look_at(std::size_t index) const {
        static_assert(2 * step == group_size);
        std::array<std::uint64_t, piece_size / step> residues;
        for (std::size_t i = 0; i < residues.size(); ++i) {
            residues[i] = residues_of(&codes_[index * piece_size + i * step]);
            if (std::popcount(residues[i]) <= most_values[0]) return Piece::may_pay;
        }
        for (std::size_t level = 1; level < window_levels; ++level) {
            for (std::size_t i = 0; i < residues.size() >> level; ++i) {
                residues[i] = residues[2 * i] | residues[2 * i + 1];
                if (std::popcount(residues[i]) <= most_values[level]) return Piece::may_pay;
            }
        }
        return Piece::pays_not;
    }

    /// Of the blocks for the longest windows.
    static constexpr std::size_t piece_size = std::size_t{stretch_groups} * step;
    std::span<const std::uint16_t> codes_;
    std::vector<Piece> pieces_;
};

/// Adds the ends of long runs of zeros to `ends`, which stays sorted.
void cut_long_runs(std::span<const std::uint16_t> codes, std::vector<std::size_t>& ends) {
    const std::size_t known = ends.size();
    // Looked at from their far end, so that most weights are skipped. A weight before `begin` is
    // no zero.
    for (std::size_t begin = 0; begin + long_run <= codes.size();) {
        std::size_t end = begin + long_run;
        while (end > begin && codes[end - 1] == 0) --end;
        if (end == begin) {
            end = begin + long_run;
            while (end < codes.size() && codes[end] == 0) ++end;
            if (begin > 0) ends.push_back(begin);
            if (end < codes.size()) ends.push_back(end);
        }
        begin = end;
    }
    if (ends.size() == known) return;
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
}

}  // namespace

/// The weights in groups; the exact values of a group are looked at when somebody asks.
class SectionCutter::Groups {
public:
    /// Puts none in the place of those before.
    void read(const MarkedCodes& codes) {
        codes_ = codes.codes();
        groups_.clear();
        screen_.read(codes_);
    }
    void forget() { groups_.clear(); }

    /// Makes the group that begins at weight `at`; returns its end.
    std::size_t add(const MarkedCodes& codes, std::size_t at) {
        Group& now = groups_.emplace_back();
        now.begin = at;
        std::uint32_t missing = group_size;
        now.end = codes.skip(at, missing);
        now.zeros = static_cast<std::uint32_t>(now.end - at) - (group_size - missing);
        return now.end;
    }
    Screen& screen() { return screen_; }

    [[nodiscard]] std::size_t size() const { return groups_.size(); }
    const Group& operator[](std::size_t index) const { return groups_[index]; }

    const ValueSet& values(std::size_t index) {
        if (sets_.size() < groups_.size()) sets_.resize(groups_.size());
        ValueSet& set = sets_[index];
        if (!groups_[index].known) {
            set = {};
            for (std::size_t i = groups_[index].begin; i < groups_[index].end; ++i) {
                set[codes_[i] / 64] |= std::uint64_t{1} << (codes_[i] % 64);
            }
            set[0] &= ~std::uint64_t{1};
            groups_[index].known = true;
        }
        return set;
    }

    /// At least `steps` steps of the group's residues, where it has as many.
    std::uint64_t residues(std::size_t index, std::uint32_t steps) {
        Group& group = groups_[index];
        for (; group.screened < steps; ++group.screened) {
            const std::size_t at = group.begin + group.screened * step;
            if (at + step > group.end) break;
            group.residues |= residues_of(&codes_[at]);
        }
        return group.residues;
    }

    /// The shortest window that ends with group `now`, lies in the `length` groups of the section
    /// so far, and whose own palette pays: its width in groups, and its values; 0: none does.
    /// `bits`: of the palette in use, if one is.
    [[gnu::always_inline]] std::size_t paying_window(std::size_t now, std::size_t length,
                                                     std::optional<int> bits, int zero_size,
                                                     ValueSet& window) {
        std::uint64_t residues = 0;
        std::size_t covered = 0, screened = 0;
        for (std::size_t level = 0; level < window_levels; ++level) {
            const std::size_t width = (std::size_t{1} << level) * (bits ? 2 : 1);
            if (length % width != 0) break;
            const auto gain = [&](int size) {
                const int values = static_cast<int>(width * group_size);
                return bits ? values * 15 * (*bits - bits_of(size)) / 16 - cost_of(size)
                            : first_gain(values, size);
            };
            // More values never gain more, so that most windows need no exact look.
            for (; screened < width; ++screened)
                residues |= this->residues(now - screened, most_steps);
            const int least = std::popcount(residues) + zero_size;
            if (least > static_cast<int>(largest_palette)) break;
            if (gain(least) <= 0) continue;
            for (; covered < width; ++covered) unite(window, values(now - covered));
            const int size = size_of(window) + zero_size;
            if (size > static_cast<int>(largest_palette)) break;
            if (gain(size) > 0) return width;
        }
        return 0;
    }

private:
    std::span<const std::uint16_t> codes_;
    std::vector<Group> groups_;
    std::vector<ValueSet> sets_;
    Screen screen_;
};

SectionCutter::SectionCutter() : groups_(std::make_unique<Groups>()) {}
SectionCutter::~SectionCutter() = default;

U65SIM_VERSIONS
std::vector<std::size_t> SectionCutter::cut(const MarkedCodes& codes) {
    Groups& groups = *groups_;
    groups.read(codes);
    std::vector<std::size_t> ends;
    std::size_t start = 0;        // first group of the section, or the first that is not forgotten
    std::size_t start_begin = 0;  // first weight of the section
    std::size_t forgotten = 0;    // groups of the section
    bool active = false;          // a palette is in use since `start`
    ValueSet palette{};
    std::uint64_t zeros = 0;
    const auto begin_section = [&](std::size_t at) {
        if (groups[at].begin > start_begin) ends.push_back(groups[at].begin);
        start_begin = groups[at].begin;
        start = at;
        zeros = forgotten = 0;
    };
    constexpr std::uint32_t stretch = Screen::stretch_groups;
    for (std::size_t at = 0; at < codes.size();) {
        const std::size_t now = groups.size();
        if (!active && (now - start) % stretch == 0) {
            std::uint32_t missing = stretch * group_size;
            const std::size_t end = codes.skip(at, missing);
            if (missing == 0 && groups.screen().rules_out(at, end)) {
                zeros += end - at - std::size_t{stretch} * group_size;
                forgotten += now - start + stretch;
                groups.forget();
                start = 0;
                at = end;
                continue;
            }
        }
        at = groups.add(codes, at);
        zeros += groups[now].zeros;
        const std::size_t length = forgotten + now + 1 - start;
        // Windows that end here are so many groups long at most.
        const auto levels = std::min<std::size_t>(
            window_levels, static_cast<std::size_t>(std::countr_zero(length)) + 1);
        // Mostly few of the group's codes show that it has too many values.
        const auto has_more = [&](std::uint32_t steps) {
            return std::popcount(groups.residues(now, steps)) > most_values[levels - 1];
        };
        if (!active && (has_more(1) || has_more(most_steps))) continue;
        const bool zero_counts = zeros > 0 && zeros * 3 <= length * group_size;
        const int zero_size = zero_counts ? 1 : 0;
        if (active) {
            ValueSet grown = palette;
            unite(grown, groups.values(now));
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
        const std::optional<int> bits =
            active ? std::optional{bits_of(size_of(palette) + zero_size)} : std::nullopt;
        ValueSet window{};
        const std::size_t width =
            groups.paying_window(now, forgotten + now + 1 - start, bits, zero_size, window);
        if (width == 0) continue;
        begin_section(now + 1 - width);
        for (std::size_t i = start; i <= now; ++i) zeros += groups[i].zeros;
        palette = window;
        active = true;
    }
    ends.push_back(codes.size());
    cut_long_runs(codes.codes(), ends);
    return ends;
}

}  // namespace u65sim::weights
