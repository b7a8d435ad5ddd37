// Addresses for things that live at different times.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace u65sim::compiler {

struct Lifetime {
    std::int64_t size = 0;             ///< bytes
    std::int32_t first = 0, last = 0;  ///< both ends included
    std::int64_t offset = -1;          ///< -1: nowhere
    [[nodiscard]] bool meets(const Lifetime& other) const {
        return first <= other.last && other.first <= last;
    }
};

inline constexpr std::int64_t allocation_alignment = 16;

/// Lowest aligned offset at which `item` collides with nothing placed among `items`.
std::int64_t lowest_fit(std::span<const Lifetime> items, const Lifetime& item);
/// Places items in the given order; those that would end above `limit` get no offset.
void place_in_order(std::span<Lifetime> items, std::span<const std::size_t> order,
                    std::int64_t limit);
/// Places all items, searching for a low top; stops at the lower bound or when `limit` is met.
/// Returns the top. The search is seeded: same items, same answer.
std::int64_t place_all(std::span<Lifetime> items, std::int64_t limit);
/// Most bytes alive at one time: no placement is lower.
std::int64_t lower_bound(std::span<const Lifetime> items);

}  // namespace u65sim::compiler
