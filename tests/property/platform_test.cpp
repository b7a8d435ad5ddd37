// Whatever stands on a bus: every request is answered, bytes are conserved, the protocol is kept,
// nothing locks up.
#include <catch2/catch.hpp>

#include "property/random_platforms.hpp"

using namespace u65sim;

TEST_CASE("random platforms answer every request, conserve bytes and keep to the protocol") {
    const std::uint64_t count = property::random_platform_count(40);
    std::uint64_t requests = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        property::RandomPlatform platform(seed, seed % 4 == 0);
        CAPTURE(seed, platform.description());
        REQUIRE(platform.run() == "");
        requests += platform.requests();
    }
    CHECK(requests > 10 * count);
}

TEST_CASE("a platform's times are the same in every run") {
    const auto last = [](std::uint64_t seed) {
        property::RandomPlatform platform(seed, seed % 2 == 0);
        platform.run();
        return sc_core::sc_time_stamp().value();
    };
    for (std::uint64_t seed = 1; seed <= 5; ++seed) CHECK(last(seed) == last(seed));
}

TEST_CASE("bytes beside a write that is rounded out are those of younger writes already answered") {
    for (const std::uint64_t seed : {6020, 6332}) {
        property::RandomPlatform platform(seed, true);
        CAPTURE(seed, platform.description());
        CHECK(platform.run() == "");
    }
}
