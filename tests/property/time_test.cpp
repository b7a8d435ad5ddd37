// What no run may break: peaks, capacities, and sums.
#include <catch2/catch.hpp>
#include <numeric>

#include "property/networks.hpp"
#include "target/architecture.hpp"

using namespace u65sim;

TEST_CASE("No network is faster than the MAC array's peak") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        CAPTURE(name);
        std::int64_t macs = 0;
        for (const OperationRecord& operation : run.simulation.operations) {
            macs += operation.macs.count();
            CHECK(operation.mac_busy <= run.simulation.total);
        }
        const std::int64_t peak = run.target.peak_macs_per_cycle();
        CHECK(run.simulation.total.count() * peak >= run.network.macs.count());
        CHECK(run.simulation.total.count() > 0);
        CHECK(macs > 0);
    }
}

TEST_CASE("No port moves more than its width and its memory's bandwidth allow") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        const std::int64_t cycles = run.simulation.total.count();
        const int width = architecture(run.target.accelerator).axi_width_bytes;
        for (std::size_t port = 0; port < 2; ++port) {
            CAPTURE(name, port);
            const PortTraffic& traffic = run.simulation.ports[port];
            CHECK(traffic.read_beats() <= cycles);
            CHECK(traffic.write_beats() <= cycles);
            CHECK(traffic.read_bytes().count() <= traffic.read_beats() * width);
            CHECK(traffic.write_bytes().count() <= traffic.write_beats() * width);
            const Memory& memory = port == 0 ? run.target.sram : run.target.off_chip;
            if (memory.bandwidth.numerator() == 0) continue;
            // What a period grants may all be used at its start.
            const double most = memory.bandwidth.value() *
                                static_cast<double>(cycles + memory.bandwidth_period.count());
            const auto moved = traffic.read_bytes() + traffic.write_bytes();
            CHECK(static_cast<double>(moved.count()) <= most);
        }
    }
}

TEST_CASE("No unit is busy longer than the run") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        REQUIRE(run.simulation.units.size() == run.simulation.unit_busy.size());
        REQUIRE_FALSE(run.simulation.units.empty());
        for (std::size_t i = 0; i < run.simulation.units.size(); ++i) {
            CAPTURE(name, run.simulation.units[i]);
            CHECK(run.simulation.unit_busy[i] <= run.simulation.total);
        }
    }
}

TEST_CASE("Every cycle has one cause") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        CAPTURE(name);
        CHECK(std::accumulate(run.simulation.causes.begin(), run.simulation.causes.end(),
                              Cycles{0}) == run.simulation.total);
        Cycles attributed{0};
        for (const OperationRecord& operation : run.simulation.operations) {
            for (const Cycles cycles : operation.causes) attributed += cycles;
            if (operation.is_dma) CHECK(operation.causes == CauseCycles{});
        }
        CHECK(attributed <= run.simulation.total);
        for (std::size_t i = 0; i < cause_count; ++i) {
            CHECK(run.simulation.causes[i] >= Cycles{0});
        }
    }
}

TEST_CASE("The ports' traffic is that of the operations and of command fetch") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        std::array<PortTraffic, 2> sum{};
        for (const OperationRecord& operation : run.simulation.operations) {
            for (std::size_t port = 0; port < 2; ++port) sum[port] += operation.ports[port];
        }
        for (std::size_t port = 0; port < 2; ++port) {
            for (std::size_t channel = 1; channel < channel_count; ++channel) {
                CAPTURE(name, port, to_string(static_cast<Channel>(channel)));
                CHECK(sum[port].bytes[channel] == run.simulation.ports[port].bytes[channel]);
                CHECK(sum[port].beats[channel] == run.simulation.ports[port].beats[channel]);
            }
        }
    }
}

TEST_CASE("Operations start after they are issued and end within the run") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        for (const OperationRecord& operation : run.simulation.operations) {
            CAPTURE(name, operation.command_index, operation.kind);
            CHECK(operation.issue <= operation.start);
            CHECK(operation.start <= operation.end);
            CHECK(operation.end <= run.simulation.total);
        }
    }
}
