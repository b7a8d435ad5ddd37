// NpuModule on a platform: its time is what the platform makes of its bursts, bytes move with them,
// and whatever ends a run leaves a defined state.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/zoo.hpp>

#include "behaviour/npu_platform.hpp"

using namespace npu_test;
using platform_test::ns;

namespace {

using OnMemories = Platform<DefaultMemories>;
using OnTargets = Platform<TestMemories>;
using Style = AxiProtocol::Style;

const Target& target() {
    static const Target preset = Target::preset("u65-256");
    return preset;
}
/// Without the cap of the DRAM, whose order of reservation is the one thing that shows when
/// answers come.
const Target& uncapped() {
    static const Target changed = [] {
        Target result = target();
        for (Memory* memory : {&result.sram, &result.off_chip}) {
            memory->bandwidth = BytesPerCycle{0, 1};
            memory->bandwidth_period = Cycles{0};
        }
        return result;
    }();
    return changed;
}

const CompiledNetwork& network() {
    static const CompiledNetwork compiled = compile(zoo("ds_cnn"), target());
    return compiled;
}
Image input(unsigned factor = 37) {
    Image bytes(490);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(factor * i);
    return bytes;
}
Image expected(unsigned factor = 37) {
    return execute(network(), target(), {input(factor)}).outputs.front();
}
constexpr std::size_t outputs = 12;

NpuModule::Settings styled(Style style) {
    NpuModule::Settings settings;
    settings.axi[0].style = settings.axi[1].style = style;
    return settings;
}

/// All that a run measures but how often units were woken.
Simulation without_events(Simulation simulation) {
    simulation.events = 0;
    return simulation;
}

constexpr std::uint32_t done = NpuModule::irq_raised | NpuModule::stream_end;

/// The run is over, its output is right, and no payload is left.
template <class AnyPlatform>
void check_finished(AnyPlatform& platform, const Image& output) {
    CHECK(platform.npu.last_error().empty());
    CHECK(platform.read(NpuModule::status) == done);
    CHECK(platform.irq.read());
    CHECK(platform.output(outputs) == output);
    CHECK(platform.violations() == "");
    CHECK(platform.npu.payloads_held() == 0);
}

double difference(Cycles cycles, Cycles reference) {
    return static_cast<double>(cycles.count()) / static_cast<double>(reference.count()) - 1;
}

}  // namespace

SCENARIO("the hierarchy of a platform shows the NPU's units and the memories") {
    OnMemories platform{network(), target()};
    const auto children = [](const char* parent) {
        std::vector<std::string> names;
        for (const sc_core::sc_object* child :
             sc_core::sc_find_object(parent)->get_child_objects()) {
            if (child->kind() == std::string{"sc_module"}) names.emplace_back(child->basename());
        }
        return names;
    };
    using Names = std::vector<std::string>;
    CHECK(children("npu") == Names{"core"});
    CHECK(children("npu.core") == Names{"command_parser", "ifm_loader", "weight_loader",
                                        "scale_loader", "mac_array", "output_unit", "ofm_writer",
                                        "dma", "axi0", "axi1"});
    for (const char* socket : {"npu.axi0", "npu.axi1", "npu.control", "npu.irq", "sram.socket",
                               "dram.socket", "npu.core.axi0.socket", "npu.core.axi1.socket"}) {
        CAPTURE(socket);
        CHECK(sc_core::sc_find_object(socket) != nullptr);
    }
}

