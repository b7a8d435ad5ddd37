// However many bursts move at once: each one's times are those of the rules, one after the other.
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <random>

#include "machine/memory/burst_flow.hpp"

using namespace u65sim;
using namespace u65sim::machine;

namespace {

/// A direction by its rules alone: burst by burst, slot by slot.
class ByRules {
public:
    ByRules(const BurstFlow::Rules& rules, BandwidthCap& cap) : rules_(rules), cap_(&cap) {
        slots_.assign(static_cast<std::size_t>(rules.slots), 0);
    }
    Time move(std::int64_t beats, std::int64_t bursts, Time now) {
        address_free_ = std::max(now, address_free_);
        for (std::int64_t i = 0; i < bursts; ++i) {
            // As equal as they can be: what is behind the first i + 1 is rounded down, like a step
            // a little larger than the true one.
            const std::int64_t size = beats * (i + 1) / bursts - beats * i / bursts;
            Time issue = address_free_;
            if (!slots_.empty()) {
                stalled_ += std::max<Time>(0, slots_.front() - issue);
                issue = std::max(issue, slots_.front());
            }
            if (cap_->active()) issue = cap_->reserve(issue, size);
            address_free_ = issue + 1;
            data_free_ = std::max(issue + rules_.latency, data_free_) + size;
            if (slots_.empty()) continue;
            slots_.pop_front();
            slots_.push_back(data_free_ + rules_.held);
        }
        return data_free_;
    }
    [[nodiscard]] Time ready() const {
        const Time bus = std::max(address_free_, data_free_ - rules_.latency);
        return slots_.empty() ? bus : std::max(bus, slots_.front());
    }
    [[nodiscard]] std::int64_t stalled() const { return stalled_; }

private:
    BurstFlow::Rules rules_;
    BandwidthCap* cap_;
    std::deque<Time> slots_;
    Time address_free_ = 0, data_free_ = 0;
    std::int64_t stalled_ = 0;
};

class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::int64_t operator()(std::int64_t from, std::int64_t to) {
        return std::uniform_int_distribution<std::int64_t>(from, to)(engine_);
    }

private:
    std::mt19937 engine_;
};

/// Latency, slots and cap of a port as memories have them, and as nobody would build them.
timing::PortRules random_port(Random& random) {
    timing::PortRules port;
    port.bus = {16, 64};
    switch (random(0, 3)) {
        case 0:
            break;  // no cap
        case 1:
            port.cap_beats = random(1, 3000);
            port.cap_period = random(1, 3) * port.cap_beats + random(0, 500);
            break;
        case 2:
            port.cap_period = port.cap_beats = 4000;
            break;
        default:
            port.steady_cap = true;
            port.cap_beats = random(1, 8);
            port.cap_period = random(1, 64);
    }
    return port;
}

}  // namespace

TEST_CASE("bursts that move at once have the times of bursts one by one") {
    int sequences = 0;
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        Random random{seed};
        const timing::PortRules port = random_port(random);
        std::array<BandwidthCap, 2> caps;
        for (BandwidthCap& cap : caps) cap.reset(port);
        // Reads and writes share a cap.
        std::vector<BurstFlow> flows(2);
        std::vector<ByRules> rules;
        for (BurstFlow& flow : flows) {
            const BurstFlow::Rules of{.latency = random(0, 2) == 0 ? random(0, 600) : 32,
                                      .held = random(0, 1) == 0 ? random(0, 300) : 8,
                                      .slots = random(0, 4) == 0 ? random(0, 3) : random(4, 32),
                                      .burst = 4};
            flow.reset(of, caps[0]);
            rules.emplace_back(of, caps[1]);
        }
        // Mostly equal pieces one after the other, as units ask for them.
        std::int64_t bursts = 4, beats = 16;
        for (int piece = 0; piece < 400; ++piece) {
            if (random(0, 9) == 0) {
                bursts = random(1, 40);
                beats = random(0, 30) == 0 ? random(0, bursts) : random(bursts, 4 * bursts);
                if (random(0, 1) == 0) beats = 4 * bursts;
            }
            const auto which = static_cast<std::size_t>(random(0, 7) == 0);
            BurstFlow& flow = flows[which];
            if (random(0, 2) == 0) {
                // Back to back they are what the pieces are, each as soon as it can be.
                const std::int64_t pieces = random(2, 8);
                const std::int64_t full = random(1, 8);
                CAPTURE(seed, piece, which, pieces, full);
                if (flow.move_back_to_back(full, pieces, flow.ready())) {
                    ++sequences;
                    for (std::int64_t i = 0; i < pieces; ++i) {
                        rules[which].move(4 * full, full, rules[which].ready());
                    }
                }
                REQUIRE(flow.ready() == rules[which].ready());
                REQUIRE(flow.stalled() == rules[which].stalled());
            }
            const Time now = flow.ready() + (random(0, 3) == 0 ? random(0, 1000) : 0);
            CAPTURE(seed, piece, which, beats, bursts, now);
            REQUIRE(flow.move(beats, bursts, now) == rules[which].move(beats, bursts, now));
            REQUIRE(flow.ready() == rules[which].ready());
            REQUIRE(flow.stalled() == rules[which].stalled());
        }
    }
    CHECK(sequences > 1000);
}
