// What compilations leave for later ones, and how much of it.
#include <catch2/catch.hpp>

#include <string>

#include <u65sim/error.hpp>

#include "compile/bounded_cache.hpp"
#include "compile/cache.hpp"
#include "networks.hpp"

using namespace u65sim;
using compiler::BoundedCache;
using compiler::CacheCounters;
using compiler::Constants;

namespace {

CompiledNetwork compiled(const Graph& graph, const CompileCache& cache, CacheCounters& counters) {
    return compiler::compile(graph, test::target(), {}, Constants::sizes, cache, counters);
}

}  // namespace

TEST_CASE("a bounded cache forgets all when the next value has no room") {
    BoundedCache<int, std::string> cache{1000};
    for (int key = 0; key < 3; ++key) cache.insert(key, std::to_string(key), 200);
    for (int key = 0; key < 3; ++key) CHECK(cache.find(key) == std::to_string(key));
    cache.insert(3, "3", 200);
    CHECK_FALSE(cache.find(0));
    CHECK_FALSE(cache.find(2));
    CHECK(cache.find(3) == "3");
    cache.insert(3, "other", 200);
    CHECK(cache.find(3) == "3");
}

TEST_CASE("a bounded cache holds the last value whatever it takes") {
    BoundedCache<int, std::string> cache{0};
    cache.insert(1, "one");
    cache.insert(2, "two", 1 << 20);
    CHECK_FALSE(cache.find(1));
    CHECK(cache.find(2) == "two");
}

TEST_CASE("a second compilation finds all slices and kernels of the first, and gives the same") {
    const Graph graph = test::bottlenecks(64, 32);
    const CompileCache cache;
    CacheCounters first, second;
    const CompiledNetwork network = compiled(graph, cache, first);
    CHECK(first.slice_lookups > 0);
    CHECK(first.slice_hits < first.slice_lookups);
    CHECK(first.kernel_lookups > 0);
    CHECK(first.kernel_hits == 0);
    const CompileCache copy = cache;
    CHECK(compiled(graph, copy, second) == network);
    CHECK(second.slice_lookups == first.slice_lookups);
    CHECK(second.slice_hits == second.slice_lookups);
    CHECK(second.kernel_lookups == first.kernel_lookups);
    CHECK(second.kernel_hits == second.kernel_lookups);
}

TEST_CASE("two caches have nothing in common, and one without memory keeps nothing") {
    const Graph graph = test::bottlenecks(64, 32);
    CacheCounters first, other, none;
    const CompileCache cache;
    const CompiledNetwork network = compiled(graph, cache, first);
    CHECK(compiled(graph, CompileCache{}, other) == network);
    CHECK(other.slice_hits == first.slice_hits);
    CHECK(other.kernel_hits == 0);
    const CompileCache tiny{Bytes{0}};
    CHECK(compiled(graph, tiny, none) == network);
    CHECK(compiled(graph, tiny, none) == network);
    CHECK(none.kernel_hits == 0);
    CHECK_THROWS_AS(CompileCache{Bytes{-1}}, InvalidConfig);
}

TEST_CASE("an estimator is lent once at a time, by target") {
    compiler::EstimatorPool pool{1 << 20};
    CacheCounters counters;
    const Target target = test::target();
    Target other = target;
    other.sram.size = Bytes{131072};
    auto first = pool.borrow(target, counters);
    auto second = pool.borrow(target, counters);
    CHECK(first != second);
    const timing::KernelEstimator* const known = second.get();
    second.reset();
    CHECK(pool.borrow(other, counters).get() != known);
    CHECK(pool.borrow(target, counters).get() == known);
    Target broken = target;
    broken.sram.size = Bytes{-1};
    CHECK_THROWS_AS(pool.borrow(broken, counters), InvalidConfig);
}