SCENARIO("the default memories give the machine's own times") {
    const Simulation direct =
        without_events(simulate(network(), target(), {.backend = SimulationBackend::direct}));
    GIVEN("bursts that are announced with annotated times") {
        OnMemories platform{network(), target(), styled(Style::annotated)};
        platform.prepare(input());
        platform.run();
        check_finished(platform, expected());
        CHECK(without_events(platform.npu.last_run()) == direct);
    }
    GIVEN("four phases at their times, and no cap") {
        OnMemories platform{network(), uncapped()};
        platform.prepare(input());
        platform.run();
        check_finished(platform, expected());
        CHECK(without_events(platform.npu.last_run()) ==
              without_events(
                  simulate(network(), uncapped(), {.backend = SimulationBackend::direct})));
    }
    GIVEN("four phases at their times, and a cap") {
        OnMemories platform{network(), target()};
        platform.prepare(input());
        platform.run();
        check_finished(platform, expected());
        CHECK(std::abs(difference(platform.npu.last_run().total, direct.total)) < 0.01);
        const Simulation& run = platform.npu.last_run();
        CHECK(run.ports == direct.ports);
        CHECK(platform.checker0.bytes_read() >=
              static_cast<std::uint64_t>(run.ports[0].read_bytes().count()));
        CHECK(platform.checker1.bytes_read() >=
              static_cast<std::uint64_t>(run.ports[1].read_bytes().count()));
    }
}

SCENARIO("a memory that is twice as slow moves results as simulate() says") {
    Target slow = uncapped();
    for (Memory* memory : {&slow.sram, &slow.off_chip}) {
        memory->read_latency = Cycles{2 * memory->read_latency.count()};
        memory->write_latency = Cycles{2 * memory->write_latency.count()};
    }
    const Cycles direct = simulate(network(), slow, {.backend = SimulationBackend::direct}).total;
    GIVEN("an NPU that knows") {
        OnMemories platform{network(), slow};
        platform.prepare(input());
        platform.run();
        check_finished(platform, expected());
        CHECK(platform.npu.last_run().total == direct);
    }
    GIVEN("an NPU that plans with the faster one") {
        OnMemories platform{network(), uncapped(), {}, slow};
        platform.prepare(input());
        platform.run();
        check_finished(platform, expected());
        CHECK(std::abs(difference(platform.npu.last_run().total, direct)) < 0.03);
    }
}

