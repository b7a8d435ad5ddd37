// Where the bytes of every request are, against what the request counts: whole networks.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/simulate.hpp>

#include "machine/direct/direct_machine.hpp"
#include "machine/units/port_server.hpp"
#include "property/networks.hpp"
#include "property/random_graphs.hpp"
#include "stream/operation.hpp"

using namespace u65sim;
using namespace u65sim::machine;

namespace {

/// Answers every request after fixed times, and compares its bursts with its access.
class CountingPort final : public PortServer {
public:
    CountingPort(UnitId id, Probe& probe, RequestPort& port) : PortServer(id, probe, port) {
        port.want_extents();
    }
    void reset() override { traffic_ = {}; }
    std::int64_t& slot_stall(bool write) override { return stalls_[write ? 1 : 0]; }
    void pass(StateWriter& /*state*/) override {}
    void pass(StateReader& /*state*/) override {}

    Time act(Time now) override {
        for (std::size_t channel = 0; channel < channel_count; ++channel) {
            while (!requests_->queue(channel).transfers.empty()) serve(channel, now);
        }
        return never;
    }

    std::int64_t requests = 0, different_counts = 0;
    std::array<std::int64_t, channel_count> walked_bytes{}, walked_beats{};

private:
    void serve(std::size_t channel, Time now) {
        Transfer& transfer = *requests_->queue(channel).transfers.front();
        const auto which = static_cast<Channel>(channel);
        const timing::BusShape& bus = requests_->bus(which);
        const std::int64_t most = std::max<std::int64_t>(1, transfer.access.bursts);
        cut_bursts(requests_->extents(channel).front(), most, bus, bursts_);
        ++requests;
        different_counts += static_cast<std::int64_t>(bursts_.size()) != most;
        if (transfer.access.bursts > 0) {
            for (const Burst& burst : bursts_) {
                walked_bytes[channel] += burst.bytes;
                walked_beats[channel] += timing::run_access(burst.address, burst.bytes, bus).beats;
            }
        }
        count(traffic_, which, transfer.access);
        transfer.accepted = now + 30;
        transfer.done = now + 50;
        requests_->extents(channel).pop();
        requests_->complete(channel);
    }

    std::array<std::int64_t, 2> stalls_{};
    std::vector<Burst> bursts_;
};

/// The machine with such ports in place of its own.
struct CountingMachine {
    Scheduler scheduler;
    DirectMachine direct{scheduler};
    CountingPort axi0{UnitId::axi0, direct.channels.probe, direct.channels.requests0};
    CountingPort axi1{UnitId::axi1, direct.channels.probe, direct.channels.requests1};
    Npu npu{scheduler, direct.channels,
            Units{direct.parser, direct.ifm_loader, direct.weight_loader, direct.scale_loader,
                  direct.mac_array, direct.output_unit, direct.ofm_writer, direct.dma, axi0, axi1}};

    void run(const std::vector<stream::Command>& commands, std::int64_t words,
             const Target& target) {
        scheduler.reset();
        npu.load(commands, words, target, {});
        scheduler.wake(UnitId::command_parser, 0);
        for (auto due = scheduler.earliest(); due.time != never; due = scheduler.earliest()) {
            scheduler.begin(due.unit, due.time);
            const Time next = npu.act(due.unit, due.time);
            if (next != never) scheduler.wake(due.unit, next);
        }
        REQUIRE(npu.finished());
    }
};

/// Checks all ports' requests of a network; returns how many there were.
std::int64_t check(const CompiledNetwork& network, const Target& target) {
    std::int64_t requests = 0;
    for (const NpuSegment& segment : network.segments) {
        const auto commands = stream::decode(segment.stream.words, segment.stream.accelerator);
        const auto machine = std::make_unique<CountingMachine>();
        machine->run(commands, static_cast<std::int64_t>(segment.stream.words.size()), target);
        for (const CountingPort* port : {&machine->axi0, &machine->axi1}) {
            CHECK(port->different_counts == 0);
            for (std::size_t channel = 0; channel < channel_count; ++channel) {
                CAPTURE(channel);
                CHECK(Bytes{port->walked_bytes[channel]} == port->traffic().bytes[channel]);
                CHECK(port->walked_beats[channel] == port->traffic().beats[channel]);
            }
            requests += port->requests;
        }
    }
    return requests;
}

}  // namespace

TEST_CASE("every request's bursts are those that it counts, on every network") {
    std::int64_t requests = 0;
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        CAPTURE(name);
        requests += check(run.network, run.target);
    }
    CHECK(requests > 100'000);
}

TEST_CASE("every request's bursts are those that it counts, on random networks") {
    const std::uint64_t count = property::random_graph_count(100);
    std::uint64_t checked = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Target target = property::random_target(seed);
        CAPTURE(seed, target.name);
        try {
            check(property::lower(property::random_graph(seed), target), target);
            ++checked;
        } catch (const DoesNotFit&) {
        }
    }
    CHECK(checked * 10 >= count * 8);
}
