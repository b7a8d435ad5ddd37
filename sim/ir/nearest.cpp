#include "ir/nearest.hpp"

#include <algorithm>

#include "base/edit_distance.hpp"

namespace u65sim::ir {

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
    // Long input is cut: nobody mistypes a hundred letters.
    word = word.substr(0, 100);
    const auto best = std::min_element(candidates.begin(), candidates.end(),
                                       [&](const std::string& a, const std::string& b) {
                                           return edit_distance(word, a) < edit_distance(word, b);
                                       });
    return best == candidates.end() ? std::string{} : *best;
}

}  // namespace u65sim::ir
