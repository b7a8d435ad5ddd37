#include "base/nearest_word.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <u65sim/text.hpp>

namespace u65sim {

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

bool is_near(std::string_view word, std::string_view known) {
    const std::size_t shorter = std::min(word.size(), known.size());
    if (shorter >= 3 && word.substr(0, shorter) == known.substr(0, shorter)) return true;
    const std::size_t longer = std::max(word.size(), known.size());
    return edit_distance(word, known) <= std::max<std::size_t>(1, longer * 2 / 5);
}

std::string nearest_of(std::string_view word, const std::vector<std::string>& candidates) {
    return nearest_word(word, candidates);
}

}  // namespace u65sim
