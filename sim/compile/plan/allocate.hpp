// Addresses for things that live at different times.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace u65sim::compiler {

/// The offset of what has no place.
inline constexpr std::int64_t no_offset = -1;

struct Lifetime {
    std::int64_t size = 0;             ///< bytes
    std::int32_t first = 0, last = 0;  ///< both ends included
    std::int64_t offset = no_offset;
    [[nodiscard]] bool is_placed() const { return offset != no_offset; }
    [[nodiscard]] bool meets(const Lifetime& other) const {
        return first <= other.last && other.first <= last;
    }
};

inline constexpr std::int64_t allocation_alignment = 16;

/// Whether two more of a size have room at a time beside what is placed then: what is free may be
/// in pieces.
bool has_room_for_two(std::span<const Lifetime> items, std::int32_t time, std::int64_t size,
                      std::int64_t limit);
/// Whether so many live at once that looking at all pairs of them would take too much memory and
/// time.
bool is_crowded(std::span<const Lifetime> items);
/// Places those without an offset in order of time, each as low as there is room, around those that
/// have one, whose room nobody else gets at any time. One that would end above `limit` gets none.
/// Near linear, where a Packer is quadratic.
void place_by_time(std::span<Lifetime> items, std::int64_t limit);

/// Finds places for the same items again and again: who lives beside whom is worked out once.
class Packer {
public:
    /// `items` must outlive this; only their offsets may change.
    explicit Packer(std::span<Lifetime> items);
    /// Places the items in the given order around those that have an offset; one that would end
    /// above `limit` gets none.
    void place(std::span<const std::size_t> order, std::int64_t limit);

    /// An order of items, each once, and the turn of each item; -1: always there.
    struct Turns {
        std::vector<std::size_t> order;
        std::vector<std::int64_t> of;
    };
    /// Places the items as they are in `known`, to which this order led, but with the item of turn
    /// `from`, which found no place, at turn `to` ahead of it. False when it finds none there
    /// either: then all others stay where they are too.
    bool advance(std::span<const Lifetime> known, const Turns& turns, std::size_t from,
                 std::size_t to, std::int64_t limit);

private:
    /// Where an item goes among those that come before its turn; -1: nowhere.
    template <class Before>
    std::int64_t find(std::size_t item, std::int64_t limit, Before before);
    /// Those that meet an item, ascending.
    [[nodiscard]] std::span<const std::uint32_t> beside(std::size_t item) const {
        return std::span{meets_}.subspan(begins_[item], begins_[item + 1] - begins_[item]);
    }

    std::span<Lifetime> items_;
    std::vector<std::uint32_t> meets_;  ///< of all items, one behind the other
    std::vector<std::size_t> begins_;   ///< one more than items
    std::vector<std::pair<std::int64_t, std::int64_t>> taken_;
    std::vector<bool> pushed_;  ///< per item: one beside it stands elsewhere
};

/// Places all items, searching for a low top unless they are crowded; stops at the lower bound or
/// when `limit` is met. Returns the top. The search is seeded: same items, same answer.
std::int64_t place_all(std::span<Lifetime> items, std::int64_t limit);
/// Most bytes alive at one time: no placement is lower.
std::int64_t lower_bound(std::span<const Lifetime> items);

}  // namespace u65sim::compiler
