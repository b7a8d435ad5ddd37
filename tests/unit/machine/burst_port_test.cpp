// A port that asks for each burst by itself: with a memory of the analytic rules its requests have
// the times that AxiPort gives them, whenever those become known.
#include <catch2/catch.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "machine/memory/burst_timing.hpp"
#include "machine/units/axi_port.hpp"
#include "machine/units/burst_port.hpp"
#include "unit/machine/unit_rig.hpp"

using namespace unit_test;

namespace {

/// A memory of the analytic rules, which answers within send() or when the time has come.
class Memory final : public BurstServer {
public:
    Memory(Scheduler& clock, bool ahead) : clock_(&clock), ahead_(ahead) {}
    void reset(const timing::PortRules& rules) { timing_.reset(rules); }
    [[nodiscard]] bool ready() const override { return true; }
    [[nodiscard]] bool ahead() const override { return ahead_; }
    void forget() override { due_.clear(); }
    void send(BurstRequest& burst, Time time) override {
        const auto [accepted, response] = timing_.serve(0, burst.write, burst.beats, time);
        ++in_flight;
        most_in_flight = std::max(most_in_flight, in_flight);
        port->accept(burst, ahead_ ? accepted : time);
        if (ahead_) {
            --in_flight;
            port->answer(burst, response);
        } else {
            due_.emplace(response, &burst);
        }
    }
    [[nodiscard]] Time next() const { return due_.empty() ? never : due_.begin()->first; }
    void answer_next() {
        const auto [time, burst] = *due_.begin();
        due_.erase(due_.begin());
        --in_flight;
        port->answer(*burst, time);
    }

    BurstPort* port = nullptr;
    std::int64_t in_flight = 0, most_in_flight = 0;

private:
    Scheduler* clock_;
    bool ahead_;
    BurstTiming timing_;
    std::multimap<Time, BurstRequest*> due_;
};

struct Asked {
    Time time = 0;
    Channel channel{};
    std::int64_t bytes = 0;
};

std::vector<Asked> random_requests(std::uint32_t seed, bool writes) {
    const auto draw = [&seed](std::uint32_t limit) {
        seed = seed * 1664525U + 1013904223U;
        return (seed >> 8) % limit;
    };
    std::vector<Asked> requests;
    Time time = 0;
    for (int i = 0; i < 60; ++i) {
        time += draw(3) == 0 ? draw(200) : 0;
        const auto channel = static_cast<Channel>(draw(writes ? channel_count : 5));
        requests.push_back({time, channel, 1 + draw(draw(4) == 0 ? 4000 : 300)});
    }
    return requests;
}

/// Runs `requests` on `port`; returns when each was accepted and done, and the port's counters.
template <class Port>
std::vector<Time> run(Scheduler& clock, Channels& channels, Port& port, Memory* memory,
                      const std::vector<Asked>& requests) {
    std::deque<Transfer> transfers;
    std::size_t next = 0;
    port.reset();
    for (;;) {
        const Time submit = next < requests.size() ? requests[next].time : never;
        const Time answer = memory != nullptr ? memory->next() : never;
        const auto due = clock.earliest();
        if (submit == never && answer == never && due.time == never) break;
        if (submit <= answer && submit <= due.time) {
            Transfer& transfer = transfers.emplace_back();
            const Asked& request = requests[next++];
            const std::uint64_t address = 1000 * next;
            transfer.owner = UnitId::dma;
            transfer.access =
                timing::run_access(address, request.bytes, channels.requests1.bus(request.channel));
            channels.requests1.submit(request.channel, transfer, request.time);
            if (channels.requests1.wants_extents()) {
                channels.requests1.describe(request.channel, transfer,
                                            Extent::of_run(0, address, request.bytes));
            }
        } else if (answer <= due.time) {
            memory->answer_next();
        } else {
            clock.begin(due.unit, due.time);
            if (due.unit != UnitId::axi1) continue;
            const Time wanted = port.act(due.time);
            if (wanted != never) clock.wake(UnitId::axi1, wanted);
        }
    }
    std::vector<Time> times;
    for (const Transfer& transfer : transfers) {
        times.push_back(transfer.accepted);
        times.push_back(transfer.done);
    }
    for (const bool write : {false, true}) times.push_back(port.slot_stall(write));
    return times;
}

std::vector<Time> on_axi_port(const Target& target, const std::vector<Asked>& requests) {
    Scheduler clock;
    Channels channels{clock};
    channels.reset({}, target, false);
    AxiPort port{UnitId::axi1, {clock, channels.probe, channels.requests1}};
    return run(clock, channels, port, nullptr, requests);
}

std::vector<Time> on_burst_port(const Target& target, const std::vector<Asked>& requests,
                                bool ahead, std::int64_t most_in_flight = 0,
                                std::int64_t* in_flight = nullptr) {
    Scheduler clock;
    Channels channels{clock};
    channels.reset({}, target, false);
    Memory memory{clock, ahead};
    memory.reset(channels.requests1.rules());
    BurstPort port{
        UnitId::axi1, {clock, channels.probe, channels.requests1, memory}, most_in_flight};
    memory.port = &port;
    const std::vector<Time> times = run(clock, channels, port, &memory, requests);
    CHECK(port.idle());
    if (in_flight != nullptr) *in_flight = memory.most_in_flight;
    return times;
}

Target random_target(std::uint32_t seed) {
    Target where = target();
    where.off_chip.max_outstanding_reads = static_cast<std::int32_t>(seed % 5 * 7);
    where.off_chip.max_outstanding_writes = static_cast<std::int32_t>(seed % 3 * 5);
    where.off_chip.read_latency = Cycles{seed % 7 * 60};
    if (seed % 4 == 0) where.off_chip.bandwidth_period = Cycles{0};
    return where;
}

}  // namespace

TEST_CASE("bursts that are answered at once give requests the times of the analytic port") {
    for (std::uint32_t seed = 1; seed <= 400; ++seed) {
        const Target where = random_target(seed);
        const auto requests = random_requests(seed, true);
        CAPTURE(seed);
        CHECK(on_burst_port(where, requests, true) == on_axi_port(where, requests));
    }
}

TEST_CASE("without a cap it is the same when times become known as they pass") {
    for (std::uint32_t seed = 1; seed <= 400; ++seed) {
        Target where = random_target(seed);
        where.off_chip.bandwidth = BytesPerCycle{0, 1};
        where.off_chip.bandwidth_period = Cycles{0};
        const auto requests = random_requests(seed, true);
        CAPTURE(seed);
        CHECK(on_burst_port(where, requests, false) == on_axi_port(where, requests));
    }
}

TEST_CASE("no more bursts are in flight than the port may have") {
    Target where = random_target(1);
    std::int64_t most = 0;
    const auto requests = random_requests(1, false);
    where.off_chip.max_outstanding_reads = 0;
    on_burst_port(where, requests, false, 3, &most);
    CHECK(most == 3);
    where.off_chip.max_outstanding_reads = 5;
    on_burst_port(where, requests, false, 0, &most);
    CHECK(most == 5);
}
