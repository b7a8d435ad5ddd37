// NpuModule on platforms with random networks: memory ends as the commands say, in the cycles of
// simulate() where its memories are those of the target.
#include <catch2/catch.hpp>

#include <array>
#include <cstdint>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/simulate.hpp>

#include "behaviour/npu_platform.hpp"
#include "machine/functional/executor.hpp"
#include "machine/functional/footprint.hpp"
#include "property/networks.hpp"
#include "property/random_graphs.hpp"
#include "stream/operation.hpp"
#include "target/architecture.hpp"

using namespace npu_test;
using machine::functional::region_count;
using Regions = std::array<Image, region_count>;

namespace {

class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(static_cast<std::uint32_t>(seed)) {}
    std::uint32_t operator()() {
        state_ = state_ * 1664525U + 1013904223U;
        return state_ >> 8;
    }

private:
    std::uint32_t state_;
};

/// What a segment finds in memory, and what it leaves there.
struct Expectation {
    Regions before, after;
    Simulation simulation;
    bool fits = true;
};

Expectation expect(const CompiledNetwork& network, std::size_t segment, const Target& target,
                   Draw& draw) {
    const CommandStream& stream = network.segments[segment].stream;
    const auto commands = stream::decode(stream.words, stream.accelerator);
    const auto sizes = machine::functional::footprint(commands);
    Expectation result;
    machine::functional::Executor executor(target.accelerator);
    for (std::size_t region = 0; region < region_count; ++region) {
        Image& bytes = result.before[region];
        result.fits &= sizes[region] <= (region < bases.size() ? 0x0100'0000U : 0U);
        if (!result.fits) return result;
        bytes.resize(sizes[region]);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(draw());
        if (region == region_constants) {
            std::copy_n(network.constants.begin(), std::min(bytes.size(), network.constants.size()),
                        bytes.begin());
        }
        executor.memory().assign(static_cast<int>(region), bytes);
    }
    try {
        executor.run(commands);
    } catch (const InvalidStream&) {  // modelled weights have sizes and no values
        result.fits = false;
        return result;
    }
    for (std::size_t region = 0; region < region_count; ++region) {
        result.after[region] = executor.memory().bytes(static_cast<int>(region));
    }
    CompiledNetwork alone = network;
    alone.segments = {network.segments[segment]};
    alone.steps = {{.segment = 0}};
    result.simulation = simulate(alone, target, {.backend = SimulationBackend::direct});
    result.simulation.events = 0;
    return result;
}

/// REGIONCFG and QCONFIG of a target.
template <class AnyPlatform>
void set_ports(AnyPlatform& platform, const Target& target) {
    std::uint32_t regions = 0;
    for (int region = 0; region < region_count; ++region) {
        if (port_of_region(target.memory_mode, region) == 1) regions |= 2U << 2 * region;
    }
    platform.write(NpuModule::region_config, regions);
    platform.write(NpuModule::qconfig, port_of_commands(target.memory_mode) == 1 ? 2 : 0);
}

/// Runs one segment and compares memory.
template <class AnyPlatform>
void run(AnyPlatform& platform, std::size_t segment, const Target& target,
         const Expectation& expected) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    for (std::size_t region = 0; region < bases.size(); ++region) {
        const Image& bytes = expected.before[region];
        platform.memories.write(bases[region], bytes.data(), bytes.size());
    }
    platform.place_stream(segment);
    platform.set_registers();
    set_ports(platform, target);
    platform.run();
    REQUIRE(platform.npu.last_error().empty());
    CHECK(platform.read(NpuModule::status) == (NpuModule::irq_raised | NpuModule::stream_end));
    for (std::size_t region = 0; region < bases.size(); ++region) {
        Image bytes(expected.after[region].size());
        const int port = port_of_region(target.memory_mode, static_cast<int>(region));
        // DefaultMemories reads region 2 from the memory behind AXI0.
        platform.memories.read(port == 0 ? 2 : 0, bases[region], bytes.data(), bytes.size());
        CAPTURE(region);
        CHECK((bytes == expected.after[region]));
    }
    CHECK(platform.violations() == "");
    CHECK(platform.npu.payloads_held() == 0);
}

/// False: there is nothing to compare.
bool check(const CompiledNetwork& network, std::size_t segment, const Target& target, Draw& draw) {
    const Expectation expected = expect(network, segment, target, draw);
    if (!expected.fits) return false;
    {
        NpuModule::Settings settings;
        for (AxiProtocol& axi : settings.axi) axi.style = AxiProtocol::Style::annotated;
        Platform<DefaultMemories> platform{network, target, settings};
        run(platform, segment, target, expected);
        Simulation simulation = platform.npu.last_run();
        simulation.events = 0;
        CHECK(simulation == expected.simulation);
    }
    NpuModule::Settings settings;
    if (draw() % 2 == 0) settings.axi[1] = {.largest_payload = 64, .whole = 64};
    if (draw() % 4 == 0) settings.axi[0].style = AxiProtocol::Style::blocking;
    Platform<TestMemories> platform{network, target, settings};
    for (TestTarget* memory : {&platform.memories.target0, &platform.memories.target1}) {
        const double most = draw() % 3 == 0 ? 3000 : 300;
        memory->latency = [&draw, most] {
            return platform_test::ns(most * (draw() % 1024) / 1024.0);
        };
    }
    run(platform, segment, target, expected);
    return true;
}

}  // namespace

TEST_CASE("random networks on platforms leave memory as their commands say") {
    const std::uint64_t count = property::random_graph_count(30);
    std::uint64_t segments = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Target target = property::random_target(seed);
        Draw draw{seed};
        CAPTURE(seed, target.name);
        try {
            const CompiledNetwork network = property::lower(property::random_graph(seed), target);
            for (std::size_t i = 0; i < network.segments.size(); ++i) {
                CAPTURE(i);
                segments += check(network, i, target, draw) ? 1 : 0;
            }
        } catch (const DoesNotFit&) {
        }
    }
    CHECK(segments * 10 >= count * 3);
}
