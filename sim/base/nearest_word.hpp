// The known word a mistyped one was probably meant to be.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace u65sim {

/// Letters to insert, delete or replace to turn one word into the other.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate with the smallest edit distance to `word`, the first among equals; empty without
/// candidates. Long input is cut: nobody mistypes a hundred letters.
template <class Strings>
std::string nearest_word(std::string_view word, const Strings& candidates) {
    std::string best;
    std::size_t best_distance = std::numeric_limits<std::size_t>::max();
    for (const auto& candidate : candidates) {
        const std::size_t distance = edit_distance(word.substr(0, 100), candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace u65sim
