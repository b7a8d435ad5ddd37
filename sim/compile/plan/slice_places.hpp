// Room in fast memory for the slices of one operation's weights, beside what lives there already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compile/plan/allocate.hpp"

namespace u65sim::compiler {

/// Fine positions in one position of the execution order: slices at most.
inline constexpr std::int32_t fine = 256;

constexpr std::int32_t first_of(std::int32_t time) { return time * fine; }
constexpr std::int32_t last_of(std::int32_t time) { return time * fine + fine - 1; }

/// Whether slices stay where they are placed, or all will be placed anew: only bytes are counted.
enum class SlicePlaces : std::uint8_t { final, counted };

/// When slices may be in memory: copied from `from` on, the last one read until `time` ends.
struct SliceTimes {
    std::int32_t from = 0, time = 0;  ///< positions of the execution order
    std::int32_t later = 0;           ///< fine positions of `from` that pass before
};

/// Finds places for slices again and again; lifetimes count in fine positions.
class SlicePlacer {
public:
    explicit SlicePlacer(std::int64_t limit) : limit_(limit) {}

    /// Keeps those of `items` that have an offset and meet fine positions first .. last: slices are
    /// placed around them.
    void set_neighbours(std::span<const Lifetime> items, std::int32_t first, std::int32_t last);
    /// Bytes of these neighbours.
    [[nodiscard]] std::int64_t neighbour_bytes() const;

    /// Places slices of these sizes, each from the earliest position on at which it has room: no
    /// later than where the one before begins, if possible. None when one never has room. The
    /// result stands until the next call.
    std::span<const Lifetime> earliest(SliceTimes times, std::span<const std::int64_t> sizes);
    /// The same in two buffers that take turns, or in one.
    std::span<const Lifetime> in_turns(SliceTimes times, std::span<const std::int64_t> sizes,
                                       bool twice);
    /// The same where all places will be found anew: none of them is one yet, all have offset 0,
    /// and only bytes are counted.
    std::span<const Lifetime> counted_in_turns(SliceTimes times,
                                               std::span<const std::int64_t> sizes, bool twice);

private:
    struct Taken {
        std::int64_t offset, end;  ///< bytes; the end rounded up
        std::int32_t first, last;
    };
    /// Fine positions at which the slices begin to be read, and the end of the last one.
    void divide(std::int32_t time, std::size_t parts);
    /// What stands in the way of slices read in the divided positions, `smallest` bytes at least.
    void take_near(std::int64_t smallest);
    [[nodiscard]] std::int64_t lowest_fit(const Lifetime& item) const;
    /// Begin of a part of those that take turns.
    [[nodiscard]] std::int32_t begin_of(SliceTimes times, std::size_t part, bool twice) const;
    /// Bytes of neighbours and places alive at a fine position.
    [[nodiscard]] std::int64_t bytes_at(std::int32_t position) const;
    void add(const Lifetime& place);

    std::int64_t limit_;
    std::vector<Lifetime> near_;        ///< in order of their offsets
    std::vector<std::int32_t> begins_;  ///< one more than slices
    std::vector<Taken> taken_;          ///< in order of their offsets
    std::vector<Lifetime> places_;
};

}  // namespace u65sim::compiler
