#include "base/parallel.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using u65sim::for_each_index;

TEST_CASE("every index gets its turn once, whatever the number of threads") {
    for (const unsigned threads : {0U, 1U, 2U, 7U}) {
        std::vector<std::atomic<int>> turns(100);
        for_each_index(turns.size(), threads, [&](std::size_t i) { ++turns[i]; });
        for (const auto& turn : turns) CHECK(turn == 1);
    }
}

TEST_CASE("no work is no error") {
    for_each_index(0, 4, [](std::size_t) { throw std::logic_error{"called"}; });
}

TEST_CASE("a failure ends the work and is handed on") {
    for (const unsigned threads : {1U, 3U}) {
        std::atomic<int> done = 0;
        const auto work = [&](std::size_t i) {
            if (i == 5) throw std::runtime_error{"at " + std::to_string(i)};
            ++done;
        };
        CHECK_THROWS_WITH(for_each_index(1000, threads, work), "at 5");
        CHECK(done >= 5);
        CHECK(done < 1000);
    }
}

TEST_CASE("workers wait for more work, also behind a failure") {
    for (const unsigned threads : {1U, 4U}) {
        u65sim::ThreadPool pool{threads};
        for (std::size_t count = 0; count < 200; ++count) {
            std::vector<std::atomic<int>> turns(count);
            pool.for_each_index(count, [&](std::size_t i) { ++turns[i]; });
            for (const auto& turn : turns) REQUIRE(turn == 1);
            const auto fail = [](std::size_t) { throw std::runtime_error{"failed"}; };
            if (count > 0) REQUIRE_THROWS_WITH(pool.for_each_index(count, fail), "failed");
        }
    }
}