SCENARIO("answers at any time change when, not what") {
    std::uint32_t state = 1;
    const auto draw = [&state](double most) {
        state = state * 1664525U + 1013904223U;
        return ns(static_cast<double>(state >> 8) / (1U << 24U) * most);
    };
    for (int seed = 0; seed < 8; ++seed) {
        OnTargets platform{network(), target()};
        for (TestTarget* memory : {&platform.memories.target0, &platform.memories.target1}) {
            memory->latency = [&] { return draw(seed < 6 ? 700 : 20'000); };
            memory->accept = [&] { return draw(seed % 2 == 0 ? 5 : 40); };
        }
        platform.prepare(input());
        platform.run();
        CAPTURE(seed);
        check_finished(platform, expected());
        CHECK(platform.memories.target1.most_in_flight > 1);
        CHECK(platform.memories.target1.most_in_flight <=
              target().off_chip.max_outstanding_reads + target().off_chip.max_outstanding_writes);
    }
}

SCENARIO("a target that only blocks is called by b_transport") {
    for (const bool waits : {false, true}) {
        OnTargets platform{network(), target(), styled(Style::blocking)};
        for (TestTarget* memory : {&platform.memories.target0, &platform.memories.target1}) {
            memory->blocking_only = true;
            memory->waits = waits;
        }
        platform.prepare(input());
        platform.run();
        CAPTURE(waits);
        check_finished(platform, expected());
        if (waits) CHECK(platform.memories.target1.most_in_flight > 1);
    }
}

SCENARIO("requests are what a target wants of them") {
    NpuModule::Settings settings;
    settings.axi[1] = {.largest_payload = 64, .boundary = 256, .whole = 32, .in_flight = 3};
    settings.axi[0] = {.boundary = 64, .whole = 64};
    for (const bool byte_enables : {true, false}) {
        settings.axi[0].byte_enables = settings.axi[1].byte_enables = byte_enables;
        OnTargets platform{network(), target(), settings};
        std::int64_t wrong = 0, partial = 0;
        platform.memories.target1.look = [&](const tlm::tlm_generic_payload& payload) {
            const std::uint64_t first = payload.get_address();
            const unsigned length = payload.get_data_length();
            wrong += first % 32 != 0 || length % 32 != 0 || length > 64 ||
                     first / 256 != (first + length - 1) / 256;
            partial += payload.get_byte_enable_ptr() != nullptr;
        };
        platform.memories.target0.look = [&](const tlm::tlm_generic_payload& payload) {
            wrong += payload.get_address() % 64 != 0 || payload.get_data_length() != 64;
            partial += payload.get_byte_enable_ptr() != nullptr;
        };
        platform.prepare(input());
        platform.run();
        CAPTURE(byte_enables);
        check_finished(platform, expected());
        CHECK(wrong == 0);
        CHECK((partial > 0) == byte_enables);
        // Three bursts of two payloads in each direction.
        CHECK(platform.memories.target1.most_in_flight <= 2 * 3 * 4);
    }
    settings.axi[0].whole = 48;
    CHECK_THROWS_AS(OnTargets(network(), target(), settings), InvalidConfig);
    settings.axi[0] = {.largest_payload = 32, .whole = 64};
    CHECK_THROWS_AS(OnTargets(network(), target(), settings), InvalidConfig);
}

SCENARIO("bytes move with their bursts") {
    GIVEN("input that changes when the run has begun, before it is read") {
        OnTargets platform{network(), target()};
        platform.prepare(input(11));
        bool changed = false;
        const std::uint64_t place = platform.place(network().graph.inputs.front());
        platform.memories.target1.look = [&](const tlm::tlm_generic_payload& payload) {
            if (changed || payload.get_address() + payload.get_data_length() <= place ||
                payload.get_address() >= place + 490) {
                return;
            }
            changed = payload.is_read();
            CHECK(changed);
            platform.place_input(input());
        };
        platform.run();
        CHECK(changed);
        check_finished(platform, expected());
    }
    GIVEN("a look at the output while the run goes on") {
        OnTargets platform{network(), target()};
        platform.prepare(input());
        platform.run();
        const sc_core::sc_time whole = sc_core::sc_time_stamp();
        OnTargets again{network(), target()};
        again.prepare(input());
        const Image before = again.output(outputs);
        again.run_for(0.9 * platform_test::in_ns(whole));
        CHECK(again.read(NpuModule::status) == NpuModule::running);
        CHECK(again.output(outputs) == before);
        CHECK(again.memories.target0.requests + again.memories.target1.requests > 1000);
        sc_core::sc_start();
        check_finished(again, expected());
    }
    GIVEN("memories without transport_dbg") {
        OnTargets platform{network(), target()};
        platform.memories.target0.debug = platform.memories.target1.debug = false;
        platform.prepare(input());
        platform.run();
        check_finished(platform, expected());
    }
}

SCENARIO("what ends a run early leaves a defined state") {
    OnTargets platform{network(), target()};
    platform.prepare(input());
    WHEN("the bus refuses a burst") {
        platform.memories.target1.fails_at = 500;
        platform.run();
        THEN("STATUS says so, and the next run is whole") {
            CHECK(platform.read(NpuModule::status) ==
                  (NpuModule::irq_raised | NpuModule::bus_abort | NpuModule::fault_on_axi1));
            CHECK(platform.npu.last_error().find("AXI1: ") == 0);
            platform.write(NpuModule::cmd, NpuModule::clear_irq);
            platform.place_input(input());
            platform.run();
            check_finished(platform, expected());
        }
    }
    WHEN("the driver stops it") {
        platform.run_for(20'000);
        platform.write(NpuModule::cmd, NpuModule::stop);
        sc_core::sc_start();
        THEN("it has not finished, and the next run is whole") {
            CHECK(platform.read(NpuModule::status) == 0);
            CHECK(!platform.irq.read());
            platform.place_input(input());
            platform.run();
            check_finished(platform, expected());
        }
    }
    WHEN("the driver resets it") {
        platform.run_for(20'000);
        const std::size_t under_way = platform.npu.payloads_held();
        platform.write(NpuModule::reset, 0);
        THEN("registers are clear, and it is ready when its bursts have been answered") {
            CHECK(platform.read(NpuModule::qsize) == 0);
            CHECK(under_way > 0);
            CHECK(platform.read(NpuModule::status) == NpuModule::reset_ongoing);
            sc_core::sc_start();
            CHECK(platform.read(NpuModule::status) == 0);
            platform.set_registers();
            platform.place_input(input());
            platform.run();
            check_finished(platform, expected());
        }
    }
    WHEN("a run is started while bursts of the one that failed are under way") {
        platform.memories.target1.fails_at = 500;
        platform.memories.target1.latency = [] { return ns(5000); };
        platform.write(NpuModule::cmd, NpuModule::start);
        while (platform.read(NpuModule::status) == NpuModule::running) sc_core::sc_start(ns(10));
        CHECK(platform.npu.payloads_held() > 0);
        platform.place_input(input());
        platform.run();
        THEN("it begins when they have been answered") { check_finished(platform, expected()); }
    }
    WHEN("the stream is broken") {
        const std::uint32_t word = 0xFFFF'FFFF;
        platform.memories.write(queue + 16, &word, 4);
        platform.run();
        THEN("it is a parse error") {
            CHECK(platform.read(NpuModule::status) ==
                  (NpuModule::irq_raised | NpuModule::parse_error));
            CHECK(!platform.npu.last_error().empty());
        }
    }
}

SCENARIO("the performance monitor counts") {
    OnMemories platform{network(), target(), styled(Style::annotated)};
    platform.prepare(input());
    platform.write(NpuModule::pmccntr_cfg, 0x20U << 16 | 0x23U);  // NPU_ACTIVE to NPU_IDLE
    platform.write(NpuModule::pmevtyper + 0, 0x82);               // AXI0_RD_DATA_BEAT_RECEIVED
    platform.write(NpuModule::pmevtyper + 4, 0x182);              // AXI1_RD_DATA_BEAT_RECEIVED
    platform.write(NpuModule::pmevtyper + 8, 0x30);               // MAC_ACTIVE
    platform.write(NpuModule::pmevtyper + 12, 0x20);              // NPU_IDLE
    platform.write(NpuModule::pmcntenset, 0x8000'0007);
    platform.write(NpuModule::pmcr, 1);
    platform.run_for(20'000);
    const std::uint32_t half = platform.read(NpuModule::pmccntr);
    CHECK(half >= 19'990);
    CHECK(half <= 20'000);
    sc_core::sc_start();
    const Simulation& run = platform.npu.last_run();
    const auto counter = [&](unsigned number) {
        return platform.read(NpuModule::pmevcntr + 4 * number);
    };
    CHECK(platform.read(NpuModule::pmccntr) == run.total.count());
    CHECK(counter(0) == run.ports[0].read_beats());
    CHECK(counter(1) == run.ports[1].read_beats());
    const auto mac_active = std::find_if(run.pmu.begin(), run.pmu.end(), [](const auto& event) {
        return event.first == "MAC_ACTIVE";
    });
    CHECK(counter(2) == mac_active->second);
    CHECK(counter(3) == 0);  // not enabled
    CHECK(platform.read(NpuModule::pmcr) == (1 | 4U << 11));
    platform.write(NpuModule::pmcr, 0b110);
    CHECK(platform.read(NpuModule::pmccntr) == 0);
    CHECK(counter(0) == 0);
    platform.write(NpuModule::pmevcntr, 0xFFFF'FFF0);
    platform.write(NpuModule::pmcr, 1);
    platform.run();
    CHECK((platform.read(NpuModule::pmovsset) & 1U) == 1);
    CHECK(counter(0) == run.ports[0].read_beats() - 16);
}

SCENARIO("loosely timed, a run takes the cycles of simulate() wherever its memory is") {
    NpuModule::Settings settings;
    settings.loosely_timed = true;
    OnTargets platform{network(), target(), settings};
    platform.prepare(input());
    platform.run();
    check_finished(platform, expected());
    CHECK(without_events(platform.npu.last_run()) ==
          without_events(simulate(network(), target(), {.backend = SimulationBackend::direct})));
}
