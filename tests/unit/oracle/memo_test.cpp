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

/// Memory for so many of the reports above.
Bytes room_for(int reports) { return oracle::memory_of(named("three")) * reports; }

}  // namespace

TEST_CASE("A memo gives back what it was given") {
    Memo memo{room_for(2)};
    CHECK_FALSE(memo.find({1, 1}));
    memo.insert({1, 1}, named("one"));
    REQUIRE(memo.find({1, 1}));
    CHECK(memo.find({1, 1})->model.name == "one");
    CHECK_FALSE(memo.find({1, 2}));
    CHECK_FALSE(memo.find({2, 1}));
}

TEST_CASE("A full memo forgets what was used longest ago") {
    Memo memo{room_for(2)};
    memo.insert({1, 0}, named("one"));
    memo.insert({2, 0}, named("two"));
    CHECK(memo.find({1, 0}));
    memo.insert({3, 0}, named("three"));
    CHECK(memo.find({1, 0}));
    CHECK_FALSE(memo.find({2, 0}));
    CHECK(memo.find({3, 0}));
}

TEST_CASE("Inserting a key twice keeps one entry") {
    Memo memo{room_for(2)};
    memo.insert({1, 0}, named("one"));
    memo.insert({2, 0}, named("two"));
    memo.insert({2, 0}, named("two"));
    CHECK(memo.find({1, 0}));
}

TEST_CASE("A memo without room stays empty") {
    Memo memo{Bytes{0}};
    memo.insert({1, 0}, named("one"));
    CHECK_FALSE(memo.find({1, 0}));
}

TEST_CASE("A memo counts what it keeps") {
    Memo memo{room_for(2)};
    CHECK(memo.size() == 0);
    memo.insert({1, 0}, named("one"));
    CHECK(memo.size() == 1);
    CHECK(memo.bytes() == oracle::memory_of(named("one")));
    for (std::uint64_t i = 2; i < 100; ++i) memo.insert({i, 0}, named("another"));
    CHECK(memo.bytes() <= room_for(2));
}

TEST_CASE("A report larger than the memo is not kept") {
    Memo memo{Bytes{64}};
    memo.insert({1, 0}, named("one"));
    CHECK(memo.size() == 0);
    CHECK(memo.bytes() == Bytes{0});
}
