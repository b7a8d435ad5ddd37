#include <catch2/catch.hpp>

#include "oracle/memo.hpp"

using namespace u65sim;
using oracle::Memo;

namespace {

Report named(const char* name) {
    Report report;
    report.model.name = name;
    return report;
}

}  // namespace

TEST_CASE("A memo gives back what it was given") {
    Memo memo{2};
    CHECK_FALSE(memo.find({1, 1}));
    memo.insert({1, 1}, named("one"));
    REQUIRE(memo.find({1, 1}));
    CHECK(memo.find({1, 1})->model.name == "one");
    CHECK_FALSE(memo.find({1, 2}));
    CHECK_FALSE(memo.find({2, 1}));
}

TEST_CASE("A full memo forgets what was used longest ago") {
    Memo memo{2};
    memo.insert({1, 0}, named("one"));
    memo.insert({2, 0}, named("two"));
    CHECK(memo.find({1, 0}));
    memo.insert({3, 0}, named("three"));
    CHECK(memo.find({1, 0}));
    CHECK_FALSE(memo.find({2, 0}));
    CHECK(memo.find({3, 0}));
}

TEST_CASE("Inserting a key twice keeps one entry") {
    Memo memo{2};
    memo.insert({1, 0}, named("one"));
    memo.insert({2, 0}, named("two"));
    memo.insert({2, 0}, named("two"));
    CHECK(memo.find({1, 0}));
}

TEST_CASE("A memo without room stays empty") {
    Memo memo{0};
    memo.insert({1, 0}, named("one"));
    CHECK_FALSE(memo.find({1, 0}));
}
