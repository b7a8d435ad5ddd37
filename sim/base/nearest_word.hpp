// The known word a mistyped one was probably meant to be.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace u65sim {

/// Letters to insert, delete or replace to turn one word into the other.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// Whether somebody who wrote `word` may have meant `known`: two letters of five differ at most,
/// or one is how the other begins.
bool is_near(std::string_view word, std::string_view known);

/// The candidate with the smallest edit distance to `word` of those that are near, the first among
/// equals; empty when none is. Long input is cut: nobody mistypes a hundred letters.
template <class Strings>
std::string nearest_word(std::string_view word, const Strings& candidates) {
    std::string best;
    std::size_t best_distance = std::numeric_limits<std::size_t>::max();
    for (const auto& candidate : candidates) {
        if (!is_near(word.substr(0, 100), candidate)) continue;
        const std::size_t distance = edit_distance(word.substr(0, 100), candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

/// What to answer a word that is not among `known`: "the nearest known one is dram.size", or some
/// of them where none is near, each between `quote`s.
template <class Strings>
std::string known_words(std::string_view word, const Strings& known, std::string_view quote = "") {
    constexpr std::size_t most = 12;
    const std::string nearest = nearest_word(word, known);
    const auto quoted = [&](std::string_view text) {
        return std::string{quote}.append(text).append(quote);
    };
    if (!nearest.empty()) return "the nearest known one is " + quoted(nearest);
    std::string list;
    std::size_t count = 0;
    for (const auto& each : known) {
        if (count++ < most) list += (list.empty() ? "known are " : ", ") + quoted(each);
    }
    if (count == 0) return "none is known";
    return count > most ? list + ", ..." : list;
}

}  // namespace u65sim
