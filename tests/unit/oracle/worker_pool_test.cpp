#include <catch2/catch.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>

#include <u65sim/oracle.hpp>

#include "oracle/worker_pool.hpp"

using namespace u65sim;
using oracle::WorkerPool;

namespace {

/// Answers with the query backwards, or dies of it.
std::string reverse(std::string_view query) {
    if (query == "die") _exit(3);
    std::string text{query};
    std::reverse(text.begin(), text.end());
    return text;
}

}  // namespace

TEST_CASE("A pool's workers answer, one after the other and side by side") {
    WorkerPool pool{3, reverse};
    CHECK(pool.size() == 3);
    CHECK(pool.ask("abc") == "cba");
    CHECK(pool.ask("").empty());
    const std::string large(5 << 20, 'x');
    CHECK(pool.ask(large) == large);
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i) {
                const std::string query = std::to_string(1000 * t + i);
                right += pool.ask(query) == reverse(query) ? 1 : 0;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 400);
    CHECK(pool.lost() == 0);
}

TEST_CASE("Workers are processes of their own, and a dead one is replaced") {
    WorkerPool pool{2, reverse};
    const auto before = pool.processes();
    REQUIRE(before.size() == 2);
    CHECK(std::set<pid_t>(before.begin(), before.end()).size() == 2);
    for (const pid_t process : before) {
        CHECK(process != getpid());
        REQUIRE(kill(process, SIGKILL) == 0);
    }
    for (int i = 0; i < 6; ++i) CHECK(pool.ask("abc") == "cba");
    CHECK(pool.lost() >= 1);
    CHECK(pool.processes().size() == 2);
    CHECK(pool.processes() != before);
}

TEST_CASE("A query that kills two workers is reported, and the pool goes on") {
    WorkerPool pool{2, reverse};
    CHECK_THROWS_AS(pool.ask("die"), WorkerLost);
    CHECK(pool.lost() == 2);
    CHECK(pool.retried() == 1);
    CHECK(pool.ask("abc") == "cba");
    CHECK(pool.processes().size() == 2);
}
