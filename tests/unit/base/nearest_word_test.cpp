#include "base/nearest_word.hpp"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace u65sim;

TEST_CASE("An edit distance counts letters inserted, deleted or replaced") {
    CHECK(edit_distance("sise", "size") == 1);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "ac") == 1);
    CHECK(edit_distance("same", "same") == 0);
}

TEST_CASE("The nearest word is the first of those with the smallest distance") {
    CHECK(nearest_word("u65-265", std::vector<std::string>{"u55-256", "u65-256"}) == "u65-256");
    CHECK(nearest_word("con2d", std::array{"add", "conv2d", "concat"}) == "conv2d");
    CHECK(nearest_word("b", std::array{"a", "c"}) == "a");
    CHECK(nearest_word("a", std::vector<std::string>{}).empty());
    CHECK(nearest_word("latency", std::array{"energy", "latency_ms"}) == "latency_ms");
    CHECK(nearest_word("foo", std::array{"grouped", "rnnoise"}).empty());
}

TEST_CASE("Of a word that nobody mistypes only the beginning counts") {
    const std::string begin(100, 'x');
    const std::vector<std::string> words{begin, begin + std::string(50, 'y')};
    CHECK(nearest_word(begin + std::string(50, 'y'), words) == begin);
}

TEST_CASE("A word that is near nothing is answered with what there is") {
    const std::array known{"add", "conv2d"};
    CHECK(known_words("con2d", known, "'") == "the nearest known one is 'conv2d'");
    CHECK(known_words("relu", known) == "known are add, conv2d");
    CHECK(known_words("x", std::vector<std::string>(20, "name")).ends_with("name, ..."));
    CHECK(known_words("x", std::vector<std::string>{}) == "none is known");
}
